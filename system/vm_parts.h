/* SPDX-License-Identifier: MIT */
/* What a VM is made of, as a config asks for it. */
#pragma once

#include "hw/machine/machine.h"
#include "system/options/config.h"
#include "system/ram.h"

/* Errors: GC_ERROR_INVALID if there is no default and none was named;
 * GC_ERROR_UNSUPPORTED if there is no such machine for the target. */
const GcMachineType *gc_vm_find_machine_type(const GcConfig *config,
                                             GError **error);

/* Errors: GC_ERROR_INVALID, and as gc_ram_new(). */
GcRam *gc_vm_make_ram(const GcConfig *config, const GcMachineType *type,
                      GError **error);

/* Errors: as gc_machine_new() and gc_machine_add_device(). */
GcMachine *gc_vm_make_machine(const GcConfig *config, const GcMachineType *type,
                              const GcRam *ram, bool runs_cpus, GError **error);
