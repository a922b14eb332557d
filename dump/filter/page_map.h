/* SPDX-License-Identifier: MIT */
/* A GcPageMap on its way: half a byte for each page.  Where there is no memory
 * none of that is ever touched. */
#pragma once

#include "guestcore/filter.h"

/* Of pages that are GC_PAGE_NONE; NULL if there are too many.  (transfer
 * full) */
GcPageMap *gc_page_map_new_empty(GcPfn end_pfn);

/* Says what [@first, @end) are; nothing was said of them before. */
void gc_page_map_set(GcPageMap *map, GcPfn first, GcPfn end, GcPageKind kind);

/* What @pfn is, which is before the map's end. */
GcPageKind gc_page_map_get(const GcPageMap *map, GcPfn pfn);
