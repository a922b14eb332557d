/* SPDX-License-Identifier: MIT */
#include "base/ranges.h"

struct GcRanges {
    GArray *array; /* of GcRange: sorted, with a gap between neighbours */
};

GcRanges *gc_ranges_new(void)
{
    GcRanges *ranges = g_new0(GcRanges, 1);

    ranges->array = g_array_new(FALSE, FALSE, sizeof(GcRange));
    return ranges;
}

void gc_ranges_free(GcRanges *ranges)
{
    if (ranges != NULL) {
        g_array_unref(ranges->array);
        g_free(ranges);
    }
}

size_t gc_ranges_get_n(const GcRanges *ranges)
{
    return ranges->array->len;
}

GcRange gc_ranges_get(const GcRanges *ranges, size_t i)
{
    g_assert(i < ranges->array->len);
    return g_array_index(ranges->array, GcRange, i);
}

uint64_t gc_ranges_count(const GcRanges *ranges)
{
    uint64_t count = 0;

    for (size_t i = 0; i < gc_ranges_get_n(ranges); i++) {
        GcRange range = gc_ranges_get(ranges, i);

        count += range.end - range.start;
    }
    return count;
}

size_t gc_ranges_find(const GcRanges *ranges, uint64_t at)
{
    size_t low = 0;
    size_t high = gc_ranges_get_n(ranges);

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (gc_ranges_get(ranges, middle).end > at) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

void gc_ranges_add(GcRanges *ranges, uint64_t start, uint64_t end)
{
    GcRange merged = {start, end};
    size_t first;
    size_t last;

    if (start >= end) {
        return;
    }
    first = start > 0 ? gc_ranges_find(ranges, start - 1) : 0;
    for (last = first; last < gc_ranges_get_n(ranges); last++) {
        GcRange range = gc_ranges_get(ranges, last);

        if (range.start > end) {
            break;
        }
        merged.start = MIN(merged.start, range.start);
        merged.end = MAX(merged.end, range.end);
    }
    if (last > first) {
        g_array_remove_range(ranges->array, (guint)first,
                             (guint)(last - first));
    }
    g_array_insert_val(ranges->array, (guint)first, merged);
}

bool gc_ranges_next_gap(const GcRanges *ranges, uint64_t start, uint64_t end,
                        GcRange *ret_gap)
{
    size_t i = gc_ranges_find(ranges, start);

    for (; i < gc_ranges_get_n(ranges); i++) {
        GcRange range = gc_ranges_get(ranges, i);

        if (range.start > start) {
            end = MIN(end, range.start);
            break;
        }
        start = range.end;
    }
    if (start >= end) {
        return false;
    }
    *ret_gap = (GcRange){start, end};
    return true;
}
