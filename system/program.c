/* SPDX-License-Identifier: MIT */
#include "system/program.h"

#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "guestcore/error.h"

#include "base/error.h"
#include "system/chardev.h"
#include "system/main_loop.h"
#include "system/monitor/qmp.h"
#include "system/process.h"
#include "system/qtest/qtest.h"
#include "system/serial_line.h"
#include "system/vm.h"

/* Freed from the bottom to the top: peers before what they work on. */
typedef struct Program {
    const GcConfig *config;
    bool ended;
    GcPidfile *pidfile;
    int ready_fd; /* -1 unless a parent waits */
    GcVm *vm;
    GcQmp *qmp;
    GcQtest *qtest;
    GPtrArray *serials;         /* of GcSerialLine */
    GPtrArray *chardevs;        /* of GcChardev */
    GcChardev *qtest_chardev;   /* owned by @chardevs */
    GPtrArray *qmp_chardevs;    /* of GcChardev, owned by @chardevs */
    GPtrArray *serial_chardevs; /* the same, or NULL, for each -serial */
    guint signals[3];
} Program;

static void free_chardev(gpointer data)
{
    gc_chardev_free(data);
}

static void free_serial(gpointer data)
{
    gc_serial_line_free(data);
}

static void init_program(Program *program, const GcConfig *config)
{
    *program = (Program){.config = config, .ready_fd = -1};
    program->serials = g_ptr_array_new_with_free_func(free_serial);
    program->chardevs = g_ptr_array_new_with_free_func(free_chardev);
    program->qmp_chardevs = g_ptr_array_new();
    program->serial_chardevs = g_ptr_array_new();
}

static void clear_program(Program *program)
{
    for (size_t i = 0; i < G_N_ELEMENTS(program->signals); i++) {
        g_clear_handle_id(&program->signals[i], g_source_remove);
    }
    gc_qtest_free(program->qtest);
    gc_qmp_free(program->qmp);
    g_ptr_array_unref(program->serials);
    g_ptr_array_unref(program->serial_chardevs);
    g_ptr_array_unref(program->qmp_chardevs);
    g_ptr_array_unref(program->chardevs);
    gc_vm_free(program->vm);
    gc_pidfile_free(program->pidfile);
}

/* Character devices */

static GcChardev *find_chardev(const Program *program, const char *id,
                               GError **error)
{
    for (guint i = 0; i < program->chardevs->len; i++) {
        GcChardev *chardev = program->chardevs->pdata[i];

        if (strcmp(gc_chardev_get_id(chardev), id) == 0) {
            return chardev;
        }
    }
    g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                "there is no character device '%s'", id);
    return NULL;
}

static bool is_stdio(const GcChardev *chardev)
{
    return strcmp(gc_chardev_get_class(chardev)->name, "stdio") == 0;
}

/* Keeps @chardev unless it is in the way of one that there is. */
static bool take_chardev(Program *program, GcChardev *chardev, GError **error)
{
    const char *id = gc_chardev_get_id(chardev);
    bool taken = find_chardev(program, id, NULL) != NULL;
    bool stdio_taken = program->config->daemonize;

    for (guint i = 0; i < program->chardevs->len; i++) {
        stdio_taken |= is_stdio(program->chardevs->pdata[i]);
    }
    if (taken) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "there are two character devices '%s'", id);
    } else if (is_stdio(chardev) && stdio_taken) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID, "%s",
                    program->config->daemonize
                        ? "-daemonize leaves no stdio to use"
                        : "cannot use stdio by multiple character devices");
    } else {
        g_ptr_array_add(program->chardevs, chardev);
        return true;
    }
    gc_chardev_free(chardev);
    return false;
}

