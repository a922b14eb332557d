/* SPDX-License-Identifier: MIT */
#include "tests/lib/pagegen_private.h"

/* Pages of all kinds.  Those that lie next to each other begin at a multiple
 * of their size from SCENE on. */
#define SCENE 1024u
#define UNMAPPED 2048u /* whose struct pages are not mapped */
#define OUTSIDE 3072u  /* whose struct pages are outside of memory */
#define GIANT 0x8000u  /* a compound page of 128 MiB */
#define GIANT_ORDER 15u
#define UNACCEPTED 0x2000u

static void put_used(Pagegen *pages, GcPfn pfn, int flag, uint64_t mapping,
                     GcPageKind kind)
{
    if (flag != PAGEGEN_NONE) {
        pagegen_put_flag(pages, pfn, flag);
    }
    pagegen_put(pages, pfn, pages->kernel->mapping, 8, mapping);
    pagegen_expect(pages, pfn, 1, kind);
}

/* Bit 0 of the mapping is that of anonymous memory, bits 0 and 1 of KSM. */
#define FILE_MAPPING UINT64_C(0xffff888012345678)
#define ANONYMOUS (FILE_MAPPING | 1)
#define KSM (FILE_MAPPING | 3)

static void put_single_pages(Pagegen *pages)
{
    const PagegenKernel *kernel = pages->kernel;

    put_used(pages, SCENE + 8, kernel->flag_lru, FILE_MAPPING, GC_PAGE_CACHE);
    put_used(pages, SCENE + 9, kernel->flag_lru, FILE_MAPPING,
             GC_PAGE_CACHE_PRIVATE);
    pagegen_put_flag(pages, SCENE + 9, kernel->flag_private);
    put_used(pages, SCENE + 10, kernel->flag_lru, ANONYMOUS, GC_PAGE_USER);
    put_used(pages, SCENE + 11, kernel->flag_lru, KSM, GC_PAGE_USER);
    put_used(pages, SCENE + 12, kernel->flag_swapcache, ANONYMOUS,
             GC_PAGE_USER);
    put_used(pages, SCENE + 14, kernel->flag_poison, 0, GC_PAGE_POISONED);
    if (kernel->offline != 0) {
        pagegen_put_type(pages, SCENE + 15, kernel->offline);
        pagegen_expect(pages, SCENE + 15, 1, GC_PAGE_OFFLINE);
    }
    put_used(pages, SCENE + 30, kernel->flag_swapcache, 0, GC_PAGE_CACHE);
    if (kernel->flag_swapbacked != PAGEGEN_NONE) {
        pagegen_put_flag(pages, SCENE + 12, kernel->flag_swapbacked);
        pagegen_put_flag(pages, SCENE + 30, kernel->flag_swapbacked);
    }
}

/* Slab pages have anything where others have their mapping.  Where they are
 * a page type, the flag that they had is another one. */
static void put_slab_pages(Pagegen *pages)
{
    const PagegenKernel *kernel = pages->kernel;

    put_used(pages, SCENE + 13, kernel->flag_lru, ANONYMOUS, GC_PAGE_KERNEL);
    if (kernel->slab == 0) {
        pagegen_put_flag(pages, SCENE + 13, kernel->flag_slab);
        return;
    }
    pagegen_put_type(pages, SCENE + 13, kernel->slab);
    put_used(pages, SCENE + 28, 7, ANONYMOUS, GC_PAGE_USER);
}

static void put_free_pages(Pagegen *pages)
{
    pagegen_put_free(pages, SCENE, 3);
    pagegen_expect(pages, SCENE, 8, GC_PAGE_FREE);
    pagegen_put_flag(pages, SCENE + 5, pages->kernel->flag_lru);
    pagegen_put_free(pages, SCENE + 32, 0);
    pagegen_expect(pages, SCENE + 32, 1, GC_PAGE_FREE);
    pagegen_put_free(pages, SCENE + 512, 9);
    pagegen_expect(pages, SCENE + 512, 512, GC_PAGE_FREE);
}

