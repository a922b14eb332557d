/* SPDX-License-Identifier: MIT */
#include "dump/format/kdump_front.h"

#include <string.h>

/* How much of a bitmap is written at once, in bytes. */
#define BITMAP_STEP UINT64_C(1048576)

static GcKdumpHeader make_header(const GcWriteRequest *request,
                                 const GcKdumpLayout *layout)
{
    const GcGuest *guest = request->guest;
    GcKdumpHeader header = {
        .version = GC_KDUMP_VERSION,
        .status = request->codec->page_flag,
        .block_size = layout->block_size,
        .sub_hdr_size = layout->sub_hdr_size,
        .bitmap_blocks =
            (uint32_t)(2 * layout->bitmap_size / layout->block_size),
        .max_mapnr = (uint32_t)MIN(request->plan->end_pfn, UINT32_MAX),
        .nr_cpus = gc_guest_get_n_cpus(guest),
    };

    if (gc_guest_is_incomplete(guest)) {
        header.status |= GC_KDUMP_STATUS_INCOMPLETE;
    }
    memcpy(header.signature, GC_KDUMP_SIGNATURE, sizeof(header.signature));
    gc_kernel_get_utsname(guest, &header.uts);
    return header;
}

/* QEMU says that it left out pages of zeros, and has them all; makedumpfile
 * says so of those that it was told to leave out, and has them too. */
static unsigned get_dump_level(const GcWriteRequest *request)
{
    unsigned level = request->plan->n_absent > 0
                         ? gc_guest_get_dump_level(request->guest)
                         : 0;

    level |= request->plan->level;
    if (request->plan->unused_left_out) {
        level |= GC_KDUMP_LEVEL_ZERO;
    }
    return level;
}

static GcKdumpSubHeader make_sub_header(const GcWriteRequest *request,
                                        const GcKdumpLayout *layout)
{
    GcKdumpSubHeader sub = {
        .dump_level = (int32_t)get_dump_level(request),
        .offset_note = layout->notes_offset,
        .size_note = layout->notes->len,
        .max_mapnr_64 = request->plan->end_pfn,
    };

    if (layout->vmcoreinfo != 0) {
        sub.offset_vmcoreinfo = layout->notes_offset + layout->vmcoreinfo;
        sub.size_vmcoreinfo = layout->vmcoreinfo_size;
    }
    sub.phys_base = (uint64_t)gc_kernel_get_phys_base(request->guest);
    return sub;
}

/* Header, sub header and notes. */
static bool write_head(const GcWriteRequest *request,
                       const GcKdumpLayout *layout, GError **error)
{
    const GcArch *arch = gc_guest_get_arch_info(request->guest);
    g_autofree uint8_t *head = g_malloc0(layout->bitmap_offset);
    GcKdumpHeader header = make_header(request, layout);
    GcKdumpSubHeader sub = make_sub_header(request, layout);

    if (!gc_record_put(&gc_kdump_header_record, arch->encoding, &header, head,
                       error) ||
        !gc_record_put(gc_kdump_get_sub_header_record(arch->aligns_u64),
                       arch->encoding, &sub, head + layout->block_size,
                       error)) {
        return false;
    }
    if (layout->notes->len > 0) {
        memcpy(head + layout->notes_offset, layout->notes->data,
               layout->notes->len);
    }
    return gc_image_writer_write(request->image, 0, head, layout->bitmap_offset,
                                 error);
}

/* Bits [@first, @end) of a bitmap, with bit @first at 0. */
typedef GcBitmap *(*CutFunc)(const GcPlan *plan, GcPfn first, GcPfn end);

static GcBitmap *cut_exist(const GcPlan *plan, GcPfn first, GcPfn end)
{
    GcBitmap *bitmap = gc_bitmap_new(end - first);

    for (size_t i = gc_ranges_find(plan->exist, first);
         i < gc_ranges_get_n(plan->exist); i++) {
        GcRange range = gc_ranges_get(plan->exist, i);

        if (range.start >= end) {
            break;
        }
        gc_bitmap_set_range(bitmap, MAX(range.start, first) - first,
                            MIN(range.end, end) - first);
    }
    return bitmap;
}

static GcBitmap *cut_keep(const GcPlan *plan, GcPfn first, GcPfn end)
{
    GcBitmap *bitmap = gc_bitmap_new(end - first);
    GcPfn limit = MIN(end, plan->end_pfn);
    GcPfn stop;

    for (GcPfn at = gc_bitmap_next_set(plan->keep, first, limit); at < limit;
         at = gc_bitmap_next_set(plan->keep, stop, limit)) {
        stop = gc_bitmap_next_clear(plan->keep, at, limit);
        gc_bitmap_set_range(bitmap, at - first, stop - first);
    }
    return bitmap;
}

/* What is all zeros is left out: it reads the same. */
static bool write_bitmap(const GcWriteRequest *request, CutFunc cut,
                         uint64_t offset, uint64_t size, GError **error)
{
    g_autofree uint8_t *bytes = g_malloc(BITMAP_STEP);
    size_t step;

    for (uint64_t at = 0; at < size; at += step) {
        g_autoptr(GcBitmap) bitmap = NULL;

        step = (size_t)MIN(size - at, BITMAP_STEP);
        bitmap = cut(request->plan, at * 8, (at + step) * 8);
        if (gc_bitmap_next_set(bitmap, 0, step * 8) == step * 8) {
            continue;
        }
        gc_bitmap_get_bytes(bitmap, 0, bytes, step);
        if (!gc_image_writer_write(request->image, offset + at, bytes, step,
                                   error)) {
            return false;
        }
    }
    return true;
}

bool gc_kdump_write_front(const GcWriteRequest *request,
                          const GcKdumpLayout *layout, GError **error)
{
    uint64_t size = layout->bitmap_size;

    return write_head(request, layout, error) &&
           write_bitmap(request, cut_exist, layout->bitmap_offset, size,
                        error) &&
           write_bitmap(request, cut_keep, layout->bitmap_offset + size, size,
                        error);
}

bool gc_kdump_mark_incomplete(const GcWriteRequest *request,
                              const GcKdumpLayout *layout, GError **error)
{
    const GcArch *arch = gc_guest_get_arch_info(request->guest);
    g_autofree uint8_t *disk = g_malloc0(layout->block_size);
    GcKdumpHeader header = make_header(request, layout);
    size_t size = gc_record_get_size(&gc_kdump_header_record, arch->encoding);

    header.status |= GC_KDUMP_STATUS_INCOMPLETE;
    return gc_record_put(&gc_kdump_header_record, arch->encoding, &header, disk,
                         error) &&
           gc_image_writer_write(request->image, 0, disk, size, error);
}
