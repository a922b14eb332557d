/* SPDX-License-Identifier: MIT */
#include "dump/format/elf_layout.h"

#include <elf.h>

#include "base/ranges.h"
#include "guest/paging.h"

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

static void add_memory(GcElfLayout *layout, const GcPlan *plan)
{
    layout->n_memory = gc_ranges_get_n(plan->memory);
    for (size_t i = 0; i < layout->n_memory; i++) {
        GcRange range = gc_ranges_get(plan->memory, i);

        add_segment(layout, PT_LOAD, range.start, range.start,
                    range.end - range.start);
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
        add_segment(layout, PT_LOAD, image.vaddr, image.paddr, image.size);
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
        GcMapping mapping = g_array_index(paging->mappings, GcMapping, i);

        add_segment(layout, PT_LOAD, mapping.vaddr, mapping.paddr,
                    mapping.size);
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

/* Each range begins at the same place of a page in the file as in memory, so
 * that pages of the file are pages of the guest and can be holes. */
static uint64_t place_memory(GcElfLayout *layout, uint64_t at,
                             uint32_t page_size)
{
    for (size_t i = 0; i < layout->n_memory; i++) {
        GcElfSegment *segment =
            &g_array_index(layout->segments, GcElfSegment, 1 + i);

        at += (segment->paddr - at) % page_size;
        segment->offset = at;
        at += segment->filesz;
    }
    return at;
}

/* What lies over the bytes of memory, each of it in one range. */
static void place_overlays(GcElfLayout *layout, const GcPlan *plan)
{
    for (size_t i = 1 + layout->n_memory; i < layout->segments->len; i++) {
        GcElfSegment *overlay =
            &g_array_index(layout->segments, GcElfSegment, i);
        const GcElfSegment *under = gc_elf_layout_get_memory(
            layout, gc_ranges_find(plan->memory, overlay->paddr));

        overlay->offset = under->offset + (overlay->paddr - under->paddr);
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
    if (paging) {
        add_mappings(layout, guest, plan);
    }
    if (layout->segments->len == 1 + layout->n_memory) {
        add_kernel_image(layout, guest, plan);
    }
    at = place_notes(layout, guest);
    layout->file_size = place_memory(layout, at, plan->page_size);
    place_overlays(layout, plan);
    return layout;
}
