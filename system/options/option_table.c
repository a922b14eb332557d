/* SPDX-License-Identifier: MIT */
/* The options themselves.  Adding one is a function and a row. */
#include <string.h>

#include "guestcore/error.h"

#include "system/chardev.h"
#include "system/options/option_apply.h"
#include "system/options/options.h"

/* -h and --version */

static bool apply_help(GcConfig *config, const char *value G_GNUC_UNUSED,
                       GError **error G_GNUC_UNUSED)
{
    config->message = gc_options_dup_help();
    return true;
}

static bool apply_version(GcConfig *config, const char *value G_GNUC_UNUSED,
                          GError **error G_GNUC_UNUSED)
{
    config->message =
        g_strdup_printf("%s (guestcore) %s\n", g_get_prgname(), GC_VERSION);
    return true;
}

/* Peers */

static char *dup_chardev_list(void)
{
    GString *list = g_string_new("Available chardev backend types:\n");

    for (size_t i = 0; gc_chardev_classes[i] != NULL; i++) {
        g_string_append_printf(list, "  %s\n", gc_chardev_classes[i]->help);
    }
    return g_string_free(list, FALSE);
}

static bool apply_qtest(GcConfig *config, const char *value,
                        GError **error G_GNUC_UNUSED)
{
    gc_option_replace(&config->qtest, value);
    return true;
}

static bool apply_qtest_log(GcConfig *config, const char *value,
                            GError **error G_GNUC_UNUSED)
{
    gc_option_replace(&config->qtest_log, value);
    return true;
}

static bool apply_qmp(GcConfig *config, const char *value,
                      GError **error G_GNUC_UNUSED)
{
    g_ptr_array_add(config->qmp, g_strdup(value));
    return true;
}

static bool apply_chardev(GcConfig *config, const char *value, GError **error)
{
    g_autoptr(GcKeyval) keyval = gc_keyval_new(value, "backend", error);

    if (gc_option_is_help(value)) {
        config->message = dup_chardev_list();
    } else if (keyval != NULL) {
        g_ptr_array_add(config->chardevs, g_steal_pointer(&keyval));
    } else {
        return false;
    }
    return true;
}

static bool apply_mon(GcConfig *config, const char *value, GError **error)
{
    g_autoptr(GcKeyval) keyval = gc_keyval_new(value, "chardev", error);
    const char *chardev =
        keyval != NULL ? gc_keyval_need(keyval, "chardev", error) : NULL;
    const char *mode =
        chardev != NULL ? gc_keyval_need(keyval, "mode", error) : NULL;

    if (mode == NULL) {
        return false;
    }
    if (strcmp(mode, "control") != 0) {
        return gc_option_refuse(mode, "a mode; there is mode=control", error);
    }
    g_ptr_array_add(config->monitors, g_strdup(chardev));
    return gc_keyval_finish(keyval, error);
}

static bool apply_serial(GcConfig *config, const char *value,
                         GError **error G_GNUC_UNUSED)
{
    g_ptr_array_add(config->serials, g_strdup(value));
    return true;
}

static bool apply_none(GcConfig *config G_GNUC_UNUSED, const char *value,
                       GError **error)
{
    return strcmp(value, "none") == 0 || gc_option_refuse(value, "none", error);
}

static bool apply_nographic(GcConfig *config, const char *value G_GNUC_UNUSED,
                            GError **error G_GNUC_UNUSED)
{
    config->nographic = true;
    return true;
}

/* There is nothing that comes without being asked for. */
static bool apply_nodefaults(GcConfig *config G_GNUC_UNUSED,
                             const char *value G_GNUC_UNUSED,
                             GError **error G_GNUC_UNUSED)
{
    return true;
}

/* The process */

static bool apply_name(GcConfig *config, const char *value, GError **error)
{
    g_autoptr(GcKeyval) keyval = gc_keyval_new(value, "guest", error);
    const char *guest =
        keyval != NULL ? gc_keyval_need(keyval, "guest", error) : NULL;

    if (guest == NULL) {
        return false;
    }
    gc_option_replace(&config->name, guest);
    return gc_keyval_finish(keyval, error);
}

static bool apply_paused(GcConfig *config, const char *value G_GNUC_UNUSED,
                         GError **error G_GNUC_UNUSED)
{
    config->paused = true;
    return true;
}

static bool apply_no_reboot(GcConfig *config, const char *value G_GNUC_UNUSED,
                            GError **error G_GNUC_UNUSED)
{
    config->actions.reboot = GC_REBOOT_SHUTDOWN;
    return true;
}

static bool apply_no_shutdown(GcConfig *config, const char *value G_GNUC_UNUSED,
                              GError **error G_GNUC_UNUSED)
{
    config->actions.shutdown = GC_SHUTDOWN_PAUSE;
    return true;
}

static bool apply_pidfile(GcConfig *config, const char *value,
                          GError **error G_GNUC_UNUSED)
{
    gc_option_replace(&config->pidfile, value);
    return true;
}

