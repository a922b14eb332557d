/* SPDX-License-Identifier: MIT */
/* The two kinds of kernel that an x86 machine starts. */
#pragma once

#include "hw/machine/board.h"

/* As gc_x86_boot_prepare(), for a bzImage and for an ELF file with a PVH
 * entry: all but what is the same for both. */
bool gc_x86_boot_prepare_linux(GcMachine *machine,
                               const GcMachineConfig *config, GError **error);
bool gc_x86_boot_prepare_pvh(GcMachine *machine, const GcMachineConfig *config,
                             GError **error);

/* Whether the kernel is an ELF file. */
bool gc_x86_boot_is_elf(GBytes *kernel);
