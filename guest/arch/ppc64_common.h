/* SPDX-License-Identifier: MIT */
/* What 64-bit Power of either byte order has in common. */
#pragma once

#include "guest/arch.h"

/* As GcArch.get_image_map. */
bool gc_ppc64_get_image_map(const GcVmcoreinfoText *text, GcPaddr memory_start,
                            GcImageMap *ret_map);

/* The notes of a CPU, the same in either byte order. */
#define GC_PPC64_N_NOTES 4
extern const GcRegisterNote gc_ppc64_notes[GC_PPC64_N_NOTES];