static bool apply_daemonize(GcConfig *config, const char *value G_GNUC_UNUSED,
                            GError **error G_GNUC_UNUSED)
{
    config->daemonize = true;
    return true;
}

static bool apply_run_with(GcConfig *config, const char *value, GError **error)
{
    g_autoptr(GcKeyval) keyval = gc_keyval_new(value, NULL, error);

    return keyval != NULL &&
           gc_keyval_get_bool(keyval, "exit-with-parent",
                              &config->exit_with_parent, error) &&
           gc_keyval_finish(keyval, error);
}

/* clang-format off */
const GcOption gc_options[] = {
    {"h", NULL, "show this help and exit", apply_help},
    {"help", NULL, "show this help and exit", apply_help},
    {"version", NULL, "show the version and exit", apply_version},
    {"machine", "[type=]NAME[,PROP=VALUE…]",
     "the machine (help: list them)\n"
     "accel=NAME: as -accel\n"
     "memory-backend=ID: take the -object as RAM\n"
     "dumpdtb=FILE: write the device tree to FILE and exit", gc_option_apply_machine},
    {"M", "[type=]NAME[,PROP=VALUE…]", "as -machine", gc_option_apply_machine},
    {"accel", "NAME", "what runs the guest (help: list them)", gc_option_apply_accel},
    {"m", "[size=]SIZE", "RAM, in MiB or with a suffix b, k, M, G, T",
     gc_option_apply_memory},
    {"smp", "[cpus=]N[,maxcpus=N][,sockets=N][,cores=N][,threads=N]",
     "number of CPUs, and how they are laid out", gc_option_apply_smp},
    {"uuid", "UUID", "the machine's UUID", gc_option_apply_uuid},
    {"boot", "[menu=on|off][,splash-time=MS][,reboot-timeout=MS]",
     "what the firmware is told about booting", gc_option_apply_boot},
    {"device", "[driver=]NAME", "add a device (help: list them)", gc_option_apply_device},
    {"global", "DRIVER.PROPERTY=VALUE",
     "fw_cfg.dma_enabled=on|off, fw_cfg.x-file-slots=N", gc_option_apply_global},
    {"fw_cfg", "[name=]NAME,file=FILE|string=TEXT",
     "add a fw_cfg file", gc_option_apply_fw_cfg},
    {"object", "memory-backend-ram|memory-backend-memfd|memory-backend-file,id=ID,"
     "size=SIZE[,mem-path=PATH][,share=on|off]",
     "memory that -machine memory-backend=ID takes as RAM", gc_option_apply_object},
    {"kernel", "FILE", "a kernel for the guest", gc_option_apply_kernel},
    {"initrd", "FILE", "its initial RAM disk", gc_option_apply_initrd},
    {"append", "TEXT", "its command line", gc_option_apply_append},
    {"qtest", "CHARDEV", "a test client: stdio or unix:PATH[,server=on]",
     apply_qtest},
    {"qtest-log", "FILE", "write what it says to FILE (none: do not)",
     apply_qtest_log},
    {"qmp", "CHARDEV", "a monitor: stdio, chardev:ID or unix:PATH[,server=on]",
     apply_qmp},
    {"chardev", "BACKEND,id=ID[,PROP=VALUE…]",
     "a character device (help: list the backends)", apply_chardev},
    {"mon", "[chardev=]ID,mode=control", "a monitor on a character device",
     apply_mon},
    {"serial", "CHARDEV",
     "a serial port: none, null, stdio, file:PATH, pipe:PATH, chardev:ID or unix:PATH",
     apply_serial},
    {"display", "none", "there is no display", apply_none},
    {"audio", "none", "there is no sound", apply_none},
    {"nographic", NULL, "tell the firmware that there is no display",
     apply_nographic},
    {"nodefaults", NULL, "no devices that were not asked for, as always",
     apply_nodefaults},
    {"name", "[guest=]NAME", "the name of the guest", apply_name},
    {"S", NULL, "do not start the guest", apply_paused},
    {"no-reboot", NULL, "exit instead of resetting", apply_no_reboot},
    {"no-shutdown", NULL, "stand still instead of exiting when the guest shuts down",
     apply_no_shutdown},
    {"action", "[panic=ACTION][,reboot=reset|shutdown][,shutdown=poweroff|pause]",
     "what follows when the guest panics (shutdown, pause, none, reset, dump),\n"
     "reboots or shuts down", gc_option_apply_action},
    {"dump-on-panic", "[file=]FILE[,format=FORMAT][,level=N][,then=pause|shutdown|reset]",
     "dump the guest when it panics; FILE.1 and so on if there is FILE", gc_option_apply_dump_on_panic},
    {"pidfile", "FILE", "write the process id to FILE", apply_pidfile},
    {"daemonize", NULL, "go to the background once everything is ready",
     apply_daemonize},
    {"run-with", "exit-with-parent=on|off", "end when the parent process ends",
     apply_run_with},
    {NULL, NULL, NULL, NULL},
};
/* clang-format on */
