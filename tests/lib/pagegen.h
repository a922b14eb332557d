/* SPDX-License-Identifier: MIT */
/* Guests whose kernel has struct pages: for each form that these have had, a
 * kernel that has it, with pages of every kind in it and what must be found
 * of them.
 *
 * Offsets and values are those of Linux's include/linux/mm_types.h,
 * page-flags.h and mmzone.h of the version that a row names, as literal
 * numbers, and come from nothing of the code that is tested. */
#pragma once

#include "guestcore/filter.h"

#include "tests/lib/tablegen.h"

typedef enum PagegenModel {
    PAGEGEN_VMEMMAP, /* sections by two steps, all struct pages in a row */
    PAGEGEN_POINTER, /* the same, but the symbol is a pointer to the table */
    PAGEGEN_CLASSIC, /* sections in one array, each with its struct pages */
    PAGEGEN_FLAT,
} PagegenModel;

/* Where a head says how many pages are one. */
typedef enum PagegenOrder {
    PAGEGEN_ORDER_LRU,     /* page.lru of the second page */
    PAGEGEN_ORDER_MEMBERS, /* members of the second page */
    PAGEGEN_ORDER_FOLIO,   /* members of the folio */
    PAGEGEN_ORDER_FLAGS,   /* the flags of the second page */
} PagegenOrder;

#define PAGEGEN_NONE (-1)

typedef struct PagegenKernel {
    const char *release;
    const char *shape; /* of its page tables, a tablegen_shapes */
    PagegenModel model;
    unsigned section_bits;
    bool tells_section_bits;
    unsigned ram_mib;

    /* struct page */
    unsigned size;
    unsigned mapping;
    unsigned mapcount;
    unsigned refcount;
    unsigned private_data;
    unsigned lru;
    const char *refcount_name;
    const char *tail_name; /* (nullable): tails have a flag */
    PagegenOrder order;
    unsigned order_offset; /* in the second page */
    unsigned dtor_offset;
    unsigned order_width;

    /* Numbers of flags; PAGEGEN_NONE where there is none. */
    int flag_lru;
    int flag_private;
    int flag_swapcache;
    int flag_swapbacked;
    int flag_slab;
    int flag_poison;
    int flag_head;
    int flag_huge;

    /* Values of _mapcount; 0 where there is none. */
    int64_t free;
    int64_t offline;
    int64_t slab;
    int64_t huge;
    int64_t unaccepted;
} PagegenKernel;

/* All kernels; ends with one that has no release. */
extern const PagegenKernel pagegen_kernels[];

/* The same kernel with less memory, for who looks at many guests; all kinds
 * of pages have room in it. */
PagegenKernel pagegen_make_small(const PagegenKernel *kernel);

typedef struct Pagegen {
    const PagegenKernel *kernel;
    const TablegenShape *shape;
    Guestgen *gen;
    GString *text;   /* its VMCOREINFO */
    uint8_t *kinds;  /* what each page is */
    GcPfn n_pages;   /* from 0 on */
    GcPaddr tables;  /* where the next page table goes */
    GHashTable *map; /* page tables by what they map */
} Pagegen;

/* The image of the kernel lies at 0; in it: */
#define PAGEGEN_UTSNAME 0x20004u
#define PAGEGEN_SECTION_POINTER 0x5f000u
#define PAGEGEN_SECTIONS                                                       \
    0x60000u /* pointers to pages of sections, or these                        \
              */
#define PAGEGEN_SECTION_PAGE 0x80000u
#define PAGEGEN_NODE 0x5e000u
/* Page tables, from here on, and behind them all struct pages. */
#define PAGEGEN_TABLES GUESTGEN_MIB
#define PAGEGEN_PAGES (2 * GUESTGEN_MIB)

/* The size of a struct mem_section, and of its pointer's place. */
#define PAGEGEN_SECTION_SIZE 32u

/* A guest of @kernel: every page is the kernel's. */
Pagegen *pagegen_new(const PagegenKernel *kernel);

/* One that has pages of all kinds, and some that look like it. */
Pagegen *pagegen_new_full(const PagegenKernel *kernel);
void pagegen_free(Pagegen *pages);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Pagegen, pagegen_free)

/* Where the struct page of @pfn is mapped, in the guest, and here. */
uint64_t pagegen_get_vaddr(const Pagegen *pages, GcPfn pfn);
uint8_t *pagegen_at(const Pagegen *pages, GcPfn pfn);

/* Writes a member of the struct page of @pfn, or its page type. */
void pagegen_put(Pagegen *pages, GcPfn pfn, unsigned offset, unsigned width,
                 uint64_t value);
void pagegen_put_flag(Pagegen *pages, GcPfn pfn, int flag);

/* Makes [pfn, pfn + 2^order) a free block, or a compound page. */
void pagegen_put_free(Pagegen *pages, GcPfn pfn, unsigned order);
void pagegen_put_compound(Pagegen *pages, GcPfn pfn, unsigned order);

/* Says what pages must be found to be. */
void pagegen_expect(Pagegen *pages, GcPfn pfn, uint64_t n, GcPageKind kind);

/* The guest as guestcore sees it; it must not outlive @pages. */
GcGuest *pagegen_make_guest(Pagegen *pages);