/* What looks free and is not, or not for certain. */
static void put_odd_pages(Pagegen *pages)
{
    const PagegenKernel *kernel = pages->kernel;

    pagegen_put_free(pages, SCENE + 16, 2);
    pagegen_put(pages, SCENE + 16, kernel->refcount, 4, 1);
    pagegen_put_free(pages, SCENE + 21, 0);
    pagegen_put(pages, SCENE + 21, kernel->private_data, 8, 2);
    pagegen_put_free(pages, SCENE + 24, 0);
    pagegen_put(pages, SCENE + 24, kernel->private_data, 8, 63);
    pagegen_put_free(pages, SCENE + 25, 0);
    pagegen_put(pages, SCENE + 25, kernel->private_data, 8, 11);
    pagegen_put_compound(pages, SCENE + 26, 1);
    pagegen_put(pages, SCENE + 26, 0, 8, 0);
    if (kernel->flag_swapbacked != PAGEGEN_NONE) {
        pagegen_put_flag(pages, SCENE + 34, kernel->flag_swapcache);
    }
    if (kernel->offline < -0x1000000 && kernel->offline % 0x1000000 == 0) {
        pagegen_put_type(pages, SCENE + 36, kernel->offline | 0x123);
        pagegen_expect(pages, SCENE + 36, 1, GC_PAGE_OFFLINE);
    }
}

static void put_compound_pages(Pagegen *pages)
{
    const PagegenKernel *kernel = pages->kernel;

    pagegen_put_compound(pages, SCENE + 64, 6);
    put_used(pages, SCENE + 64, kernel->flag_lru, ANONYMOUS, GC_PAGE_USER);
    pagegen_expect(pages, SCENE + 64, 64, GC_PAGE_USER);
    pagegen_put_compound(pages, SCENE + 128, 5);
    put_used(pages, SCENE + 128, kernel->flag_lru, FILE_MAPPING, GC_PAGE_CACHE);
    pagegen_expect(pages, SCENE + 128, 32, GC_PAGE_CACHE);
    pagegen_put_compound(pages, SCENE + 160, 5);
    pagegen_put_huge(pages, SCENE + 192, 6);

    /* One that is torn: not all behind the head are tails. */
    pagegen_put_compound(pages, SCENE + 256, 6);
    put_used(pages, SCENE + 256, kernel->flag_lru, ANONYMOUS, GC_PAGE_USER);
    pagegen_expect(pages, SCENE + 256, 44, GC_PAGE_USER);
    pagegen_put(pages, SCENE + 300, 0, 8, 0);
    pagegen_put(pages, SCENE + 300, kernel->lru, 8, 0);
    put_used(pages, SCENE + 300, kernel->flag_lru, FILE_MAPPING, GC_PAGE_CACHE);

    /* And one of an impossible order. */
    pagegen_put_compound(pages, SCENE + 320, 5);
    put_used(pages, SCENE + 320, kernel->flag_lru, ANONYMOUS, GC_PAGE_USER);
    pagegen_put_order(pages, SCENE + 320, 63);
}

/* All struct pages of tails but those of the first page may be one page. */
static void put_giant_page(Pagegen *pages)
{
    uint64_t step = pagegen_get_page_size(pages) / pages->kernel->size;
    GcPfn end = GIANT + (1u << GIANT_ORDER);

    pagegen_put_huge(pages, GIANT, GIANT_ORDER);
    for (GcPfn pfn = GIANT + 2 * step; pfn < end; pfn += step) {
        pagegen_map_page(
            pages, pagegen_get_vaddr(pages, pfn),
            pagegen_get_frame(pages, pagegen_get_vaddr(pages, GIANT + step)));
    }
}

static void put_unreadable_pages(Pagegen *pages)
{
    uint64_t n = pagegen_get_page_size(pages) / pages->kernel->size;

    pagegen_put_entry(pages, pagegen_get_vaddr(pages, UNMAPPED), 0);
    pagegen_expect(pages, UNMAPPED, MIN(n, pages->n_pages - UNMAPPED),
                   GC_PAGE_UNKNOWN);
    if (pages->n_pages > OUTSIDE + n) {
        pagegen_map_page(pages, pagegen_get_vaddr(pages, OUTSIDE),
                         UINT64_C(0x700000000));
        pagegen_expect(pages, OUTSIDE, n, GC_PAGE_UNKNOWN);
    }
}

Pagegen *pagegen_new_full(const PagegenKernel *kernel)
{
    Pagegen *pages = pagegen_new(kernel);

    put_single_pages(pages);
    put_slab_pages(pages);
    put_free_pages(pages);
    put_odd_pages(pages);
    put_compound_pages(pages);
    if (pages->n_pages > GIANT + (1u << GIANT_ORDER)) {
        put_giant_page(pages);
    }
    if (kernel->unaccepted != 0) {
        pagegen_put_type(pages, UNACCEPTED, kernel->unaccepted);
        pagegen_expect(pages, UNACCEPTED, 1024, GC_PAGE_FREE);
    }
    put_unreadable_pages(pages);
    return pages;
}
