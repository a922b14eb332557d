/* SPDX-License-Identifier: MIT */
#include "system/dump_guest.h"

#include "guestcore/registers.h"

#include "guest/guest.h"

static void free_registers(gpointer data)
{
    gc_registers_free(data);
}

GPtrArray *gc_dump_guest_read_cpus(GcVm *vm, GError **error)
{
    unsigned n = gc_machine_get_n_cpus(gc_vm_get_machine(vm));
    g_autoptr(GPtrArray) cpus = g_ptr_array_new_with_free_func(free_registers);

    for (unsigned i = 0; i < n; i++) {
        GcRegisters *registers = gc_vm_dup_registers(vm, i, error);

        if (registers == NULL) {
            return NULL;
        }
        g_ptr_array_add(cpus, registers);
    }
    return g_steal_pointer(&cpus);
}

static bool add_cpus(GcGuest *guest, const GPtrArray *cpus, GError **error)
{
    for (guint i = 0; i < cpus->len; i++) {
        if (!gc_guest_add_cpu(guest, cpus->pdata[i], error)) {
            return false;
        }
    }
    return true;
}

/* A guest that tells nonsense is dumped without its note. */
static void add_note(GcGuest *guest, GcMachine *machine)
{
    const GcVmcoreinfo *device = gc_machine_get_vmcoreinfo(machine);
    GcVmcoreinfoState state;

    if (device == NULL) {
        return;
    }
    state = gc_vmcoreinfo_get_state(device);
    if (!state.present) {
        gc_guest_add_warning(guest, "guest note is not present");
    } else if (state.guest_format != GC_VMCOREINFO_FORMAT_ELF) {
        gc_guest_add_warning(guest, "guest note format is unsupported: %u",
                             state.guest_format);
    } else {
        gc_guest_load_note(guest, state.paddr, state.size);
    }
}

GcGuest *gc_dump_guest_new_of(GcVm *vm, const GPtrArray *cpus,
                              GcPicture *picture, GError **error)
{
    GcMachine *machine = gc_vm_get_machine(vm);
    g_autoptr(GcMemory) memory = gc_vm_dup_memory(vm, picture, error);
    g_autoptr(GcGuest) guest = NULL;

    if (memory == NULL) {
        return NULL;
    }
    guest = gc_guest_new(gc_machine_get_target(machine), memory, error);
    if (guest == NULL || !add_cpus(guest, cpus, error)) {
        return NULL;
    }
    add_note(guest, machine);
    return g_steal_pointer(&guest);
}

GcGuest *gc_dump_guest_new(GcVm *vm, GError **error)
{
    g_autoptr(GPtrArray) cpus = gc_dump_guest_read_cpus(vm, error);

    return cpus != NULL ? gc_dump_guest_new_of(vm, cpus, NULL, error) : NULL;
}
