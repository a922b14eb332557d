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
