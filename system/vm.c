/* SPDX-License-Identifier: MIT */
#include "system/vm.h"

#include <string.h>

#include "guestcore/error.h"

#include "system/dump_task.h"
#include "system/panic.h"
#include "system/vm_parts.h"

/* What waits to be done by the main loop, besides GcMachineRequest. */
#define REQUEST_FAIL 31

struct GcVm {
    pthread_mutex_t lock;
    GcAccel *accel;
    GcRam *ram;
    GcMachine *machine;
    GcEvents *events;
    GcDumpTask *dump;
    GcPanic *panic;
    GcRunState state;
    char *name;
    uint8_t uuid[16];
    GcConfigSmp smp;
    GcActions actions;
    bool has_ended;
    GcVmEnded ended;
    void *ended_opaque;
    GcVmFailed failed;
    void *failed_opaque;

    /* What CPUs asked for and the main loop has not done yet. */
    uint32_t requests; /* a set of GcMachineRequest and REQUEST_FAIL */
    char *failure;     /* (nullable): why a CPU cannot go on */
    guint source;      /* handles them; 0 if there is none */
};

const char *gc_run_state_get_name(GcRunState state)
{
    static const char *const names[] = {
        "prelaunch", "paused",         "running",       "save-vm",
        "shutdown",  "guest-panicked", "internal-error"};

    return names[state];
}

/* Requests of the guest: noted by whoever holds the lock, done by the main
 * loop. */

/* Lets the CPUs run if they are to. */
static void let_run(GcVm *vm)
{
    if (vm->state == GC_RUN_RUNNING && vm->requests == 0) {
        gc_accel_start(vm->accel);
    }
}

static bool take_request(GcVm *vm, unsigned request)
{
    bool is_there = (vm->requests & UINT32_C(1) << request) != 0;

    vm->requests &= ~(UINT32_C(1) << request);
    return is_there;
}

static void handle_failure(GcVm *vm)
{
    g_autofree char *why = g_steal_pointer(&vm->failure);

    if (vm->state == GC_RUN_RUNNING) {
        gc_events_emit(vm->events, "STOP", NULL);
    }
    vm->state = GC_RUN_INTERNAL_ERROR;
    if (vm->failed != NULL) {
        vm->failed(vm->failed_opaque, why);
    }
}

static gboolean handle_requests(gpointer opaque)
{
    GcVm *vm = opaque;

    vm->source = 0;
    gc_accel_stop(vm->accel);
    if (vm->state == GC_RUN_SAVE_VM || vm->has_ended) {
        return G_SOURCE_REMOVE; /* nothing may change while it is dumped */
    }
    if (take_request(vm, GC_MACHINE_REQUEST_CRASH_LOADED)) {
        gc_panic_handle_crash_loaded(vm->panic);
    }
    if (take_request(vm, GC_MACHINE_REQUEST_PANIC)) {
        gc_panic_handle(vm->panic);
    }
    if (take_request(vm, GC_MACHINE_REQUEST_SHUTDOWN)) {
        gc_vm_shutdown(vm, GC_VM_CAUSE_GUEST_SHUTDOWN);
    }
    if (take_request(vm, GC_MACHINE_REQUEST_RESET)) {
        gc_vm_reset(vm, GC_VM_CAUSE_GUEST_RESET);
    }
    if (take_request(vm, REQUEST_FAIL)) {
        handle_failure(vm);
    }
    vm->requests = 0;
    let_run(vm);
    return G_SOURCE_REMOVE;
}

/* Has the main loop do what waits, before all else that peers want of it; the
 * CPUs stand still until then. */
static void schedule_requests(GcVm *vm)
{
    gc_accel_pause(vm->accel);
    if (vm->source == 0) {
        vm->source =
            g_idle_add_full(G_PRIORITY_HIGH, handle_requests, vm, NULL);
    }
}

static void add_request(void *opaque, GcMachineRequest request)
{
    GcVm *vm = opaque;

    vm->requests |= UINT32_C(1) << request;
    schedule_requests(vm);
}

static void set_irq(void *opaque, unsigned gsi, bool level)
{
    GcVm *vm = opaque;

    gc_accel_set_irq(vm->accel, gsi, level);
}

void gc_vm_fail(GcVm *vm, const char *why)
{
    vm->requests |= UINT32_C(1) << REQUEST_FAIL;
    if (vm->failure == NULL) {
        vm->failure = g_strdup(why);
    }
    schedule_requests(vm);
}

/* Making and freeing */

static const GcMachineHost machine_host = {add_request, set_irq};

