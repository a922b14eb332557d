/* SPDX-License-Identifier: MIT */
#include "dump/format/elf_layout.h"

#include <elf.h>

#include "base/ranges.h"
#include "guest/paging.h"

/* A range is not cut for fewer pages than these, nor into more parts. */
#define MIN_GAP 256u
#define MAX_CUT_SEGMENTS 60000u
/* How far memory that is cut lies from where a page of the file begins. */
#define CUT_SHIFT 8u

void gc_elf_layout_free(GcElfLayout *layout)
{
    if (layout != NULL) {
        g_array_unref(layout->segments);
        g_clear_pointer(&layout->notes, g_byte_array_unref);
        g_free(layout);
    }
}

const GcElfSegment *gc_elf_layout_get_memory(const GcElfLayout *layout,
                                             size_t i)
{
    g_assert(i < layout->n_memory);
    return &g_array_index(layout->segments, GcElfSegment, 1 + i);
}

size_t gc_elf_layout_find_memory(const GcElfLayout *layout, GcPaddr paddr)
{
    size_t first = 0;
    size_t end = layout->n_memory;

    while (first < end) {
        size_t middle = first + (end - first) / 2;
        const GcElfSegment *segment = gc_elf_layout_get_memory(layout, middle);

        if (segment->paddr + (segment->memsz - 1) < paddr) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    return first;
}

static void add_segment(GcElfLayout *layout, uint32_t type, uint64_t vaddr,
                        GcPaddr paddr, uint64_t size)
{
    GcElfSegment segment = {
        .type = type,
        .vaddr = vaddr,
        .paddr = paddr,
        .filesz = size,
        .memsz = size,
    };

    g_array_append_val(layout->segments, segment);
}

/* The first run of @gap pages or more in [@pfn, @end) that are not in the
 * dump; both results are @end if there is none. */
static GcRange find_gap(const GcPlan *plan, GcPfn pfn, GcPfn end, uint64_t gap)
{
    GcRange run = {.start = pfn, .end = pfn};

    while (run.end < end) {
        run.start = gc_bitmap_next_clear(plan->keep, run.end, end);
        run.end = gc_bitmap_next_set(plan->keep, run.start, end);
        if (run.end - run.start >= gap) {
            return run;
        }
    }
    return (GcRange){end, end};
}

/* Cuts a range of memory where @gap pages or more are not in the dump. */
static void add_range(GcElfLayout *layout, const GcPlan *plan, GcRange range,
                      uint64_t gap)
{
    uint64_t page_size = plan->page_size;
    GcPfn end_pfn = (range.end - 1) / page_size + 1;
    GcPaddr next;

    for (GcPaddr at = range.start; at < range.end; at = next) {
        GcRange run = find_gap(plan, at / page_size, end_pfn, gap);
        GcElfSegment segment = {.type = PT_LOAD, .vaddr = at, .paddr = at};
        GcPaddr stored = CLAMP(run.start * page_size, at, range.end);

        next = MIN(run.end * page_size, range.end);
        segment.filesz = stored - at;
        segment.memsz = next - at;
        g_array_append_val(layout->segments, segment);
    }
}

/* Cuts at the gaps that makedumpfile cuts at; where that would be too often,
 * at larger ones. */
static void add_memory(GcElfLayout *layout, const GcPlan *plan)
{
    uint64_t gap = MIN_GAP;

    do {
        g_array_set_size(layout->segments, 1);
        for (size_t i = 0; i < gc_ranges_get_n(plan->memory); i++) {
            add_range(layout, plan, gc_ranges_get(plan->memory, i), gap);
        }
        layout->n_memory = layout->segments->len - 1;
        gap *= 2;
    } while (layout->n_memory > MAX_CUT_SEGMENTS && gap <= plan->end_pfn);
}

/* Shows memory at a virtual address too, as far as the file has it. */
static void add_overlay(GcElfLayout *layout, GcMapping mapping)
{
    GcPaddr end = mapping.paddr + mapping.size;

    for (size_t i = gc_elf_layout_find_memory(layout, mapping.paddr);
         i < layout->n_memory; i++) {
        const GcElfSegment *under = gc_elf_layout_get_memory(layout, i);
        GcPaddr from = MAX(under->paddr, mapping.paddr);
        GcPaddr to = MIN(under->paddr + under->filesz, end);

        if (under->paddr >= end) {
            return;
        }
        if (from < to) {
            add_segment(layout, PT_LOAD, mapping.vaddr + (from - mapping.paddr),
                        from, to - from);
        }
    }
}

/* Whether all of the kernel's image is in the dump. */
static bool has_image(const GcPlan *plan, const GcMapping *image)
{
    size_t i = gc_ranges_find(plan->memory, image->paddr);
    GcRange range;

    if (i == gc_ranges_get_n(plan->memory)) {
        return false;
    }
    range = gc_ranges_get(plan->memory, i);
    return range.start <= image->paddr &&
           image->size <= range.end - image->paddr;
}

/* The kernel image once more, at its virtual address: what makes gdb, and a
 * drgn that does not walk page tables, read kernel addresses. */
static void add_kernel_image(GcElfLayout *layout, const GcGuest *guest,
                             const GcPlan *plan)
{
    GcMapping image;

    if (gc_kernel_find_image(guest, &image) && has_image(plan, &image)) {
        add_overlay(layout, image);
    }
}

/* Readers of 32-bit machines take 64-bit files too; gdb only the others. */
static GcEncoding choose_encoding(const GcGuest *guest, const GcPlan *plan)
{
    const uint64_t limit = UINT64_C(1) << 32;
    GcEncoding encoding = gc_guest_get_arch_info(guest)->encoding;
    size_t n = gc_ranges_get_n(plan->memory);

    if (gc_ranges_get(plan->memory, n - 1).end > limit ||
        gc_ranges_count(plan->memory) > limit - GC_NOTES_MAX_SIZE) {
        encoding.is_64bit = true;
    }
    return encoding;
}

/* Where no CPU can have mapped anything, for it is not canonical. */
#define PHYSICAL_VADDR (UINT64_C(1) << 63)

/* Moves all memory to addresses that no guest has, lest physical addresses be
 * taken for virtual ones.  The first range stands once more at the end, for
 * makedumpfile takes the distance of virtual from physical addresses in the
 * last segment for where kernel addresses begin. */
static void hide_memory(GcElfLayout *layout)
{
    GcElfSegment first;

    for (size_t i = 0; i < layout->n_memory; i++) {
        g_array_index(layout->segments, GcElfSegment, 1 + i).vaddr |=
            PHYSICAL_VADDR;
    }
    first = *gc_elf_layout_get_memory(layout, 0);
    g_array_append_val(layout->segments, first);
}

/* All that page tables map. */
static void add_mappings(GcElfLayout *layout, const GcGuest *guest,
                         const GcPlan *plan)
{
    g_autoptr(GcPaging) paging = gc_paging_new(guest, plan->memory);

    layout->paging_is_cut = paging->is_cut;
    for (guint i = 0; i < paging->mappings->len; i++) {
        add_overlay(layout, g_array_index(paging->mappings, GcMapping, i));
    }
    if (paging->mappings->len > 0) {
        hide_memory(layout);
    }
}

static uint64_t place_notes(GcElfLayout *layout, const GcGuest *guest)
{
    GcEncoding encoding = layout->encoding;
    GcElfSegment *notes = &g_array_index(layout->segments, GcElfSegment, 0);
    size_t vmcoreinfo;
    uint64_t at = gc_record_get_size(&gc_elf_header_record, encoding) +
                  layout->segments->len *
                      gc_record_get_size(&gc_elf_segment_record, encoding);

    if (layout->segments->len >= PN_XNUM) {
        layout->section_offset = at;
        at += gc_record_get_size(&gc_elf_section_record, encoding);
    }
    layout->notes = gc_notes_serialize(gc_guest_get_notes(guest),
                                       encoding.big_endian, &vmcoreinfo);
    notes->offset = at;
    notes->filesz = layout->notes->len;
    notes->memsz = layout->notes->len;
    return at + layout->notes->len;
}

/* Whether a range ends with pages that are not in the file. */
static bool has_cut(const GcElfLayout *layout)
{
    for (size_t i = 0; i < layout->n_memory; i++) {
        const GcElfSegment *segment = gc_elf_layout_get_memory(layout, i);

        if (segment->filesz < segment->memsz) {
            return true;
        }
    }
    return false;
}

/* Each range begins at the same place of a page in the file as in memory, so
 * that pages of the file are pages of the guest and can be holes.  Not so if a
 * range is cut: makedumpfile maps into its memory what begins with a page of
 * the file, and takes what lies behind the end of a range, which is the next
 * one, for the pages that are not there.  What begins elsewhere it reads.  A
 * range without anything has a place too: crash opens no file with a first
 * range at 0. */
static uint64_t place_memory(GcElfLayout *layout, uint64_t at,
                             uint32_t page_size)
{
    uint64_t shift = has_cut(layout) ? CUT_SHIFT : 0;

    for (size_t i = 0; i < layout->n_memory; i++) {
        GcElfSegment *segment =
            &g_array_index(layout->segments, GcElfSegment, 1 + i);

        at += (segment->paddr + shift - at) % page_size;
        segment->offset = at;
        at += segment->filesz;
    }
    return at;
}

/* What lies over the bytes of memory, each of it in one range. */
static void place_overlays(GcElfLayout *layout)
{
    for (size_t i = 1 + layout->n_memory; i < layout->segments->len; i++) {
        GcElfSegment *overlay =
            &g_array_index(layout->segments, GcElfSegment, i);
        const GcElfSegment *under = gc_elf_layout_get_memory(
            layout, gc_elf_layout_find_memory(layout, overlay->paddr));

        if (overlay->filesz > 0) {
            overlay->offset = under->offset + (overlay->paddr - under->paddr);
        }
    }
}

GcElfLayout *gc_elf_layout_new(const GcGuest *guest, const GcPlan *plan,
                               bool paging)
{
    GcElfLayout *layout = g_new0(GcElfLayout, 1);
    uint64_t at;

    layout->encoding = choose_encoding(guest, plan);
    layout->segments = g_array_new(FALSE, FALSE, sizeof(GcElfSegment));
    add_segment(layout, PT_NOTE, 0, 0, 0);
    add_memory(layout, plan);
    /* A 32-bit file has no addresses left for memory itself. */
    if (paging && layout->encoding.is_64bit) {
        add_mappings(layout, guest, plan);
    }
    if (layout->segments->len == 1 + layout->n_memory) {
        add_kernel_image(layout, guest, plan);
    }
    at = place_notes(layout, guest);
    layout->file_size = place_memory(layout, at, plan->page_size);
    place_overlays(layout);
    return layout;
}
