/* SPDX-License-Identifier: MIT */
/* What RISC-V of 32 and of 64 bits have in common. */
#pragma once

#include "guest/arch.h"

/* As GcArch.get_phys_base and GcArch.get_image_map. */
bool gc_riscv_get_phys_base(const GcVmcoreinfoText *text, int64_t *ret_base);
bool gc_riscv_get_image_map(const GcVmcoreinfoText *text, GcPaddr memory_start,
                            GcImageMap *ret_map);
