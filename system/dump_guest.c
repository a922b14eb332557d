/* SPDX-License-Identifier: MIT */
#include "system/dump_guest.h"

#include "guestcore/registers.h"

#include "guest/guest.h"

static bool add_cpus(GcGuest *guest, GcVm *vm, GError **error)
{
    unsigned n = gc_machine_get_n_cpus(gc_vm_get_machine(vm));

    for (unsigned i = 0; i < n; i++) {
        g_autoptr(GcRegisters) registers = gc_vm_dup_registers(vm, i, error);

        if (registers == NULL || !gc_guest_add_cpu(guest, registers, error)) {
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

GcGuest *gc_dump_guest_new(GcVm *vm, GError **error)
{
    GcMachine *machine = gc_vm_get_machine(vm);
    g_autoptr(GcMemory) memory = gc_vm_dup_memory(vm, error);
    g_autoptr(GcGuest) guest = NULL;

    if (memory == NULL) {
        return NULL;
    }
    guest = gc_guest_new(gc_machine_get_target(machine), memory, error);
    if (guest == NULL || !add_cpus(guest, vm, error)) {
        return NULL;
    }
    add_note(guest, machine);
    return g_steal_pointer(&guest);
}
