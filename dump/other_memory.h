/* SPDX-License-Identifier: MIT */
/* Memory of a dump that is not the guest kernel's RAM: QEMU's dumps have
 * video memory and ROM too, and nothing in them says so. */
#pragma once

#include "base/ranges.h"
#include "guest/guest.h"

/**
 * gc_other_memory_find:
 * @guest: a guest that was opened from a dump
 *
 * What is not known to be something else is taken for RAM.
 *
 * Returns: (transfer full): addresses that are in its memory but are not RAM
 */
GcRanges *gc_other_memory_find(const GcGuest *guest);