/* Puts machine and CPUs into the state after power-on. */
static bool reset_all(GcVm *vm, GError **error)
{
    const GcMachineBoot *boot;

    gc_machine_reset(vm->machine);
    boot = gc_machine_get_boot(vm->machine);
    if (boot == NULL && gc_accel_runs_cpus(vm->accel)) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "-accel %s: there is nothing to boot; -kernel names it",
                    gc_accel_get_class(vm->accel)->name);
        return false;
    }
    return gc_accel_reset(vm->accel, boot, error);
}

static bool fill_vm(GcVm *vm, const GcConfig *config, GError **error)
{
    const GcMachineType *type;

    vm->accel = gc_accel_new(config->accels, config->target, error);
    type = vm->accel != NULL ? gc_vm_find_machine_type(config, error) : NULL;
    vm->ram = type != NULL ? gc_vm_make_ram(config, type, error) : NULL;
    vm->machine = vm->ram != NULL
                      ? gc_vm_make_machine(config, type, vm->ram,
                                           gc_accel_runs_cpus(vm->accel), error)
                      : NULL;
    if (vm->machine == NULL) {
        return false;
    }
    gc_machine_set_host(vm->machine, &machine_host, vm);
    return gc_accel_create(vm->accel, vm, error) && reset_all(vm, error);
}

GcVm *gc_vm_new(const GcConfig *config, GError **error)
{
    g_autoptr(GcVm) vm = g_new0(GcVm, 1);

    pthread_mutex_init(&vm->lock, NULL);
    gc_vm_lock(vm);
    vm->events = gc_events_new();
    vm->dump = gc_dump_task_new(vm);
    vm->state = GC_RUN_PRELAUNCH;
    vm->name = g_strdup(config->name);
    memcpy(vm->uuid, config->uuid, sizeof(vm->uuid));
    vm->smp = config->smp;
    vm->panic = gc_panic_new(vm, &config->panic_dump);
    if (!gc_vm_set_actions(vm, &config->actions, error) ||
        !fill_vm(vm, config, error)) {
        return NULL;
    }
    return g_steal_pointer(&vm);
}

void gc_vm_free(GcVm *vm)
{
    if (vm == NULL) {
        return;
    }
    if (vm->accel != NULL) {
        gc_accel_stop(vm->accel);
    }
    if (!gc_dump_task_free(vm->dump)) {
        return;
    }
    gc_panic_free(vm->panic);
    if (vm->machine != NULL) {
        gc_machine_set_host(vm->machine, NULL, NULL);
    }
    gc_accel_free(vm->accel);
    g_clear_handle_id(&vm->source, g_source_remove);
    gc_machine_free(vm->machine);
    gc_ram_free(vm->ram);
    gc_events_free(vm->events);
    g_free(vm->name);
    g_free(vm->failure);
    gc_vm_unlock(vm);
    pthread_mutex_destroy(&vm->lock);
    g_free(vm);
}

void gc_vm_lock(GcVm *vm)
{
    pthread_mutex_lock(&vm->lock);
}

void gc_vm_unlock(GcVm *vm)
{
    pthread_mutex_unlock(&vm->lock);
}

void gc_vm_wait(GcVm *vm, pthread_cond_t *cond)
{
    pthread_cond_wait(cond, &vm->lock);
}

void gc_vm_set_ended(GcVm *vm, GcVmEnded ended, void *opaque)
{
    vm->ended = ended;
    vm->ended_opaque = opaque;
}

void gc_vm_set_failed(GcVm *vm, GcVmFailed failed, void *opaque)
{
    vm->failed = failed;
    vm->failed_opaque = opaque;
}

GcMachine *gc_vm_get_machine(GcVm *vm)
{
    return vm->machine;
}

const GcRam *gc_vm_get_ram(const GcVm *vm)
{
    return vm->ram;
}

GcAccel *gc_vm_get_accel(GcVm *vm)
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

const GcActions *gc_vm_get_actions(const GcVm *vm)
{
    return &vm->actions;
}

