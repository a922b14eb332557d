/* SPDX-License-Identifier: MIT */
/* How a kernel is started on an x86 machine without firmware. */
#pragma once

#include "hw/machine/board.h"

/**
 * gc_x86_boot_prepare:
 * @machine: a machine with its RAM
 * @config: with a kernel
 * @error: (out) (optional): return location
 *
 * Says what is in RAM when the machine's first CPU starts, and how it does.
 * Errors: GC_ERROR_FORMAT, GC_ERROR_UNSUPPORTED if the kernel is no kernel
 *     that can be started so; GC_ERROR_INVALID if it, the initrd or the
 *     command line has no room.
 */
bool gc_x86_boot_prepare(GcMachine *machine, const GcMachineConfig *config,
                         GError **error);
