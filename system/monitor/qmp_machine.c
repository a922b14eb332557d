/* SPDX-License-Identifier: MIT */
/* The commands about the VM: whether it runs, and what it is. */
#include <string.h>

#include "guestcore/error.h"

#include "system/monitor/qmp.h"

static bool run_stop(GcQmpCall *call, GError **error)
{
    if (!gc_qmp_check_not_held(call, error)) {
        return false;
    }
    gc_vm_stop(call->vm);
    return true;
}

static bool run_cont(GcQmpCall *call, GError **error)
{
    if (!gc_qmp_check_not_held(call, error)) {
        return false;
    }
    if (gc_vm_get_state(call->vm) == GC_RUN_SHUTDOWN ||
        gc_vm_get_state(call->vm) == GC_RUN_INTERNAL_ERROR) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "Resetting the Virtual Machine is required");
        return false;
    }
    gc_vm_start(call->vm);
    return true;
}

static bool run_system_reset(GcQmpCall *call, GError **error)
{
    if (!gc_qmp_check_not_held(call, error)) {
        return false;
    }
    gc_vm_reset(call->vm, GC_VM_CAUSE_HOST_QMP_RESET);
    return true;
}

/* What comes of it is for the guest to say. */
static bool run_system_powerdown(GcQmpCall *call, GError **error G_GNUC_UNUSED)
{
    const GcGed *ged = gc_machine_get_ged(gc_vm_get_machine(call->vm));

    gc_events_emit(gc_vm_get_events(call->vm), "POWERDOWN", NULL);
    if (ged != NULL) {
        gc_ged_press_power_button(ged);
    }
    return true;
}

static bool run_quit(GcQmpCall *call, GError **error G_GNUC_UNUSED)
{
    gc_vm_shutdown(call->vm, GC_VM_CAUSE_HOST_QMP_QUIT);
    return true;
}

static bool run_query_status(GcQmpCall *call, GError **error G_GNUC_UNUSED)
{
    GcRunState state = gc_vm_get_state(call->vm);

    json_builder_begin_object(call->reply);
    gc_qmp_put_string(call->reply, "status", gc_run_state_get_name(state));
    gc_qmp_put_boolean(call->reply, "singlestep", false);
    gc_qmp_put_boolean(call->reply, "running", state == GC_RUN_RUNNING);
    json_builder_end_object(call->reply);
    return true;
}

static bool run_query_name(GcQmpCall *call, GError **error G_GNUC_UNUSED)
{
    const char *name = gc_vm_get_name(call->vm);

    json_builder_begin_object(call->reply);
    if (name != NULL) {
        gc_qmp_put_string(call->reply, "name", name);
    }
    json_builder_end_object(call->reply);
    return true;
}

static bool run_query_uuid(GcQmpCall *call, GError **error G_GNUC_UNUSED)
{
    const uint8_t *uuid = gc_vm_get_uuid(call->vm);
    g_autoptr(GString) text = g_string_new(NULL);

    for (size_t i = 0; i < 16; i++) {
        bool dash = i == 4 || i == 6 || i == 8 || i == 10;

        g_string_append_printf(text, "%s%02x", dash ? "-" : "", uuid[i]);
    }
    json_builder_begin_object(call->reply);
    gc_qmp_put_string(call->reply, "UUID", text->str);
    json_builder_end_object(call->reply);
    return true;
}

static const char *get_target(const GcQmpCall *call)
{
    return gc_machine_get_target(gc_vm_get_machine(call->vm));
}

static bool run_query_target(GcQmpCall *call, GError **error G_GNUC_UNUSED)
{
    json_builder_begin_object(call->reply);
    gc_qmp_put_string(call->reply, "arch", get_target(call));
    json_builder_end_object(call->reply);
    return true;
}

static bool run_query_kvm(GcQmpCall *call, GError **error G_GNUC_UNUSED)
{
    const char *accel = gc_accel_get_class(gc_vm_get_accel(call->vm))->name;
    bool present = false;

    for (size_t i = 0; gc_accel_classes[i] != NULL; i++) {
        present |= strcmp(gc_accel_classes[i]->name, "kvm") == 0;
    }
    json_builder_begin_object(call->reply);
    gc_qmp_put_boolean(call->reply, "enabled", strcmp(accel, "kvm") == 0);
    gc_qmp_put_boolean(call->reply, "present", present);
    json_builder_end_object(call->reply);
    return true;
}

static void put_machine(GcQmpCall *call, const GcMachineType *type)
{
    JsonBuilder *reply = call->reply;

    json_builder_begin_object(reply);
    gc_qmp_put_string(reply, "name", type->name);
    gc_qmp_put_boolean(reply, "hotpluggable-cpus", false);
    gc_qmp_put_boolean(reply, "numa-mem-supported", false);
    gc_qmp_put_integer(reply, "cpu-max", type->max_cpus);
    gc_qmp_put_boolean(reply, "deprecated", false);
    if (type->ram_name != NULL) {
        gc_qmp_put_string(reply, "default-ram-id", type->ram_name);
    }
    if (strcmp(type->name, "pc") == 0) {
        gc_qmp_put_boolean(reply, "is-default", true);
    }
    json_builder_end_object(reply);
}

