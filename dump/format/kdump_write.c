/* SPDX-License-Identifier: MIT */
#include "dump/format/kdump_write.h"

#include <string.h>

#include "base/error.h"
#include "dump/chunk.h"
#include "dump/format/kdump_front.h"
#include "dump/format/kdump_pages.h"
#include "dump/pipeline.h"

/* Bytes that are written in order, gathered into large writes. */
typedef struct Stream {
    uint64_t offset; /* in the file, of the first gathered byte */
    GByteArray *gathered;
} Stream;

#define STREAM_GATHERS (1024u * 1024)

typedef struct Writer {
    const GcWriteRequest *request;
    GcKdumpLayout *layout;
    GcEncoding encoding;
    GcChunkCutter cutter;
    Stream descs;
    Stream data;
    uint8_t
        zero_desc[GC_KDUMP_MAX_DESC_SIZE]; /* what every page of zeros has */
    size_t desc_size;
} Writer;

/* A chunk, and its pages as they will lie in the file. */
typedef struct PackedChunk {
    GcChunk chunk;
    uint8_t *packed; /* page after page */
    size_t packed_size;
    uint32_t *offsets; /* of each page's part in @packed, but for zeros */
    uint32_t *sizes;   /* of that part; 0 for zeros */
    bool *is_packed;   /* per page: by the codec; else it is stored as it is */
} PackedChunk;

static bool flush(const Writer *writer, Stream *stream, GError **error)
{
    guint len = stream->gathered->len;

    if (!gc_image_writer_write(writer->request->image, stream->offset,
                               stream->gathered->data, len, error)) {
        return false;
    }
    stream->offset += len;
    g_byte_array_set_size(stream->gathered, 0);
    return true;
}

static bool append(const Writer *writer, Stream *stream, const void *bytes,
                   size_t size, GError **error)
{
    g_byte_array_append(stream->gathered, bytes, (guint)size);
    return stream->gathered->len < STREAM_GATHERS ||
           flush(writer, stream, error);
}

/* Where the next byte of @stream will lie. */
static uint64_t tell(const Stream *stream)
{
    return stream->offset + stream->gathered->len;
}

/* The page of zeros that all pages of zeros share. */
static bool write_zero_page(Writer *writer, GError **error)
{
    uint32_t size = writer->layout->block_size;
    g_autofree uint8_t *zeros = g_malloc0(size);
    GcKdumpPageDesc desc = {.offset = tell(&writer->data), .size = size};

    return gc_record_put(&gc_kdump_page_desc_record, writer->encoding, &desc,
                         writer->zero_desc, error) &&
           append(writer, &writer->data, zeros, size, error);
}

static void *new_chunk(void *opaque)
{
    const Writer *writer = opaque;
    const GcPlan *plan = writer->request->plan;
    size_t n = gc_chunk_get_max_pages(plan);
    PackedChunk *packed = g_new0(PackedChunk, 1);

    gc_chunk_init(&packed->chunk, plan);
    packed->packed = g_malloc(n * plan->page_size);
    packed->offsets = g_new0(uint32_t, n);
    packed->sizes = g_new0(uint32_t, n);
    packed->is_packed = g_new0(bool, n);
    return packed;
}

static void free_chunk(void *item)
{
    PackedChunk *packed = item;

    gc_chunk_clear(&packed->chunk);
    g_free(packed->packed);
    g_free(packed->offsets);
    g_free(packed->sizes);
    g_free(packed->is_packed);
    g_free(packed);
}

static void *new_codec_state(void *opaque)
{
    const Writer *writer = opaque;

    return writer->request->codec->new_state(writer->request->plan->page_size,
                                             writer->request->level);
}

static void free_codec_state(void *opaque, void *state)
{
    const Writer *writer = opaque;

    writer->request->codec->free_state(state);
}

static bool next_chunk(void *opaque, void *item)
{
    Writer *writer = opaque;
    PackedChunk *packed = item;

    return gc_chunk_cut(&writer->cutter, &packed->chunk);
}

/* Appends page @i to the packed ones: by the codec where that makes it
 * smaller, for a reader takes a page of full size to be stored as it is. */
