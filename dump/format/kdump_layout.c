/* SPDX-License-Identifier: MIT */
#include "dump/format/kdump_layout.h"

/* clang-format off */
static const GcField header_fields[] = {
    GC_FIELD_BYTES(GcKdumpHeader, signature),
    GC_FIELD(GcKdumpHeader, version,          4, 4),
    GC_FIELD_BYTES(GcKdumpHeader, uts),
    GC_FIELD_PAD(2, 6),
    GC_FIELD(GcKdumpHeader, timestamp_sec,    4, 8),
    GC_FIELD(GcKdumpHeader, timestamp_usec,   4, 8),
    GC_FIELD(GcKdumpHeader, status,           4, 4),
    GC_FIELD(GcKdumpHeader, block_size,       4, 4),
    GC_FIELD(GcKdumpHeader, sub_hdr_size,     4, 4),
    GC_FIELD(GcKdumpHeader, bitmap_blocks,    4, 4),
    GC_FIELD(GcKdumpHeader, max_mapnr,        4, 4),
    GC_FIELD(GcKdumpHeader, total_ram_blocks, 4, 4),
    GC_FIELD(GcKdumpHeader, device_blocks,    4, 4),
    GC_FIELD(GcKdumpHeader, written_blocks,   4, 4),
    GC_FIELD(GcKdumpHeader, current_cpu,      4, 4),
    GC_FIELD(GcKdumpHeader, nr_cpus,          4, 4),
};

/* @pad is what a 32-bit compiler puts before a 64-bit member that would not
 * stand at a multiple of its alignment. */
#define SUB_HEADER_FIELDS(pad)                         \
    GC_FIELD(GcKdumpSubHeader, phys_base,         4, 8), \
    GC_FIELD_INT(GcKdumpSubHeader, dump_level,    4, 4), \
    GC_FIELD_INT(GcKdumpSubHeader, split,         4, 4), \
    GC_FIELD(GcKdumpSubHeader, start_pfn,         4, 8), \
    GC_FIELD(GcKdumpSubHeader, end_pfn,           4, 8), \
    GC_FIELD_PAD(pad, 0),                                \
    GC_FIELD(GcKdumpSubHeader, offset_vmcoreinfo, 8, 8), \
    GC_FIELD(GcKdumpSubHeader, size_vmcoreinfo,   4, 8), \
    GC_FIELD_PAD(pad, 0),                                \
    GC_FIELD(GcKdumpSubHeader, offset_note,       8, 8), \
    GC_FIELD(GcKdumpSubHeader, size_note,         4, 8), \
    GC_FIELD_PAD(pad, 0),                                \
    GC_FIELD(GcKdumpSubHeader, offset_eraseinfo,  8, 8), \
    GC_FIELD(GcKdumpSubHeader, size_eraseinfo,    4, 8), \
    GC_FIELD_PAD(pad, 0),                                \
    GC_FIELD(GcKdumpSubHeader, start_pfn_64,      8, 8), \
    GC_FIELD(GcKdumpSubHeader, end_pfn_64,        8, 8), \
    GC_FIELD(GcKdumpSubHeader, max_mapnr_64,      8, 8)

static const GcField packed_sub_header_fields[] = {SUB_HEADER_FIELDS(0)};
static const GcField aligned_sub_header_fields[] = {SUB_HEADER_FIELDS(4)};

static const GcField page_desc_fields[] = {
    GC_FIELD(GcKdumpPageDesc, offset,     8, 8),
    GC_FIELD(GcKdumpPageDesc, size,       4, 4),
    GC_FIELD(GcKdumpPageDesc, flags,      4, 4),
    GC_FIELD(GcKdumpPageDesc, page_flags, 8, 8),
};
/* clang-format on */

const GcRecord gc_kdump_header_record =
    GC_RECORD("kdump header", header_fields);
static const GcRecord packed_sub_header_record =
    GC_RECORD("kdump sub header", packed_sub_header_fields);
static const GcRecord aligned_sub_header_record =
    GC_RECORD("kdump sub header", aligned_sub_header_fields);
const GcRecord gc_kdump_page_desc_record =
    GC_RECORD("page descriptor", page_desc_fields);

const GcRecord *gc_kdump_get_sub_header_record(bool aligns_u64)
{
    return aligns_u64 ? &aligned_sub_header_record : &packed_sub_header_record;
}

static uint64_t blocks_up(uint64_t bytes, uint32_t block_size)
{
    return bytes / block_size + (bytes % block_size != 0);
}

static size_t get_vmcoreinfo_size(const GcGuest *guest)
{
    GPtrArray *notes = gc_guest_get_notes(guest);

    for (guint i = 0; i < notes->len; i++) {
        const GcNote *note = g_ptr_array_index(notes, i);

        if (gc_note_is_vmcoreinfo(note)) {
            return g_bytes_get_size(note->desc);
        }
    }
    return 0;
}

GcKdumpLayout *gc_kdump_layout_new(const GcGuest *guest, const GcPlan *plan)
{
    const GcArch *arch = gc_guest_get_arch_info(guest);
    GcEncoding encoding = arch->encoding;
    GcKdumpLayout *layout = g_new0(GcKdumpLayout, 1);
    uint32_t block = plan->page_size;
    size_t sub_size = gc_record_get_size(
        gc_kdump_get_sub_header_record(arch->aligns_u64), encoding);

    layout->block_size = block;
    layout->notes = gc_notes_serialize(
        gc_guest_get_notes(guest), encoding.big_endian, &layout->vmcoreinfo);
    layout->vmcoreinfo_size = get_vmcoreinfo_size(guest);
    layout->notes_offset = block + sub_size;
    layout->sub_hdr_size =
        (uint32_t)blocks_up(sub_size + layout->notes->len, block);
    layout->bitmap_offset = (1 + (uint64_t)layout->sub_hdr_size) * block;
    layout->bitmap_size = blocks_up(blocks_up(plan->end_pfn, 8), block) * block;
    layout->desc_offset = layout->bitmap_offset + 2 * layout->bitmap_size;
    layout->data_offset =
        layout->desc_offset +
        plan->n_keep * gc_record_get_size(&gc_kdump_page_desc_record, encoding);
    return layout;
}

void gc_kdump_layout_free(GcKdumpLayout *layout)
{
    if (layout != NULL) {
        g_clear_pointer(&layout->notes, g_byte_array_unref);
        g_free(layout);
    }
}
