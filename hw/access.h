/* SPDX-License-Identifier: MIT */
/* Cutting an access of any length at any offset into accesses of 1, 2, 4 or
 * 8 bytes that are naturally aligned in their window. */
#pragma once

#include "guestcore/types.h"

/* One naturally aligned access to a window; see GcBusOps. */
typedef uint64_t (*GcAccessReadFunc)(void *opaque, uint64_t offset,
                                     unsigned width);
typedef void (*GcAccessWriteFunc)(void *opaque, uint64_t offset, unsigned width,
                                  uint64_t value);

/**
 * gc_access_get_width:
 * @offset: in the window
 * @rest: bytes that are left, at least 1
 * @max: the widest access allowed, a power of two
 *
 * Returns: how wide the next access is: a power of two
 */
unsigned gc_access_get_width(uint64_t offset, uint64_t rest, unsigned max);

/* An access of up to 8 bytes as as many accesses of at most @max bytes as it
 * takes, the lowest address first; the byte there is the lowest of the
 * value. */
uint64_t gc_access_read(GcAccessReadFunc read, void *opaque, uint64_t offset,
                        unsigned size, unsigned max);
void gc_access_write(GcAccessWriteFunc write, void *opaque, uint64_t offset,
                     unsigned size, uint64_t value, unsigned max);