static void pack_page(const Writer *writer, void *state, PackedChunk *packed,
                      size_t i)
{
    size_t page_size = writer->request->plan->page_size;
    const uint8_t *page = packed->chunk.pages + i * page_size;
    uint8_t *to = packed->packed + packed->packed_size;
    size_t size = writer->request->codec->compress(state, page, page_size, to,
                                                   page_size - 1);

    packed->is_packed[i] = size != 0;
    if (size == 0) {
        memcpy(to, page, page_size);
        size = page_size;
    }
    packed->offsets[i] = (uint32_t)packed->packed_size;
    packed->sizes[i] = (uint32_t)size;
    packed->packed_size += size;
}

/* If page @i is as the one before, which is often so where memory was filled
 * with some value, it shares that one's place in the file. */
static bool share_page(const Writer *writer, PackedChunk *packed, size_t i)
{
    size_t page_size = writer->request->plan->page_size;
    const uint8_t *page = packed->chunk.pages + i * page_size;

    if (i == 0 || packed->chunk.is_zero[i - 1] ||
        memcmp(page - page_size, page, page_size) != 0) {
        return false;
    }
    packed->offsets[i] = packed->offsets[i - 1];
    packed->sizes[i] = packed->sizes[i - 1];
    packed->is_packed[i] = packed->is_packed[i - 1];
    return true;
}

static bool pack_chunk(void *opaque, void *state, void *item, GError **error)
{
    const Writer *writer = opaque;
    const GcWriteRequest *request = writer->request;
    PackedChunk *packed = item;
    GcChunk *chunk = &packed->chunk;

    packed->packed_size = 0;
    if (chunk->is_hole) {
        return true;
    }
    if (!gc_chunk_read(chunk, request->plan,
                       gc_guest_get_memory(request->guest), error)) {
        return false;
    }
    for (size_t i = 0; i < chunk->end - chunk->first; i++) {
        packed->sizes[i] = 0;
        if (!chunk->is_zero[i] && !share_page(writer, packed, i)) {
            pack_page(writer, state, packed, i);
        }
    }
    return true;
}

static bool append_zero_descs(Writer *writer, uint64_t n, GError **error)
{
    for (uint64_t i = 0; i < n; i++) {
        if (!append(writer, &writer->descs, writer->zero_desc,
                    writer->desc_size, error)) {
            return false;
        }
    }
    return true;
}

/* @base: where in the file the chunk's packed pages will lie */
static bool append_desc(Writer *writer, const PackedChunk *packed, size_t i,
                        uint64_t base, GError **error)
{
    uint8_t disk[GC_KDUMP_MAX_DESC_SIZE];
    GcKdumpPageDesc desc = {
        .offset = base + packed->offsets[i],
        .size = packed->sizes[i],
        .flags = packed->is_packed[i] ? writer->request->codec->page_flag : 0,
    };

    if (packed->chunk.is_zero[i]) {
        return append_zero_descs(writer, 1, error);
    }
    return gc_record_put(&gc_kdump_page_desc_record, writer->encoding, &desc,
                         disk, error) &&
           append(writer, &writer->descs, disk, writer->desc_size, error);
}

static bool append_descs(Writer *writer, const PackedChunk *packed,
                         GError **error)
{
    const GcBitmap *keep = writer->request->plan->keep;
    const GcChunk *chunk = &packed->chunk;
    uint64_t base = tell(&writer->data);

    for (size_t i = 0; i < chunk->end - chunk->first; i++) {
        if (gc_bitmap_test(keep, chunk->first + i) &&
            !append_desc(writer, packed, i, base, error)) {
            return false;
        }
    }
    return true;
}

static bool append_chunk(void *opaque, void *item, GError **error)
{
    Writer *writer = opaque;
    const GcWriteRequest *request = writer->request;
    const PackedChunk *packed = item;
    uint64_t pages = gc_chunk_count_pages(&packed->chunk, request->plan);
    uint64_t zeros = gc_chunk_count_zeros(&packed->chunk, request->plan);
    bool ok;

    if (packed->chunk.is_hole) {
        ok = append_zero_descs(writer, pages, error);
    } else {
        ok = append_descs(writer, packed, error) &&
             append(writer, &writer->data, packed->packed, packed->packed_size,
                    error);
    }
    return ok && request->advance(request->opaque, pages, zeros, error);
}