/* The device that @text names or describes in short. */
static GcChardev *get_chardev(Program *program, const char *text,
                              const char *id, GError **error)
{
    GcChardev *chardev;

    if (g_str_has_prefix(text, "chardev:")) {
        return find_chardev(program, text + strlen("chardev:"), error);
    }
    chardev = gc_chardev_new_from_short(text, id, error);
    if (chardev == NULL || !take_chardev(program, chardev, error)) {
        return NULL;
    }
    return chardev;
}

static bool open_chardevs(Program *program, GError **error)
{
    const GPtrArray *list = program->config->chardevs;

    for (guint i = 0; i < list->len; i++) {
        GcChardev *chardev = gc_chardev_new(list->pdata[i], error);

        if (chardev == NULL || !take_chardev(program, chardev, error)) {
            g_prefix_error(error,
                           "-chardev %s: ", gc_keyval_get_text(list->pdata[i]));
            return false;
        }
    }
    return true;
}

static bool open_qtest(Program *program, GError **error)
{
    const char *text = program->config->qtest;

    if (text == NULL) {
        return true;
    }
    program->qtest_chardev = get_chardev(program, text, "qtest", error);
    if (program->qtest_chardev == NULL) {
        g_prefix_error(error, "-qtest %s: ", text);
    }
    return program->qtest_chardev != NULL;
}

static bool open_monitors(Program *program, GError **error)
{
    const GPtrArray *monitors = program->config->monitors;
    const GPtrArray *list = program->config->qmp;

    for (guint i = 0; i < monitors->len; i++) {
        GcChardev *chardev = find_chardev(program, monitors->pdata[i], error);

        if (chardev == NULL) {
            g_prefix_error(error, "-mon: ");
            return false;
        }
        g_ptr_array_add(program->qmp_chardevs, chardev);
    }
    for (guint i = 0; i < list->len; i++) {
        g_autofree char *id = g_strdup_printf("compat_monitor%u", i);
        GcChardev *chardev = get_chardev(program, list->pdata[i], id, error);

        if (chardev == NULL) {
            g_prefix_error(error, "-qmp %s: ", (char *)list->pdata[i]);
            return false;
        }
        g_ptr_array_add(program->qmp_chardevs, chardev);
    }
    return true;
}

static bool open_serials(Program *program, GError **error)
{
    const GPtrArray *list = program->config->serials;

    for (guint i = 0; i < list->len; i++) {
        const char *text = list->pdata[i];
        g_autofree char *id = g_strdup_printf("serial%u", i);
        GcChardev *chardev = NULL;

        if (strcmp(text, "none") != 0) {
            chardev = get_chardev(program, text, id, error);
            if (chardev == NULL) {
                g_prefix_error(error, "-serial %s: ", text);
                return false;
            }
        }
        g_ptr_array_add(program->serial_chardevs, chardev);
    }
    return true;
}

/* The end */

static gboolean on_signal(gpointer opaque)
{
    Program *program = opaque;

    gc_vm_shutdown(program->vm, GC_VM_CAUSE_HOST_SIGNAL);
    return G_SOURCE_CONTINUE;
}

static void on_vm_ended(void *opaque)
{
    Program *program = opaque;

    program->ended = true;
}

static void on_vm_failed(void *opaque G_GNUC_UNUSED, const char *why)
{
    g_printerr("%s: %s\n", g_get_prgname(), why);
}

/* Nobody can say anything any more. */
static void on_qtest_left(void *opaque)
{
    Program *program = opaque;

    if (is_stdio(program->qtest_chardev) && program->qmp_chardevs->len == 0) {
        gc_vm_shutdown(program->vm, GC_VM_CAUSE_HOST_UI);
    }
}

static void watch_signals(Program *program)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};

    G_STATIC_ASSERT(G_N_ELEMENTS(numbers) == G_N_ELEMENTS(program->signals));
    /* What cannot be written is an error, and not the end. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        program->signals[i] = g_unix_signal_add(numbers[i], on_signal, program);
    }
}

/* The beginning */

/* Peers are there before the VM, so that one who drives us can wait for
 * them; they are listened to once it is there. */
