/* SPDX-License-Identifier: MIT */
#include "dump/filter/classify.h"

/* Of a head that is one page in 2^64. */
#define MAX_ORDER 63u

static bool is_aligned(GcPfn pfn, uint64_t order)
{
    return order <= MAX_ORDER && (pfn & ((UINT64_C(1) << order) - 1)) == 0;
}

/* How many pages are one; a head's order may stand in the next struct page. */
static unsigned get_order(const GcPageLayout *layout, const uint8_t *page,
                          GcPfn pfn)
{
    uint64_t order = gc_page_field_get(layout->order, page);

    return is_aligned(pfn, order) ? (unsigned)order : 0;
}

/* A block of the page allocator: its first page says how large it is. */
static bool is_free_block(const GcPageLayout *layout, const uint8_t *page,
                          GcPfn pfn, unsigned *ret_order)
{
    uint64_t order;

    if (!gc_page_test_is_true(layout->is_free, page) ||
        gc_page_field_get(layout->refcount, page) != 0) {
        return false;
    }
    order = gc_page_field_get(layout->private_data, page);
    if (order >= layout->n_orders || !is_aligned(pfn, order)) {
        return false;
    }
    *ret_order = (unsigned)order;
    return true;
}

/* Memory that waits to be accepted comes in the largest blocks there are. */
static bool is_unaccepted_block(const GcPageLayout *layout, const uint8_t *page,
                                GcPfn pfn, unsigned *ret_order)
{
    *ret_order = layout->n_orders - 1;
    return gc_page_test_is_true(layout->is_unaccepted, page) &&
           is_aligned(pfn, *ret_order);
}

static GcPageKind get_used_kind(const GcPageLayout *layout, const uint8_t *page,
                                bool is_slab, bool is_huge)
{
    bool is_anonymous = gc_page_test_is_true(layout->is_anonymous, page);
    bool is_cached = gc_page_test_is_true(layout->is_lru, page) ||
                     gc_page_test_is_true(layout->is_swapcache, page);

    if (gc_page_test_is_true(layout->is_poisoned, page)) {
        return GC_PAGE_POISONED;
    }
    if (is_slab) { /* its other members have other meanings */
        return GC_PAGE_KERNEL;
    }
    if (gc_page_test_is_true(layout->is_offline, page)) {
        return GC_PAGE_OFFLINE;
    }
    if (is_cached && !is_anonymous) {
        return gc_page_test_is_true(layout->is_private, page)
                   ? GC_PAGE_CACHE_PRIVATE
                   : GC_PAGE_CACHE;
    }
    if (is_huge) {
        return GC_PAGE_HUGE;
    }
    return is_anonymous ? GC_PAGE_USER : GC_PAGE_KERNEL;
}

GcPageVerdict gc_page_classify(const GcPageLayout *layout, const uint8_t *page,
                               bool has_next, GcPfn pfn)
{
    GcPageVerdict verdict = {.kind = GC_PAGE_FREE};
    bool is_slab = gc_page_test_is_true(layout->is_slab, page);
    bool is_huge = false;

    if (gc_page_test_is_true(layout->is_tail, page)) {
        verdict.is_tail = true;
        return verdict;
    }
    if (!is_slab && (is_free_block(layout, page, pfn, &verdict.order) ||
                     is_unaccepted_block(layout, page, pfn, &verdict.order))) {
        return verdict;
    }
    verdict.order = 0;
    verdict.covers_tails = true;
    if (has_next && gc_page_test_is_true(layout->is_head, page)) {
        verdict.order = get_order(layout, page, pfn);
        is_huge = gc_page_test_is_true(layout->is_huge, page);
    }
    verdict.kind = get_used_kind(layout, page, is_slab, is_huge);
    return verdict;
}