static bool run_query_machines(GcQmpCall *call, GError **error G_GNUC_UNUSED)
{
    json_builder_begin_array(call->reply);
    for (size_t i = 0; gc_machine_types[i] != NULL; i++) {
        if (gc_machine_type_has_target(gc_machine_types[i], get_target(call))) {
            put_machine(call, gc_machine_types[i]);
        }
    }
    json_builder_end_array(call->reply);
    return true;
}

/* CPUs are numbered thread by thread, core by core, socket by socket. */
static void put_cpu(GcQmpCall *call, uint64_t index)
{
    const GcConfigSmp *smp = gc_vm_get_smp(call->vm);
    JsonBuilder *reply = call->reply;
    g_autofree char *path = g_strdup_printf(
        "/machine/unattached/device[%" G_GUINT64_FORMAT "]", index);

    json_builder_begin_object(reply);
    gc_qmp_put_integer(reply, "thread-id",
                       (uint64_t)gc_accel_get_thread_id(
                           gc_vm_get_accel(call->vm), (unsigned)index));
    json_builder_set_member_name(reply, "props");
    json_builder_begin_object(reply);
    gc_qmp_put_integer(reply, "core-id", index / smp->threads % smp->cores);
    gc_qmp_put_integer(reply, "thread-id", index % smp->threads);
    gc_qmp_put_integer(reply, "socket-id", index / (smp->threads * smp->cores));
    json_builder_end_object(reply);
    gc_qmp_put_string(reply, "qom-path", path);
    gc_qmp_put_integer(reply, "cpu-index", index);
    gc_qmp_put_string(reply, "target", get_target(call));
    json_builder_end_object(reply);
}

static bool run_query_cpus_fast(GcQmpCall *call, GError **error G_GNUC_UNUSED)
{
    json_builder_begin_array(call->reply);
    for (uint64_t i = 0; i < gc_vm_get_smp(call->vm)->cpus; i++) {
        put_cpu(call, i);
    }
    json_builder_end_array(call->reply);
    return true;
}

/* No CPU model can be chosen. */
static bool run_query_cpu_definitions(GcQmpCall *call,
                                      GError **error G_GNUC_UNUSED)
{
    json_builder_begin_array(call->reply);
    json_builder_end_array(call->reply);
    return true;
}

static bool run_query_memdev(GcQmpCall *call, GError **error G_GNUC_UNUSED)
{
    const GcRam *ram = gc_vm_get_ram(call->vm);
    JsonBuilder *reply = call->reply;

    json_builder_begin_array(reply);
    json_builder_begin_object(reply);
    gc_qmp_put_boolean(reply, "share", ram->share);
    gc_qmp_put_boolean(reply, "reserve", false);
    gc_qmp_put_boolean(reply, "prealloc", false);
    json_builder_set_member_name(reply, "host-nodes");
    json_builder_begin_array(reply);
    json_builder_end_array(reply);
    gc_qmp_put_integer(reply, "size", ram->size);
    gc_qmp_put_boolean(reply, "merge", false);
    gc_qmp_put_boolean(reply, "dump", true);
    gc_qmp_put_string(reply, "policy", "default");
    gc_qmp_put_string(reply, "id", ram->id);
    json_builder_end_object(reply);
    json_builder_end_array(reply);
    return true;
}

static bool run_query_memory_size(GcQmpCall *call, GError **error G_GNUC_UNUSED)
{
    json_builder_begin_object(call->reply);
    gc_qmp_put_integer(call->reply, "base-memory",
                       gc_vm_get_ram(call->vm)->size);
    gc_qmp_put_integer(call->reply, "plugged-memory", 0);
    json_builder_end_object(call->reply);
    return true;
}

static const GcQmpCommand commands[] = {
    {"stop", NULL, run_stop},
    {"cont", NULL, run_cont},
    {"system_reset", NULL, run_system_reset},
    {"system_powerdown", NULL, run_system_powerdown},
    {"quit", NULL, run_quit},
    {"query-status", NULL, run_query_status},
    {"query-name", NULL, run_query_name},
    {"query-uuid", NULL, run_query_uuid},
    {"query-target", NULL, run_query_target},
    {"query-kvm", NULL, run_query_kvm},
    {"query-machines", NULL, run_query_machines},
    {"query-cpus-fast", NULL, run_query_cpus_fast},
    {"query-cpu-definitions", NULL, run_query_cpu_definitions},
    {"query-memdev", NULL, run_query_memdev},
    {"query-memory-size-summary", NULL, run_query_memory_size},
    {NULL, NULL, NULL},
};

extern const GcQmpGroup gc_qmp_machine;

const GcQmpGroup gc_qmp_machine = {commands};