/* A full disk must not take the place of what makes a part of a dump
 * readable. */
static bool reserve_descs(const Writer *writer, GError **error)
{
    const GcKdumpLayout *layout = writer->layout;

    return writer->request->ret_partial == NULL ||
           gc_image_writer_reserve(writer->request->image, layout->desc_offset,
                                   layout->data_offset - layout->desc_offset,
                                   error);
}

static bool write_pages(Writer *writer, GError **error)
{
    static const GcPipelineOps ops = {
        .new_item = new_chunk,
        .free_item = free_chunk,
        .new_worker = new_codec_state,
        .free_worker = free_codec_state,
        .next = next_chunk,
        .work = pack_chunk,
        .emit = append_chunk,
    };

    return reserve_descs(writer, error) && write_zero_page(writer, error) &&
           gc_pipeline_run(&ops, writer, writer->request->threads, error);
}

/* Data before what refers to them. */
static bool end_image(Writer *writer, GError **error)
{
    return flush(writer, &writer->data, error) &&
           flush(writer, &writer->descs, error) &&
           gc_image_writer_finish(writer->request->image, tell(&writer->data),
                                  error);
}

/* Clears the gathered descriptors of pages whose data are not in the file. */
static void drop_descs(Writer *writer)
{
    GByteArray *descs = writer->descs.gathered;

    for (guint at = 0; at < descs->len; at += (guint)writer->desc_size) {
        GcKdumpPageDesc desc;

        gc_record_get(&gc_kdump_page_desc_record, writer->encoding,
                      descs->data + at, &desc);
        if (desc.offset + desc.size > writer->data.offset) {
            memset(descs->data + at, 0, writer->desc_size);
        }
    }
}

/* Writes of the gathered data what there is room for, in ever smaller parts.
 * A stream has no room beforehand for what must follow, so it gets none. */
static void flush_what_fits(Writer *writer)
{
    const GcWriteRequest *request = writer->request;
    Stream *data = &writer->data;
    guint left = data->gathered->len;
    guint step = left;

    while (left > 0 && step >= writer->layout->block_size &&
           gc_image_writer_get_order(request->image) == GC_IMAGE_ORDER_ANY) {
        guint part = MIN(step, left);
        const uint8_t *from =
            data->gathered->data + (data->gathered->len - left);

        if (gc_image_writer_write(request->image, data->offset, from, part,
                                  NULL)) {
            data->offset += part;
            left -= part;
        } else {
            step /= 2;
        }
    }
    g_byte_array_set_size(data->gathered, 0);
}

/* After a failure: makes what is there a file that readers accept.  The
 * descriptors of pages that did not come are zero. */
static void salvage(Writer *writer)
{
    const GcWriteRequest *request = writer->request;

    if (request->ret_partial == NULL) {
        return;
    }
    if (!flush(writer, &writer->data, NULL)) {
        flush_what_fits(writer);
        drop_descs(writer);
    }
    *request->ret_partial =
        gc_kdump_mark_incomplete(request, writer->layout, NULL);
    flush(writer, &writer->descs, NULL);
    gc_image_writer_finish(request->image, tell(&writer->data), NULL);
}

bool gc_kdump_write(const GcWriteRequest *request, GError **error)
{
    g_autoptr(GcKdumpLayout) layout =
        gc_kdump_layout_new(request->guest, request->plan);
    g_autoptr(GByteArray) descs = g_byte_array_sized_new(STREAM_GATHERS);
    g_autoptr(GByteArray) data = g_byte_array_sized_new(STREAM_GATHERS);
    Writer writer = {
        .request = request,
        .layout = layout,
        .encoding = gc_guest_get_arch_info(request->guest)->encoding,
        .cutter = {.plan = request->plan},
        .descs = {layout->desc_offset, descs},
        .data = {layout->data_offset, data},
    };

    writer.desc_size =
        gc_record_get_size(&gc_kdump_page_desc_record, writer.encoding);
    g_assert(writer.desc_size <= GC_KDUMP_MAX_DESC_SIZE);
    if (!gc_kdump_write_front(request, layout, error)) {
        return false;
    }
    if (!write_pages(&writer, error) || !end_image(&writer, error)) {
        salvage(&writer);
        return false;
    }
    return true;
}
