/* SPDX-License-Identifier: MIT */
#include "system/vm.h"

#include <string.h>

#include "guestcore/error.h"

#include "system/dump_task.h"

struct GcVm {
    const GcAccelClass *accel;
    GcRam *ram;
    GcMachine *machine;
    GcEvents *events;
    GcDumpTask *dump;
    GcRunState state;
    char *name;
    uint8_t uuid[16];
    GcConfigSmp smp;
    bool no_reboot;
    GcVmEnded ended;
    void *ended_opaque;
};

const char *gc_run_state_get_name(GcRunState state)
{
    static const char *const names[] = {"prelaunch", "paused", "running",
                                        "save-vm", "shutdown"};

    return names[state];
}

static const GcMachineType *find_machine(const GcConfig *config, GError **error)
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

static GcRam *make_ram(const GcConfig *config, const GcMachineType *type,
                       GError **error)
{
    g_autofree char *id = g_strdup(type->ram_name);
    GcConfigBackend standard = {id, NULL, config->ram_size, true};
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
    return wanted;
}

static GcMachine *make_machine(const GcConfig *config,
                               const GcMachineType *type, const GcRam *ram,
                               GError **error)
{
    g_autofree GcMachineFile *files =
        g_new0(GcMachineFile, config->files->len + 1);
    GcMachineConfig wanted = describe_machine(config, ram);
    g_autoptr(GcMachine) machine = NULL;

    for (guint i = 0; i < config->files->len; i++) {
        const GcConfigFile *file = config->files->pdata[i];

        files[i] = (GcMachineFile){file->name, file->bytes};
    }
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

static bool fill_vm(GcVm *vm, const GcConfig *config, GError **error)
{
    const GcMachineType *type;

    vm->accel = gc_accel_find(config->accels, error);
    type = vm->accel != NULL ? find_machine(config, error) : NULL;
    vm->ram = type != NULL ? make_ram(config, type, error) : NULL;
    vm->machine =
        vm->ram != NULL ? make_machine(config, type, vm->ram, error) : NULL;
    return vm->machine != NULL;
}

GcVm *gc_vm_new(const GcConfig *config, GError **error)
{
    g_autoptr(GcVm) vm = g_new0(GcVm, 1);

    vm->events = gc_events_new();
    vm->dump = gc_dump_task_new(vm);
    vm->state = GC_RUN_PRELAUNCH;
    vm->name = g_strdup(config->name);
    memcpy(vm->uuid, config->uuid, sizeof(vm->uuid));
    vm->smp = config->smp;
    vm->no_reboot = config->no_reboot;
    if (!fill_vm(vm, config, error)) {
        return NULL;
    }
    gc_machine_reset(vm->machine);
    return g_steal_pointer(&vm);
}

void gc_vm_free(GcVm *vm)
{
    if (vm == NULL) {
        return;
    }
    if (!gc_dump_task_free(vm->dump)) {
        return;
    }
    gc_machine_free(vm->machine);
    gc_ram_free(vm->ram);
    gc_events_free(vm->events);
    g_free(vm->name);
    g_free(vm);
}

void gc_vm_set_ended(GcVm *vm, GcVmEnded ended, void *opaque)
{
    vm->ended = ended;
    vm->ended_opaque = opaque;
}

GcMachine *gc_vm_get_machine(GcVm *vm)
{
    return vm->machine;
}

const GcRam *gc_vm_get_ram(const GcVm *vm)
{
    return vm->ram;
}

const GcAccelClass *gc_vm_get_accel(const GcVm *vm)
{
    return vm->accel;
}

GcEvents *gc_vm_get_events(GcVm *vm)
{
    return vm->events;
}

GcDumpTask *gc_vm_get_dump(GcVm *vm)
{
    return vm->dump;
}

const char *gc_vm_get_name(const GcVm *vm)
{
    return vm->name;
}

const uint8_t *gc_vm_get_uuid(const GcVm *vm)
{
    return vm->uuid;
}

const GcConfigSmp *gc_vm_get_smp(const GcVm *vm)
{
    return &vm->smp;
}

static bool add_block(GcMemory *memory, const GcRam *ram,
                      const GcBusRange *range, GError **error)
{
    if (ram->share && range->host >= ram->host &&
        range->host < ram->host + ram->size) {
        return gc_memory_add_fd(memory, range->start, range->size, ram->fd,
                                range->ram_offset, error);
    }
    return gc_memory_add_host(memory, range->start, range->size, range->host,
                              error);
}

GcMemory *gc_vm_dup_memory(GcVm *vm, GError **error)
{
    g_autoptr(GcMemory) memory = gc_memory_new();
    const GcBus *bus = gc_machine_get_memory(vm->machine);

    for (size_t i = 0; i < gc_bus_get_n_ranges(bus); i++) {
        const GcBusRange *range = gc_bus_get_range(bus, i);

        if (range->host != NULL && !add_block(memory, vm->ram, range, error)) {
            return NULL;
        }
    }
    return g_steal_pointer(&memory);
}

GcRunState gc_vm_get_state(const GcVm *vm)
{
    return vm->state;
}

void gc_vm_start(GcVm *vm)
{
    if (vm->state == GC_RUN_PRELAUNCH || vm->state == GC_RUN_PAUSED ||
        vm->state == GC_RUN_SAVE_VM) {
        vm->state = GC_RUN_RUNNING;
        gc_events_emit(vm->events, "RESUME", NULL);
    }
}

void gc_vm_stop(GcVm *vm)
{
    if (gc_vm_hold(vm)) {
        vm->state = GC_RUN_PAUSED;
    }
}

bool gc_vm_hold(GcVm *vm)
{
    if (vm->state != GC_RUN_RUNNING) {
        return false;
    }
    vm->state = GC_RUN_SAVE_VM;
    gc_events_emit(vm->events, "STOP", NULL);
    return true;
}

/* The data of the events RESET and SHUTDOWN. */
static JsonNode *describe_cause(GcVmCause cause)
{
    static const char *const names[] = {
        [GC_VM_CAUSE_HOST_QMP_QUIT] = "host-qmp-quit",
        [GC_VM_CAUSE_HOST_QMP_RESET] = "host-qmp-system-reset",
        [GC_VM_CAUSE_HOST_SIGNAL] = "host-signal",
        [GC_VM_CAUSE_HOST_UI] = "host-ui",
        [GC_VM_CAUSE_GUEST_SHUTDOWN] = "guest-shutdown",
        [GC_VM_CAUSE_GUEST_RESET] = "guest-reset",
    };
    g_autoptr(JsonBuilder) builder = json_builder_new();
    bool guest =
        cause == GC_VM_CAUSE_GUEST_SHUTDOWN || cause == GC_VM_CAUSE_GUEST_RESET;

    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "guest");
    json_builder_add_boolean_value(builder, guest);
    json_builder_set_member_name(builder, "reason");
    json_builder_add_string_value(builder, names[cause]);
    json_builder_end_object(builder);
    return json_builder_get_root(builder);
}

void gc_vm_reset(GcVm *vm, GcVmCause cause)
{
    if (vm->no_reboot) {
        gc_vm_shutdown(vm, cause);
    } else if (vm->state != GC_RUN_SHUTDOWN) {
        gc_machine_reset(vm->machine);
        gc_events_emit(vm->events, "RESET", describe_cause(cause));
    }
}

void gc_vm_shutdown(GcVm *vm, GcVmCause cause)
{
    if (vm->state == GC_RUN_SHUTDOWN) {
        return;
    }
    vm->state = GC_RUN_SHUTDOWN;
    gc_events_emit(vm->events, "SHUTDOWN", describe_cause(cause));
    if (vm->ended != NULL) {
        vm->ended(vm->ended_opaque);
    }
}
