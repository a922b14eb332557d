/* SPDX-License-Identifier: MIT */
#include "system/vm_parts.h"

#include <string.h>

#include "guestcore/error.h"

const GcMachineType *gc_vm_find_machine_type(const GcConfig *config,
                                             GError **error)
{
    const char *name = config->machine;
    const GcMachineType *type;

    if (name == NULL && (strcmp(config->target, "x86_64") == 0 ||
                         strcmp(config->target, "i386") == 0)) {
        name = "pc";
    } else if (name == NULL) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "no machine specified, and there is no default; use "
                    "-machine help to list supported machines");
        return NULL;
    }
    type = gc_machine_type_find(name, config->target);
    if (type == NULL) {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "unsupported machine type '%s'; use -machine help to list "
                    "supported machines",
                    name);
    }
    return type;
}

static const GcConfigBackend *find_backend(const GcConfig *config)
{
    for (guint i = 0; i < config->backends->len; i++) {
        const GcConfigBackend *backend = config->backends->pdata[i];

        if (strcmp(backend->id, config->memory_backend) == 0) {
            return backend;
        }
    }
    return NULL;
}

GcRam *gc_vm_make_ram(const GcConfig *config, const GcMachineType *type,
                      GError **error)
{
    g_autofree char *id = g_strdup(type->ram_name);
    GcConfigBackend standard = {
        .id = id, .size = config->ram_size, .is_anonymous = true};
    const GcConfigBackend *backend = &standard;

    if (standard.size == 0) {
        standard.size = GC_CONFIG_DEFAULT_RAM;
    }
    if (config->memory_backend != NULL) {
        backend = find_backend(config);
    }
    if (backend == NULL) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "memory-backend=%s: there is no such -object",
                    config->memory_backend);
        return NULL;
    }
    if (config->ram_size != 0 && config->ram_size != backend->size) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "memory-backend=%s has %" G_GUINT64_FORMAT
                    " bytes, and -m %" G_GUINT64_FORMAT,
                    config->memory_backend, backend->size, config->ram_size);
        return NULL;
    }
    return gc_ram_new(backend, error);
}

/* "-serial none" is a port that is not there, and the next one is COM2. */
static bool has_serial(const GcConfig *config, guint i)
{
    return i < config->serials->len &&
           strcmp(config->serials->pdata[i], "none") != 0;
}

static GcMachineConfig describe_machine(const GcConfig *config,
                                        const GcRam *ram)
{
    GcMachineConfig wanted = GC_MACHINE_CONFIG_INIT;

    wanted.ram = ram->host;
    wanted.ram_size = ram->size;
    wanted.ram_name = ram->id;
    wanted.n_cpus = (unsigned)config->smp.cpus;
    wanted.max_cpus = (unsigned)config->smp.max_cpus;
    wanted.cores = (unsigned)config->smp.cores;
    wanted.threads = (unsigned)config->smp.threads;
    memcpy(wanted.uuid, config->uuid, sizeof(wanted.uuid));
    wanted.nographic = config->nographic;
    wanted.boot_menu = config->boot_menu;
    wanted.splash_time = config->splash_time;
    wanted.reboot_timeout = config->reboot_timeout;
    wanted.kernel = config->kernel;
    wanted.initrd = config->initrd;
    wanted.cmdline = config->cmdline;
    wanted.fw_cfg_slots = (unsigned)config->fw_cfg_slots;
    wanted.fw_cfg_no_dma = !config->fw_cfg_dma;
    for (guint i = 0; i < GC_SERIAL_MAX_PORTS; i++) {
        wanted.serials[i] = has_serial(config, i);
    }
    return wanted;
}

GcMachine *gc_vm_make_machine(const GcConfig *config, const GcMachineType *type,
                              const GcRam *ram, bool runs_cpus, GError **error)
{
    g_autofree GcMachineFile *files =
        g_new0(GcMachineFile, config->files->len + 1);
    GcMachineConfig wanted = describe_machine(config, ram);
    g_autoptr(GcMachine) machine = NULL;

    for (guint i = 0; i < config->files->len; i++) {
        const GcConfigFile *file = config->files->pdata[i];

        files[i] = (GcMachineFile){file->name, file->bytes};
    }
    wanted.runs_cpus = runs_cpus;
    wanted.files = files;
    wanted.n_files = config->files->len;
    machine = gc_machine_new(type, config->target, &wanted, error);
    for (guint i = 0; machine != NULL && i < config->devices->len; i++) {
        const char *device = config->devices->pdata[i];

        if (!gc_machine_add_device(machine, device, error)) {
            g_prefix_error(error, "-device %s: ", device);
            return NULL;
        }
    }
    return g_steal_pointer(&machine);
}
