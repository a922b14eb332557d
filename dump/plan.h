/* SPDX-License-Identifier: MIT */
/* Which pages a dump has.  A plan does no I/O beyond asking memory where it
 * holds data, and is a value once made. */
#pragma once

#include "base/bitmap.h"
#include "guest/guest.h"

/* The most pages that a plan covers: 64 TiB of 4 KiB pages.  It bounds the
 * bitmaps, whatever a file says of its memory. */
#define GC_PLAN_MAX_PAGES (UINT64_C(1) << 34)

typedef struct GcPlan {
    uint32_t page_size; /* in bytes, a power of two */
    GcPfn end_pfn;      /* one past the last page; not 0 */
    GcBitmap *keep;     /* pages that are in the dump: memory, at least part */
    GcBitmap *data;     /* of those, the ones that may hold not only zeros */
    uint64_t n_keep;
    uint64_t n_data;
} GcPlan;

/**
 * gc_plan_new:
 * @guest: what to dump
 * @error: (out) (optional): return location
 *
 * Returns: (transfer full): the plan, or NULL
 * Errors: GC_ERROR_NO_DATA if there is no memory; GC_ERROR_UNSUPPORTED if it
 *     ends too high; what gc_memory_next_data() says
 * Threads: any thread
 */
GcPlan *gc_plan_new(const GcGuest *guest, GError **error);
void gc_plan_free(GcPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcPlan, gc_plan_free)
