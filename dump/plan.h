/* SPDX-License-Identifier: MIT */
/* Which memory a dump is of, and which pages of it the dump has.  A plan does
 * no I/O beyond asking memory where it holds data, and is a value once
 * made. */
#pragma once

#include "guestcore/filter.h"

#include "base/bitmap.h"
#include "base/ranges.h"
#include "guest/guest.h"

/* The most pages that a plan covers: 64 TiB of 4 KiB pages.  It bounds the
 * bitmaps, whatever a file says of its memory. */
#define GC_PLAN_MAX_PAGES (UINT64_C(1) << 34)

/* What may be left out. */
typedef struct GcPlanOptions {
    GcPaddr begin;          /* of the memory that is wanted */
    uint64_t length;        /* of it, in bytes; 0 for all that follows */
    const GcRanges *except; /* (nullable) addresses that are not wanted */
    uint64_t max_unused;    /* pages never used that are kept; if there are
                             * more, all of them are left out */
    const GcPageMap *kinds; /* (nullable) what each page is used for; if it is
                             * known, that decides too: */
    unsigned level;         /* as gc_page_kind_is_left_out() has it */
} GcPlanOptions;

typedef struct GcPlan {
    uint32_t page_size; /* in bytes, a power of two */
    GcRanges *memory;   /* addresses of the memory that the dump is of */
    GcRanges *exist;    /* its page frames, also those only partly memory */
    GcPfn end_pfn;      /* one past the last of them; not 0 */
    GcBitmap *keep;     /* pages that are in the dump */
    GcBitmap *data;     /* of those, the ones that may hold not only zeros */
    uint64_t n_exist;
    uint64_t n_keep;
    uint64_t n_data;
    uint64_t n_absent;    /* pages that the guest's memory has not to give */
    bool unused_left_out; /* pages that hold only zeros are missing in keep */
    unsigned level;       /* the kinds of pages that are missing in keep */
    uint64_t n_left_out[GC_PAGE_KINDS]; /* those of each kind */
} GcPlan;

/**
 * gc_plan_new:
 * @guest: what to dump
 * @error: (out) (optional): return location
 *
 * Returns: (transfer full): a plan of all memory, with every page that is
 *     there, or NULL
 * Errors: as gc_plan_new_part()
 */
GcPlan *gc_plan_new(const GcGuest *guest, GError **error);

/**
 * gc_plan_new_part:
 * @guest: what to dump
 * @options: what may be left out
 * @error: (out) (optional): return location
 *
 * Returns: (transfer full): the plan, or NULL
 * Errors: GC_ERROR_NO_DATA if there is no memory; GC_ERROR_UNSUPPORTED if it
 *     ends too high; what gc_memory_next_data() says
 * Threads: any thread
 */
GcPlan *gc_plan_new_part(const GcGuest *guest, const GcPlanOptions *options,
                         GError **error);
void gc_plan_free(GcPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcPlan, gc_plan_free)
