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

const GcElfSegment *gc_elf_layout_get_block(const GcElfLayout *layout, size_t i)
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

/* Blocks that touch become one segment: readers think in whole ones. */
static void add_blocks(GcElfLayout *layout, GcMemory *memory)
{
    for (size_t i = 0; i < gc_memory_get_n_blocks(memory); i++) {
        GcMemoryBlock block = gc_memory_get_block(memory, i);
        GcElfSegment *last = &g_array_index(layout->segments, GcElfSegment,
                                            layout->segments->len - 1);

        if (i > 0 && last->paddr + last->memsz == block.start) {
            last->memsz += block.size;
            last->filesz += block.size;
        } else {
            add_segment(layout, PT_LOAD, block.start, block.start, block.size);
        }
    }
    layout->n_memory = layout->segments->len - 1;
}

/* The kernel image once more, at its virtual address: what makes gdb, and a
 * drgn that does not walk page tables, read kernel addresses. */
static void add_kernel_image(GcElfLayout *layout, const GcGuest *guest)
{
    GcMapping image;

    if (gc_kernel_find_image(guest, &image)) {
        add_segment(layout, PT_LOAD, image.vaddr, image.paddr, image.size);
    }
}

/* Readers of 32-bit machines take 64-bit files too; gdb only the others. */
static GcEncoding choose_encoding(const GcGuest *guest)
{
    const uint64_t limit = UINT64_C(1) << 32;
    GcEncoding encoding = gc_guest_get_arch_info(guest)->encoding;
    GcMemory *memory = gc_guest_get_memory(guest);
    uint64_t size = GC_NOTES_MAX_SIZE;

    for (size_t i = 0; i < gc_memory_get_n_blocks(memory); i++) {
        GcMemoryBlock block = gc_memory_get_block(memory, i);

        if (block.start >= limit || block.size > limit - block.start) {
            encoding.is_64bit = true;
        }
        size += MIN(block.size, limit);
    }
    if (size > limit) {
        encoding.is_64bit = true;
    }
    return encoding;
}

/* Where no CPU can have mapped anything, for it is not canonical. */
#define PHYSICAL_VADDR (UINT64_C(1) << 63)

/* Moves all blocks to addresses that no guest has, lest physical addresses be
 * taken for virtual ones.  The first block stands once more at the end, for
 * makedumpfile takes the distance of virtual from physical addresses in the
 * last segment for where kernel addresses begin. */
static void hide_blocks(GcElfLayout *layout)
{
    GcElfSegment first;

    for (size_t i = 0; i < layout->n_memory; i++) {
        g_array_index(layout->segments, GcElfSegment, 1 + i).vaddr |=
            PHYSICAL_VADDR;
    }
    first = *gc_elf_layout_get_block(layout, 0);
    g_array_append_val(layout->segments, first);
}

/* All that page tables map. */
static void add_mappings(GcElfLayout *layout, const GcGuest *guest)
{
    g_autoptr(GcRanges) memory = gc_ranges_new();
    g_autoptr(GcPaging) paging = NULL;

    for (size_t i = 0; i < layout->n_memory; i++) {
        const GcElfSegment *block = gc_elf_layout_get_block(layout, i);

        gc_ranges_add(memory, block->paddr, block->paddr + block->memsz);
    }
    paging = gc_paging_new(guest, memory);
    layout->paging_is_cut = paging->is_cut;
    for (guint i = 0; i < paging->mappings->len; i++) {
        GcMapping mapping = g_array_index(paging->mappings, GcMapping, i);

        add_segment(layout, PT_LOAD, mapping.vaddr, mapping.paddr,
                    mapping.size);
    }
    if (paging->mappings->len > 0) {
        hide_blocks(layout);
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

/* Each block begins at the same place of a page in the file as in memory, so
 * that pages of the file are pages of the guest and can be holes. */
static uint64_t place_blocks(GcElfLayout *layout, uint64_t at,
                             uint32_t page_size)
{
    for (size_t i = 0; i < layout->n_memory; i++) {
        GcElfSegment *block =
            &g_array_index(layout->segments, GcElfSegment, 1 + i);

        at += (block->paddr - at) % page_size;
        block->offset = at;
        at += block->filesz;
    }
    return at;
}

/* The last block that begins at @paddr or before it. */
static const GcElfSegment *find_block(const GcElfLayout *layout, GcPaddr paddr)
{
    size_t low = 0;
    size_t high = layout->n_memory;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (gc_elf_layout_get_block(layout, middle)->paddr <= paddr) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return gc_elf_layout_get_block(layout, low);
}

/* What lies over the bytes of the blocks, each of it in one of them. */
static void place_overlays(GcElfLayout *layout)
{
    for (size_t i = 1 + layout->n_memory; i < layout->segments->len; i++) {
        GcElfSegment *overlay =
            &g_array_index(layout->segments, GcElfSegment, i);
        const GcElfSegment *block = find_block(layout, overlay->paddr);

        overlay->offset = block->offset + (overlay->paddr - block->paddr);
    }
}

GcElfLayout *gc_elf_layout_new(const GcGuest *guest, bool paging)
{
    GcElfLayout *layout = g_new0(GcElfLayout, 1);
    uint64_t at;

    layout->encoding = choose_encoding(guest);
    layout->segments = g_array_new(FALSE, FALSE, sizeof(GcElfSegment));
    add_segment(layout, PT_NOTE, 0, 0, 0);
    add_blocks(layout, gc_guest_get_memory(guest));
    if (paging) {
        add_mappings(layout, guest);
    }
    if (layout->segments->len == 1 + layout->n_memory) {
        add_kernel_image(layout, guest);
    }
    at = place_notes(layout, guest);
    layout->file_size = place_blocks(layout, at, gc_guest_get_page_size(guest));
    place_overlays(layout);
    return layout;
}
