/* SPDX-License-Identifier: MIT */
/* The one bridge from a machine to what a dump is a dump of. */
#pragma once

#include "guestcore/guest.h"

#include "system/vm.h"

/**
 * gc_dump_guest_new:
 * @vm: a VM that stands still
 * @error: (out) (optional): return location
 *
 * Its memory, the registers of its CPUs, and the note that its guest told the
 * vmcoreinfo device of.  That there is no note, or none that is of use, is a
 * warning; but not if there is no such device.  As long as the guest is used,
 * the VM must exist and stand still.
 *
 * Returns: (transfer full): the guest, or NULL
 * Errors: GC_ERROR_UNSUPPORTED if no dump can be of its architecture; as
 *     gc_memory_add_fd()
 */
GcGuest *gc_dump_guest_new(GcVm *vm, GError **error);

/**
 * gc_dump_guest_read_cpus:
 * @vm: a VM that stands still
 * @error: (out) (optional): return location
 *
 * Returns: (transfer full) (element-type GcRegisters): what is in its CPUs, or
 *     NULL
 * Errors: as gc_vm_dup_registers()
 */
GPtrArray *gc_dump_guest_read_cpus(GcVm *vm, GError **error);

/**
 * gc_dump_guest_new_of:
 * @vm: the VM
 * @cpus: (element-type GcRegisters): of the moment of @picture
 * @picture: (nullable): memory of that moment; the VM may run since.  NULL: it
 *     stands still.
 * @error: (out) (optional): return location
 *
 * As gc_dump_guest_new(), of a moment.  To be called with the VM's lock held
 * ever since that moment, so that no device has changed.
 *
 * Returns: (transfer full): the guest, or NULL
 */
GcGuest *gc_dump_guest_new_of(GcVm *vm, const GPtrArray *cpus,
                              GcPicture *picture, GError **error);
