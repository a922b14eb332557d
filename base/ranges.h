/* SPDX-License-Identifier: MIT */
/* A set of 64-bit numbers as sorted, disjoint, merged half-open ranges. */
#pragma once

#include "guestcore/types.h"

/* The numbers from start up to, and not including, end. */
typedef struct GcRange {
    uint64_t start;
    uint64_t end;
} GcRange;

typedef struct GcRanges GcRanges;

GcRanges *gc_ranges_new(void);
void gc_ranges_free(GcRanges *ranges);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcRanges, gc_ranges_free)

/* Adds [@start, @end), merging what it overlaps or touches.  An empty range
 * changes nothing. */
void gc_ranges_add(GcRanges *ranges, uint64_t start, uint64_t end);

/* The number of ranges, and the @i-th of them in rising order. */
size_t gc_ranges_get_n(const GcRanges *ranges);
GcRange gc_ranges_get(const GcRanges *ranges, size_t i);

/* How many numbers are in the set. */
uint64_t gc_ranges_count(const GcRanges *ranges);

/**
 * gc_ranges_find:
 * @ranges: the set
 * @at: a number
 *
 * Returns: the index of the first range that ends after @at (it contains
 *     @at, or begins later), or gc_ranges_get_n() if there is none
 */
size_t gc_ranges_find(const GcRanges *ranges, uint64_t at);

/**
 * gc_ranges_next_gap:
 * @ranges: the set
 * @start: where to begin
 * @end: where to stop
 * @ret_gap: (out): the first part of [@start, @end) that is not in the set
 *
 * Returns: whether there is one
 */
bool gc_ranges_next_gap(const GcRanges *ranges, uint64_t start, uint64_t end,
                        GcRange *ret_gap);
