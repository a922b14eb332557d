/* SPDX-License-Identifier: MIT */
/* A copy of the guest's memory, so that the guest need not wait for the
 * dump. */
#pragma once

#include "guestcore/filter.h"

/**
 * gc_copy_first:
 * @guest: whose memory; must stand still
 * @kinds: (nullable): what each page is used for
 * @level: pages that this level leaves out are not copied, if @kinds are known
 * @threads: threads that copy; 0 does all in the calling thread
 * @is_cancelled: (nullable): asked now and then, in the calling thread
 * @user_data: passed to it
 * @error: (out) (optional): return location
 *
 * Returns: (transfer full): the copy, or NULL
 * Errors: GC_ERROR_UNSUPPORTED if it would leave the host less than a quarter
 *     of the memory that it has to spare; as gc_memory_copy()
 */
GcMemory *gc_copy_first(const GcGuest *guest, const GcPageMap *kinds,
                        unsigned level, unsigned threads,
                        bool (*is_cancelled)(void *user_data), void *user_data,
                        GError **error);
