/* SPDX-License-Identifier: MIT */
/* Memory that stands still, because it is a copy in this process. */
#pragma once

#include "guestcore/memory.h"

/**
 * gc_memory_count_data:
 * @memory: the memory
 * @ret_size: (out): how many bytes may hold something other than zeros
 * @error: (out) (optional): return location
 *
 * Errors: those of the blocks
 */
bool gc_memory_count_data(GcMemory *memory, uint64_t *ret_size, GError **error);

/**
 * gc_memory_copy:
 * @memory: what is copied; it may change or be gone afterwards
 * @threads: how many threads copy, at least 1
 * @is_cancelled: (nullable): asked now and then, in any thread
 * @user_data: passed to it
 * @error: (out) (optional): return location
 *
 * Copies what may hold something; it takes as much of this process's memory.
 *
 * Returns: (transfer full): the copy, or NULL
 * Errors: those of the blocks; GC_ERROR_IO if there is no room for it;
 *     GC_ERROR_CANCELLED
 */
GcMemory *gc_memory_copy(GcMemory *memory, unsigned threads,
                         bool (*is_cancelled)(void *user_data), void *user_data,
                         GError **error);
