/* SPDX-License-Identifier: MIT */
#include "dump/filter/page_map.h"

#include <string.h>

#include "dump/plan.h"

#define KIND_BITS 4
#define KIND_MASK 0xfu

G_STATIC_ASSERT(GC_PAGE_KINDS <= KIND_MASK);

/* Kinds */

typedef struct KindRow {
    const char *name;
    unsigned levels; /* at which it is left out, ored; any of them suffices */
} KindRow;

#define ANY_LEVEL GC_DUMP_LEVEL_MAX

static const KindRow kind_rows[GC_PAGE_KINDS] = {
    [GC_PAGE_NONE] = {"none", 0},
    [GC_PAGE_UNKNOWN] = {"unknown", 0},
    [GC_PAGE_KERNEL] = {"kernel", 0},
    [GC_PAGE_CACHE] = {"cache", 2 | 4},
    [GC_PAGE_CACHE_PRIVATE] = {"cache-private", 4},
    [GC_PAGE_USER] = {"user", 8},
    [GC_PAGE_HUGE] = {"huge", 8},
    [GC_PAGE_FREE] = {"free", 16},
    [GC_PAGE_OFFLINE] = {"offline", ANY_LEVEL},
    [GC_PAGE_POISONED] = {"poisoned", ANY_LEVEL},
};

const char *gc_page_kind_get_name(GcPageKind kind)
{
    g_assert(kind < GC_PAGE_KINDS);
    return kind_rows[kind].name;
}

bool gc_page_kind_is_left_out(GcPageKind kind, unsigned level)
{
    g_assert(kind < GC_PAGE_KINDS);
    return (kind_rows[kind].levels & level) != 0;
}

/* The map */

struct GcPageMap {
    GcPfn end_pfn;
    uint8_t *kinds; /* two to a byte, the lower one first */
    uint64_t counts[GC_PAGE_KINDS];
};

GcPageMap *gc_page_map_new_empty(GcPfn end_pfn)
{
    GcPageMap *map;
    uint8_t *kinds = NULL;

    if (end_pfn <= GC_PLAN_MAX_PAGES) {
        kinds = g_try_malloc0(end_pfn / 2 + 1);
    }
    if (kinds == NULL) {
        return NULL;
    }
    map = g_new0(GcPageMap, 1);
    map->end_pfn = end_pfn;
    map->kinds = kinds;
    return map;
}

void gc_page_map_free(GcPageMap *map)
{
    if (map != NULL) {
        g_free(map->kinds);
        g_free(map);
    }
}

GcPfn gc_page_map_get_end(const GcPageMap *map)
{
    return map->end_pfn;
}

uint64_t gc_page_map_count(const GcPageMap *map, GcPageKind kind)
{
    g_assert(kind < GC_PAGE_KINDS);
    return map->counts[kind];
}

GcPageKind gc_page_map_get(const GcPageMap *map, GcPfn pfn)
{
    return (GcPageKind)(map->kinds[pfn / 2] >> (pfn % 2 * KIND_BITS) &
                        KIND_MASK);
}

bool gc_page_map_get_run(const GcPageMap *map, GcPfn pfn, GcPageRun *ret_run)
{
    GcPfn end = pfn + 1;
    GcPageKind kind;
    uint64_t both;
    uint64_t eight;

    if (pfn >= map->end_pfn) {
        return false;
    }
    kind = gc_page_map_get(map, pfn);
    both = (uint64_t)kind * UINT64_C(0x1111111111111111);
    while (end < map->end_pfn && gc_page_map_get(map, end) == kind) {
        end++;
        while (end % 2 == 0 && end + 16 <= map->end_pfn) {
            memcpy(&eight, map->kinds + end / 2, sizeof(eight));
            if (eight != both) {
                break;
            }
            end += 16;
        }
    }
    *ret_run = (GcPageRun){pfn, end - pfn, kind};
    return true;
}

void gc_page_map_set(GcPageMap *map, GcPfn first, GcPfn end, GcPageKind kind)
{
    map->counts[kind] += end - first;
    if (first % 2 != 0) {
        map->kinds[first++ / 2] |= (uint8_t)(kind << KIND_BITS);
    }
    if (end % 2 != 0 && first < end) {
        map->kinds[--end / 2] |= (uint8_t)kind;
    }
    if (first < end) {
        memset(map->kinds + first / 2, (int)(kind << KIND_BITS | kind),
               (end - first) / 2);
    }
}
