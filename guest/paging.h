/* SPDX-License-Identifier: MIT */
/* All that a guest's page tables map: what makes a dump readable at the
 * guest's virtual addresses by who cannot walk page tables.
 *
 * The tables are a guest's, and may be made to confuse or to exhaust us: how
 * many are read, and how many mappings are kept, is limited.  The kernel's
 * half is walked first, so that no user space can push it out. */
#pragma once

#include "base/ranges.h"
#include "guest/kernel.h"

/* The most tables that are read, and mappings that are kept. */
#define GC_PAGING_MAX_TABLES (1u << 18)
#define GC_PAGING_MAX_MAPPINGS (1u << 20)

/* A table that many entries lead to is shown at so many of their addresses:
 * Linux maps each page of its espfix stacks 65536 times that way.  Nothing of
 * memory is lost by it, so it is not called cut. */
#define GC_PAGING_MAX_ALIASES 8

typedef struct GcPaging {
    GArray *mappings; /* of GcMapping, by rising virtual address; they do not
                       * overlap, and each lies in one range of memory */
    bool is_cut;      /* there was more than the limits allow */
} GcPaging;

/**
 * gc_paging_new:
 * @guest: the guest
 * @memory: the physical addresses that are wanted
 *
 * Walks the kernel's own page tables, as VMCOREINFO tells of them, and those
 * of every CPU, as its registers do.  Where two of them differ at a virtual
 * address, the mapping that begins first counts.
 *
 * Returns: (transfer full): what they map; nothing if none of them is known
 */
GcPaging *gc_paging_new(const GcGuest *guest, const GcRanges *memory);
void gc_paging_free(GcPaging *paging);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcPaging, gc_paging_free)
