/* SPDX-License-Identifier: MIT */
/* The options that say what the machine is. */
#include <string.h>

#include "guestcore/error.h"

#include "hw/machine/machine.h"
#include "system/accel.h"
#include "system/options/option_apply.h"

void gc_option_replace(char **at, const char *value)
{
    g_free(*at);
    *at = g_strdup(value);
}

bool gc_option_refuse(const char *value, const char *what, GError **error)
{
    g_set_error(error, GC_ERROR, GC_ERROR_INVALID, "'%s' is not %s", value,
                what);
    return false;
}

bool gc_option_is_help(const char *value)
{
    return strcmp(value, "help") == 0 || strcmp(value, "?") == 0;
}

static char *dup_machine_list(const char *target)
{
    GString *list = g_string_new("Supported machines are:\n");

    for (size_t i = 0; gc_machine_types[i] != NULL; i++) {
        const GcMachineType *type = gc_machine_types[i];

        if (gc_machine_type_has_target(type, target)) {
            g_string_append_printf(list, "%-20s %s\n", type->name,
                                   type->description);
        }
    }
    return g_string_free(list, FALSE);
}

static char *dup_accel_list(void)
{
    GString *list = g_string_new("Accelerators built in:\n");

    for (size_t i = 0; gc_accel_classes[i] != NULL; i++) {
        g_string_append_printf(list, "%s\n", gc_accel_classes[i]->name);
    }
    return g_string_free(list, FALSE);
}

static char *dup_device_list(void)
{
    GString *list = g_string_new("Misc devices:\n");

    for (size_t i = 0; gc_device_types[i] != NULL; i++) {
        g_string_append_printf(list, "name \"%s\", desc \"%s\"\n",
                               gc_device_types[i]->name,
                               gc_device_types[i]->description);
    }
    return g_string_free(list, FALSE);
}

static void add_accels(GcConfig *config, const char *names)
{
    g_auto(GStrv) list = g_strsplit(names, ":", -1);

    for (size_t i = 0; list[i] != NULL; i++) {
        g_ptr_array_add(config->accels, g_strdup(list[i]));
    }
}

bool gc_option_apply_machine(GcConfig *config, const char *value,
                             GError **error)
{
    g_autoptr(GcKeyval) keyval = gc_keyval_new(value, "type", error);
    static const char *const keys[] = {"type", "memory-backend", "dumpdtb"};
    char **const places[] = {&config->machine, &config->memory_backend,
                             &config->dumpdtb};
    const char *accel;

    if (keyval == NULL) {
        return false;
    }
    if (gc_option_is_help(value)) {
        config->message = dup_machine_list(config->target);
        return true;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        const char *given = gc_keyval_get(keyval, keys[i]);

        if (given != NULL) {
            gc_option_replace(places[i], given);
        }
    }
    accel = gc_keyval_get(keyval, "accel");
    if (accel != NULL) {
        add_accels(config, accel);
    }
    return gc_keyval_finish(keyval, error);
}

bool gc_option_apply_accel(GcConfig *config, const char *value,
                           GError **error G_GNUC_UNUSED)
{
    if (gc_option_is_help(value)) {
        config->message = dup_accel_list();
    } else {
        g_ptr_array_add(config->accels, g_strdup(value));
    }
    return true;
}

bool gc_option_apply_memory(GcConfig *config, const char *value, GError **error)
{
    g_autoptr(GcKeyval) keyval = gc_keyval_new(value, "size", error);

    return keyval != NULL &&
           gc_keyval_get_size(keyval, "size", 'M', &config->ram_size, error) &&
           gc_keyval_finish(keyval, error);
}

static bool read_smp(GcKeyval *keyval, GcConfigSmp *smp, GError **error)
{
    const uint64_t max = UINT16_MAX;

    return gc_keyval_get_number(keyval, "cpus", 1, max, &smp->cpus, error) &&
           gc_keyval_get_number(keyval, "maxcpus", 1, max, &smp->max_cpus,
                                error) &&
           gc_keyval_get_number(keyval, "sockets", 1, max, &smp->sockets,
                                error) &&
           gc_keyval_get_number(keyval, "cores", 1, max, &smp->cores, error) &&
           gc_keyval_get_number(keyval, "threads", 1, max, &smp->threads,
                                error) &&
           gc_keyval_finish(keyval, error);
}

/* Numbers that were not given follow from the others, cores before sockets,
 * as QEMU has it. */