bool gc_vm_set_actions(GcVm *vm, const GcActions *actions, GError **error)
{
    if (!gc_panic_check(vm->panic, actions, error)) {
        return false;
    }
    vm->actions = *actions;
    return true;
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

/* What is not the RAM is ROM. */
static bool add_block(GcMemory *memory, const GcRam *ram, GcPicture *picture,
                      const GcBusRange *range, GError **error)
{
    if (range->host < ram->host || range->host >= ram->host + ram->size) {
        return gc_memory_add_host(memory, range->start, range->size,
                                  range->host, error);
    }
    if (picture != NULL) {
        return gc_picture_add_block(picture, memory, range->start, range->size,
                                    range->ram_offset, error);
    }
    return gc_ram_add_block(ram, memory, range->start, range->size,
                            range->ram_offset, error);
}

GcMemory *gc_vm_dup_memory(GcVm *vm, GcPicture *picture, GError **error)
{
    g_autoptr(GcMemory) memory = gc_memory_new();
    const GcBus *bus = gc_machine_get_memory(vm->machine);

    for (size_t i = 0; i < gc_bus_get_n_ranges(bus); i++) {
        const GcBusRange *range = gc_bus_get_range(bus, i);

        if (range->host != NULL &&
            !add_block(memory, vm->ram, picture, range, error)) {
            return NULL;
        }
    }
    return g_steal_pointer(&memory);
}

GcRegisters *gc_vm_dup_registers(GcVm *vm, unsigned cpu, GError **error)
{
    const char *target = gc_machine_get_target(vm->machine);
    g_autoptr(GcRegisters) registers = gc_registers_new(target, error);
    bool ok;

    if (registers == NULL) {
        return NULL;
    }
    gc_accel_stop(vm->accel);
    ok = gc_accel_get_registers(vm->accel, cpu, registers, error);
    let_run(vm);
    if (!ok) {
        g_prefix_error(error, "CPU %u: ", cpu);
        return NULL;
    }
    return g_steal_pointer(&registers);
}

GcRunState gc_vm_get_state(const GcVm *vm)
{
    return vm->state;
}

void gc_vm_start(GcVm *vm)
{
    if (vm->state == GC_RUN_PRELAUNCH || vm->state == GC_RUN_PAUSED ||
        vm->state == GC_RUN_SAVE_VM || vm->state == GC_RUN_GUEST_PANICKED) {
        vm->state = GC_RUN_RUNNING;
        gc_events_emit(vm->events, "RESUME", NULL);
        if (vm->requests != 0) {
            schedule_requests(vm);
        }
        let_run(vm);
    }
}

void gc_vm_stop(GcVm *vm)
{
    gc_vm_stop_as(vm, GC_RUN_PAUSED);
}

void gc_vm_stop_as(GcVm *vm, GcRunState state)
{
    if (gc_vm_hold(vm)) {
        vm->state = state;
    }
}

bool gc_vm_hold(GcVm *vm)
{
    if (vm->state != GC_RUN_RUNNING) {
        return false;
    }
    gc_accel_stop(vm->accel);
    vm->state = GC_RUN_SAVE_VM;
    gc_events_emit(vm->events, "STOP", NULL);
    return true;
}

static bool is_of_guest(GcVmCause cause)
{
    return cause == GC_VM_CAUSE_GUEST_SHUTDOWN ||
           cause == GC_VM_CAUSE_GUEST_RESET || cause == GC_VM_CAUSE_GUEST_PANIC;
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
        [GC_VM_CAUSE_GUEST_PANIC] = "guest-panic",
    };
    g_autoptr(JsonBuilder) builder = json_builder_new();
    bool guest = is_of_guest(cause);

    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "guest");
    json_builder_add_boolean_value(builder, guest);
    json_builder_set_member_name(builder, "reason");
    json_builder_add_string_value(builder, names[cause]);
    json_builder_end_object(builder);
    return json_builder_get_root(builder);
}

/* Whether somebody wants the program to end, whatever -action says. */
static bool is_end(GcVmCause cause)
{
    return cause == GC_VM_CAUSE_HOST_QMP_QUIT ||
           cause == GC_VM_CAUSE_HOST_SIGNAL || cause == GC_VM_CAUSE_HOST_UI;
}

void gc_vm_reset(GcVm *vm, GcVmCause cause)
{
    g_autoptr(GError) error = NULL;

    if (vm->has_ended) {
        return;
    }
    if (vm->actions.reboot == GC_REBOOT_SHUTDOWN) {
        gc_vm_shutdown(vm, cause);
        return;
    }
    gc_accel_stop(vm->accel);
    vm->requests = 0; /* what the guest before it asked for */
    g_clear_pointer(&vm->failure, g_free);
    if (vm->state != GC_RUN_RUNNING) {
        vm->state = GC_RUN_PRELAUNCH;
    }
    if (!reset_all(vm, &error)) {
        gc_vm_fail(vm, error->message);
    }
    gc_events_emit(vm->events, "RESET", describe_cause(cause));
    let_run(vm);
}

void gc_vm_shutdown(GcVm *vm, GcVmCause cause)
{
    if (vm->has_ended) {
        return;
    }
    gc_events_emit(vm->events, "SHUTDOWN", describe_cause(cause));
    if (vm->actions.shutdown == GC_SHUTDOWN_PAUSE && !is_end(cause)) {
        gc_vm_stop_as(vm, GC_RUN_SHUTDOWN);
        return;
    }
    gc_accel_stop(vm->accel);
    vm->state = GC_RUN_SHUTDOWN;
    vm->has_ended = true;
    if (vm->ended != NULL) {
        vm->ended(vm->ended_opaque);
    }
}
