/* SPDX-License-Identifier: MIT */
/* Memory that stands still, because it is a copy in this process. */
#pragma once

#include "guestcore/memory.h"

#include "base/ranges.h"

/**
 * gc_memory_count_data:
 * @memory: the memory
 * @only: (nullable): addresses; no others count
 * @ret_size: (out): how many bytes may hold something other than zeros
 * @error: (out) (optional): return location
 *
 * Errors: those of the blocks
 */
bool gc_memory_count_data(GcMemory *memory, const GcRanges *only,
                          uint64_t *ret_size, GError **error);

/**
 * gc_memory_copy:
 * @memory: what is copied; it may change or be gone afterwards
 * @only: (nullable): addresses; the copy has no others, and to read them from
 *     it is GC_ERROR_NO_DATA
 * @threads: how many threads copy; 0 does all in the calling thread
 * @is_cancelled: (nullable): asked now and then, in the calling thread
 * @user_data: passed to it
 * @error: (out) (optional): return location
 *
 * Copies what may hold something; it takes as much of this process's memory.
 *
 * Returns: (transfer full): the copy, or NULL
 * Errors: those of the blocks; GC_ERROR_IO if there is no room for it;
 *     GC_ERROR_CANCELLED
 */
GcMemory *gc_memory_copy(GcMemory *memory, const GcRanges *only,
                         unsigned threads,
                         bool (*is_cancelled)(void *user_data), void *user_data,
                         GError **error);
