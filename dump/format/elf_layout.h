/* SPDX-License-Identifier: MIT */
/* Where everything lies in an ELF dump; made without I/O.
 *
 *   ELF header
 *   program headers: PT_NOTE; PT_LOAD per range of memory; then, over the
 *     same bytes of the file, PT_LOAD of the kernel image, or of all that page
 *     tables map
 *   [section header 0, if there are PN_XNUM or more program headers]
 *   notes
 *   the memory of each range, at the same place of a page as in the guest
 *
 * Where many pages that follow each other are not in the dump, a range is cut:
 * they are the end of one PT_LOAD, beyond what the file has of it, and behind
 * them begins the next.
 *
 * What readers need of it stands in docs/formats/elf.md. */
#pragma once

#include "dump/plan.h"
#include "guest/elf.h"

/* GcElfHeader.flags, as makedumpfile has it: pages are missing that should
 * be in the file. */
#define GC_ELF_INCOMPLETE 0x1u

typedef struct GcElfLayout {
    GcEncoding encoding;     /* of the architecture; but 64-bit where memory,
                              * or the file, goes beyond 4 GiB */
    GArray *segments;        /* of GcElfSegment: the program headers in order */
    size_t n_memory;         /* segments[1 .. n_memory] are the plan's memory,
                              * in rising order */
    GByteArray *notes;       /* at segments[0].offset */
    uint64_t section_offset; /* of section header 0; 0 if there is none */
    uint64_t file_size;
    bool paging_is_cut; /* as GcPaging.is_cut */
} GcElfLayout;

/* Returns: (transfer full): the layout of the dump of @plan's memory; with
 * @paging, it has a program header for each run of virtual addresses that is
 * known */
GcElfLayout *gc_elf_layout_new(const GcGuest *guest, const GcPlan *plan,
                               bool paging);
void gc_elf_layout_free(GcElfLayout *layout);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcElfLayout, gc_elf_layout_free)

/* The @i-th program header of the plan's memory; borrowed. */
const GcElfSegment *gc_elf_layout_get_memory(const GcElfLayout *layout,
                                             size_t i);

/* The index of the first of them that ends after @paddr; n_memory if there is
 * none. */
size_t gc_elf_layout_find_memory(const GcElfLayout *layout, GcPaddr paddr);
