/* SPDX-License-Identifier: MIT */
/* The pages of a kdump file as guest memory. */
#pragma once

#include "guestcore/memory.h"

#include "dump/format/kdump_pages.h"

/**
 * gc_kdump_memory_new:
 * @pages: the pages; the memory keeps a reference
 * @error: (out) (optional): return location
 *
 * Returns: (transfer full): memory with a block for each run of page frames
 *     that exist; a page that was left out cannot be read, GC_ERROR_NO_DATA
 * Errors: GC_ERROR_INVALID
 */
GcMemory *gc_kdump_memory_new(GcKdumpPages *pages, GError **error);