static void complete_smp(GcConfigSmp *smp)
{
    uint64_t all = MAX(smp->max_cpus, smp->cpus);

    smp->threads = MAX(smp->threads, 1);
    if (smp->cores == 0 && smp->sockets != 0) {
        smp->cores = MAX(all / (smp->sockets * smp->threads), 1);
    } else if (smp->cores == 0) {
        smp->cores = MAX(all / smp->threads, 1);
    }
    if (smp->sockets == 0) {
        smp->sockets = MAX(all / (smp->cores * smp->threads), 1);
    }
    if (smp->max_cpus == 0) {
        smp->max_cpus =
            all > 0 ? all : smp->sockets * smp->cores * smp->threads;
    }
    if (smp->cpus == 0) {
        smp->cpus = smp->max_cpus;
    }
}

bool gc_option_apply_smp(GcConfig *config, const char *value, GError **error)
{
    g_autoptr(GcKeyval) keyval = gc_keyval_new(value, "cpus", error);
    GcConfigSmp smp = {0};

    if (keyval == NULL || !read_smp(keyval, &smp, error)) {
        return false;
    }
    complete_smp(&smp);
    if (smp.sockets * smp.cores * smp.threads != smp.max_cpus ||
        smp.cpus > smp.max_cpus) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "%" G_GUINT64_FORMAT " sockets * %" G_GUINT64_FORMAT
                    " cores * %" G_GUINT64_FORMAT
                    " threads do not make maxcpus=%" G_GUINT64_FORMAT
                    ", cpus=%" G_GUINT64_FORMAT,
                    smp.sockets, smp.cores, smp.threads, smp.max_cpus,
                    smp.cpus);
        return false;
    }
    config->smp = smp;
    return true;
}

bool gc_option_apply_uuid(GcConfig *config, const char *value, GError **error)
{
    uint8_t *byte = config->uuid;

    if (!g_uuid_string_is_valid(value)) {
        return gc_option_refuse(value, "a UUID", error);
    }
    for (const char *at = value; *at != '\0'; at++) {
        if (*at != '-') {
            *byte++ = (uint8_t)(g_ascii_xdigit_value(at[0]) << 4 |
                                g_ascii_xdigit_value(at[1]));
            at++;
        }
    }
    return true;
}

/* A time of -boot, in ms; -1 stays if it is not given. */
static bool read_time(GcKeyval *keyval, const char *key, int32_t *ret_time,
                      GError **error)
{
    uint64_t time = UINT64_MAX;

    if (!gc_keyval_get_number(keyval, key, 0, UINT16_MAX, &time, error)) {
        return false;
    }
    *ret_time = time == UINT64_MAX ? *ret_time : (int32_t)time;
    return true;
}

bool gc_option_apply_boot(GcConfig *config, const char *value, GError **error)
{
    g_autoptr(GcKeyval) keyval = gc_keyval_new(value, NULL, error);
    const char *reboot;

    if (keyval == NULL) {
        return false;
    }
    reboot = gc_keyval_get(keyval, "reboot-timeout");
    if (reboot != NULL && strcmp(reboot, "-1") == 0) {
        config->reboot_timeout = -1;
    } else if (!read_time(keyval, "reboot-timeout", &config->reboot_timeout,
                          error)) {
        return false;
    }
    return gc_keyval_get_bool(keyval, "menu", &config->boot_menu, error) &&
           read_time(keyval, "splash-time", &config->splash_time, error) &&
           gc_keyval_finish(keyval, error);
}

bool gc_option_apply_device(GcConfig *config, const char *value, GError **error)
{
    g_autoptr(GcKeyval) keyval = gc_keyval_new(value, "driver", error);
    const char *driver;

    if (keyval == NULL) {
        return false;
    }
    if (gc_option_is_help(value)) {
        config->message = dup_device_list();
        return true;
    }
    driver = gc_keyval_need(keyval, "driver", error);
    if (driver == NULL) {
        return false;
    }
    if (gc_device_type_find(driver) == NULL) {
        return gc_option_refuse(driver, "a valid device model name", error);
    }
    if (gc_keyval_get(keyval, "help") != NULL) {
        config->message =
            g_strdup_printf("There are no options for %s.\n", driver);
        return true;
    }
    gc_keyval_get(keyval, "id");
    g_ptr_array_add(config->devices, g_strdup(driver));
    return gc_keyval_finish(keyval, error);
}

static bool is_fw_cfg(const char *driver)
{
    static const char *const names[] = {"fw_cfg", "fw_cfg_io", "fw_cfg_mem",
                                        NULL};

    return g_strv_contains(names, driver);
}

static bool set_global(GcConfig *config, const char *driver,
                       const char *property, const char *value, GError **error)
{
    if (is_fw_cfg(driver) && strcmp(property, "dma_enabled") == 0) {
        return gc_parse_bool(value, &config->fw_cfg_dma, error);
    }
    if (is_fw_cfg(driver) && strcmp(property, "x-file-slots") == 0) {
        return gc_parse_number(value, GC_FW_CFG_MIN_SLOTS, GC_FW_CFG_MAX_SLOTS,
                               &config->fw_cfg_slots, error);
    }
    g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                "there is no property '%s.%s'", driver, property);
    return false;
}

