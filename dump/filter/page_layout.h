/* SPDX-License-Identifier: MIT */
/* How a kernel's struct page lies in memory, and what marks in it which page:
 * all that differs from one kernel to the next, as VMCOREINFO tells it.
 *
 * page_traits.c has a table of the differences; docs/page-filter.md shows
 * it.  To teach the filter a new kernel, add a form to a trait there. */
#pragma once

#include <string.h>

#include "guest/vmcoreinfo_text.h"

/* The largest free block is of 2^this pages: a kernel that says otherwise is
 * not taken. */
#define GC_PAGE_MAX_FREE_ORDER 14

/* An unsigned integer of 1, 2, 4 or 8 bytes at @offset from the beginning of
 * a page's struct page.  Width 0: there is none. */
typedef struct GcPageField {
    uint32_t offset;
    uint32_t width;
} GcPageField;

/* Whether the bits @mask of a field are @value.  Without a field, never. */
typedef struct GcPageTest {
    GcPageField field;
    uint64_t mask;
    uint64_t value;
} GcPageTest;

typedef struct GcPageLayout {
    uint32_t size;         /* of a struct page, in bytes */
    unsigned page_shift;   /* of a page of memory */
    unsigned section_bits; /* of an address inside a section of sparse memory;
                            * 0 if that is not known */

    GcPageField refcount;
    GcPageField private_data; /* the order, of a free page */
    GcPageField order;        /* of a head; it may lie in the struct page that
                               * follows */
    GcPageTest is_head;       /* the first of several pages that are one */
    GcPageTest is_tail;       /* one of the others */
    GcPageTest is_slab;
    GcPageTest is_free; /* the first page of a free block */
    GcPageTest is_unaccepted;
    GcPageTest is_offline;
    GcPageTest is_poisoned;
    GcPageTest is_huge; /* of a head: hugetlbfs; may lie in the page that
                         * follows */
    GcPageTest is_lru;
    GcPageTest is_swapcache;
    GcPageTest is_private;
    GcPageTest is_anonymous;
    unsigned n_orders; /* free blocks are of less than this order */
} GcPageLayout;

/**
 * gc_page_layout_init:
 * @layout: (out): the layout
 * @text: what the kernel tells
 * @arch: the name of its architecture
 * @error: (out) (optional): return location
 *
 * All offsets lie in one struct page, or two where the field may.
 *
 * Errors: GC_ERROR_UNSUPPORTED if the kernel is not known, or does not tell
 *     all that its kind must; GC_ERROR_FORMAT if what it tells is impossible,
 *     or was cut off
 */
bool gc_page_layout_init(GcPageLayout *layout, const GcVmcoreinfoText *text,
                         const char *arch, GError **error);

/* The value of @field in the struct page at @page. */
static inline uint64_t gc_page_field_get(GcPageField field, const uint8_t *page)
{
    uint64_t wide;
    uint32_t word;
    uint16_t half;

    page += field.offset;
    if (field.width == 8) {
        memcpy(&wide, page, sizeof(wide));
        return GUINT64_FROM_LE(wide);
    }
    if (field.width == 4) {
        memcpy(&word, page, sizeof(word));
        return GUINT32_FROM_LE(word);
    }
    if (field.width == 2) {
        memcpy(&half, page, sizeof(half));
        return GUINT16_FROM_LE(half);
    }
    return field.width == 1 ? *page : 0;
}

/* Whether @test is true of the struct page at @page. */
static inline bool gc_page_test_is_true(GcPageTest test, const uint8_t *page)
{
    return test.field.width != 0 &&
           (gc_page_field_get(test.field, page) & test.mask) == test.value;
}