static bool open_peers(Program *program, GError **error)
{
    return open_chardevs(program, error) && open_qtest(program, error) &&
           open_monitors(program, error) && open_serials(program, error);
}

static bool attach_serials(Program *program, GError **error)
{
    GcMachine *machine = gc_vm_get_machine(program->vm);

    for (guint i = 0; i < program->serial_chardevs->len; i++) {
        GcChardev *chardev = program->serial_chardevs->pdata[i];
        GcSerialLine *line =
            gc_serial_line_new(gc_machine_get_serial(machine, i));

        g_ptr_array_add(program->serials, line);
        if (chardev != NULL &&
            !gc_chardev_attach(chardev, gc_serial_line_accept, line, error)) {
            g_prefix_error(error, "-serial %s: ",
                           (char *)program->config->serials->pdata[i]);
            return false;
        }
    }
    return true;
}

static bool attach_peers(Program *program, GError **error)
{
    const char *log = program->config->qtest_log;

    for (guint i = 0; i < program->qmp_chardevs->len; i++) {
        if (!gc_chardev_attach(program->qmp_chardevs->pdata[i], gc_qmp_accept,
                               program->qmp, error)) {
            return false;
        }
    }
    if (!attach_serials(program, error)) {
        return false;
    }
    if (program->qtest_chardev == NULL) {
        return true;
    }
    program->qtest = gc_qtest_new(program->vm, log, error);
    if (program->qtest == NULL) {
        g_prefix_error(error, "-qtest-log: ");
        return false;
    }
    gc_qtest_set_left(program->qtest, on_qtest_left, program);
    return gc_chardev_attach(program->qtest_chardev, gc_qtest_accept,
                             program->qtest, error);
}

static bool write_fdt(Program *program, GError **error)
{
    const char *path = program->config->dumpdtb;
    GcMachine *machine = gc_vm_get_machine(program->vm);
    g_autoptr(GBytes) fdt = gc_machine_dup_fdt(machine, error);
    g_autoptr(GError) cause = NULL;

    if (fdt == NULL) {
        return false;
    }
    if (!g_file_set_contents(path, g_bytes_get_data(fdt, NULL),
                             (gssize)g_bytes_get_size(fdt), &cause)) {
        g_set_error(error, GC_ERROR, GC_ERROR_IO, "%s", cause->message);
        return false;
    }
    return true;
}

static bool prepare_process(Program *program, GError **error)
{
    const GcConfig *config = program->config;

    if (config->exit_with_parent && !gc_exit_with_parent(error)) {
        return false;
    }
    if (config->daemonize && !gc_daemon_fork(&program->ready_fd, error)) {
        return false;
    }
    if (config->pidfile != NULL) {
        program->pidfile = gc_pidfile_new(config->pidfile, error);
        return program->pidfile != NULL;
    }
    return true;
}

static bool run(Program *program, GError **error)
{
    if (!open_peers(program, error)) {
        return false;
    }
    program->vm = gc_vm_new(program->config, error);
    if (program->vm == NULL) {
        return false;
    }
    if (program->config->dumpdtb != NULL) {
        return write_fdt(program, error);
    }
    program->qmp = gc_qmp_new(program->vm);
    gc_vm_set_ended(program->vm, on_vm_ended, program);
    gc_vm_set_failed(program->vm, on_vm_failed, program);
    watch_signals(program);
    if (!attach_peers(program, error)) {
        return false;
    }
    if (program->ready_fd >= 0 && !gc_daemon_ready(program->ready_fd, error)) {
        return false;
    }
    if (!program->config->paused) {
        gc_vm_start(program->vm);
    }
    while (!program->ended) {
        gc_main_loop_iterate(program->vm);
    }
    return true;
}

bool gc_program_run(const GcConfig *config, GError **error)
{
    Program program;
    bool ok;

    init_program(&program, config);
    ok = prepare_process(&program, error) && run(&program, error);
    clear_program(&program);
    return ok;
}
