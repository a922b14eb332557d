/* SPDX-License-Identifier: MIT */
/* What 64-bit Power of either byte order has in common. */
#pragma once

#include "guest/arch.h"

/* As GcArch.get_image_map. */
bool gc_ppc64_get_image_map(const GcVmcoreinfoText *text, GcPaddr memory_start,
                            GcImageMap *ret_map);
