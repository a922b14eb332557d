/* SPDX-License-Identifier: MIT */
/* What one struct page says. */
#pragma once

#include "guestcore/filter.h"

#include "dump/filter/page_layout.h"

typedef struct GcPageVerdict {
    bool is_tail; /* the page is what its head is; else: */
    GcPageKind kind;
    unsigned order;    /* this page and those behind it are 2^order */
    bool covers_tails; /* so are those behind it that are tails; else, all of
                        * them are, whatever their struct pages say */
} GcPageVerdict;

/**
 * gc_page_classify:
 * @layout: how a struct page lies
 * @page: it, in memory
 * @has_next: whether the next one, which may have more of a head, follows
 * @pfn: which page it is
 *
 * The first rule that fits counts, in the order of docs/page-filter.md.
 * Impossible orders are no order at all.
 */
GcPageVerdict gc_page_classify(const GcPageLayout *layout, const uint8_t *page,
                               bool has_next, GcPfn pfn);