bool gc_option_apply_global(GcConfig *config, const char *value, GError **error)
{
    const char *dot = strchr(value, '.');
    const char *equals = strchr(value, '=');
    g_autofree char *driver = NULL;
    g_autofree char *property = NULL;

    if (dot == NULL || equals == NULL || equals < dot) {
        return gc_option_refuse(value, "of the form driver.property=value",
                                error);
    }
    driver = g_strndup(value, (gsize)(dot - value));
    property = g_strndup(dot + 1, (gsize)(equals - dot - 1));
    return set_global(config, driver, property, equals + 1, error);
}

/* The content of a file that the user names; NULL with an error. */
static GBytes *read_file(const char *path, GError **error)
{
    char *content = NULL;
    gsize len = 0;
    g_autoptr(GError) cause = NULL;

    if (!g_file_get_contents(path, &content, &len, &cause)) {
        g_set_error(error, GC_ERROR, GC_ERROR_IO, "%s", cause->message);
        return NULL;
    }
    return g_bytes_new_take(content, len);
}

bool gc_option_apply_fw_cfg(GcConfig *config, const char *value, GError **error)
{
    g_autoptr(GcKeyval) keyval = gc_keyval_new(value, "name", error);
    g_autoptr(GBytes) bytes = NULL;
    const char *name;
    const char *path;
    const char *string;
    GcConfigFile *file;

    if (keyval == NULL) {
        return false;
    }
    name = gc_keyval_get(keyval, "name");
    path = gc_keyval_get(keyval, "file");
    string = gc_keyval_get(keyval, "string");
    if (!gc_keyval_finish(keyval, error)) {
        return false;
    }
    if (name == NULL || (path != NULL) == (string != NULL)) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "name, plus exactly one of file and string, are needed");
        return false;
    }
    if (strlen(name) >= GC_FW_CFG_NAME_SIZE) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "name too long (max. %d char)", GC_FW_CFG_NAME_SIZE - 1);
        return false;
    }
    bytes = path != NULL ? read_file(path, error)
                         : g_bytes_new(string, strlen(string));
    if (bytes == NULL) {
        return false;
    }
    file = g_new0(GcConfigFile, 1);
    file->name = g_strdup(name);
    file->bytes = g_steal_pointer(&bytes);
    g_ptr_array_add(config->files, file);
    return true;
}

bool gc_option_apply_object(GcConfig *config, const char *value, GError **error)
{
    g_autoptr(GcKeyval) keyval = gc_keyval_new(value, "qom-type", error);
    const char *type =
        keyval != NULL ? gc_keyval_need(keyval, "qom-type", error) : NULL;
    const char *id = type != NULL ? gc_keyval_need(keyval, "id", error) : NULL;
    const char *path = NULL;
    GcConfigBackend *backend;
    bool is_file;
    bool is_anonymous;

    if (id == NULL) {
        return false;
    }
    is_file = strcmp(type, "memory-backend-file") == 0;
    is_anonymous = strcmp(type, "memory-backend-ram") == 0;
    if (!is_file && !is_anonymous &&
        strcmp(type, "memory-backend-memfd") != 0) {
        return gc_option_refuse(type,
                                "memory-backend-ram, memory-backend-memfd or "
                                "memory-backend-file",
                                error);
    }
    if (is_file && (path = gc_keyval_need(keyval, "mem-path", error)) == NULL) {
        return false;
    }
    backend = g_new0(GcConfigBackend, 1);
    g_ptr_array_add(config->backends, backend);
    backend->id = g_strdup(id);
    backend->path = g_strdup(path);
    backend->share = !is_file && !is_anonymous;
    backend->is_anonymous = is_anonymous;
    return gc_keyval_need(keyval, "size", error) != NULL &&
           gc_keyval_get_size(keyval, "size", 'b', &backend->size, error) &&
           gc_keyval_get_bool(keyval, "share", &backend->share, error) &&
           gc_keyval_finish(keyval, error);
}

static bool load(GBytes **at, const char *path, GError **error)
{
    GBytes *bytes = read_file(path, error);

    if (bytes != NULL) {
        g_bytes_unref(*at);
        *at = bytes;
    }
    return bytes != NULL;
}

bool gc_option_apply_kernel(GcConfig *config, const char *value, GError **error)
{
    return load(&config->kernel, value, error);
}

bool gc_option_apply_initrd(GcConfig *config, const char *value, GError **error)
{
    return load(&config->initrd, value, error);
}

bool gc_option_apply_append(GcConfig *config, const char *value,
                            GError **error G_GNUC_UNUSED)
{
    gc_option_replace(&config->cmdline, value);
    return true;
}
