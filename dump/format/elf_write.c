/* SPDX-License-Identifier: MIT */
#include "dump/format/elf_write.h"

#include <elf.h>
#include <string.h>

#include "base/error.h"
#include "dump/chunk.h"
#include "dump/format/elf_layout.h"
#include "dump/pipeline.h"

typedef struct Writer {
    const GcWriteRequest *request;
    GcElfLayout *layout;
    GcChunkCutter cutter;
    GcPfn done;    /* one past the last page that is dealt with */
    GcPfn written; /* one past the last of them that is not a hole */
} Writer;

static GcElfHeader make_header(const GcElfLayout *layout, const GcArch *arch,
                               bool is_incomplete)
{
    GcEncoding encoding = layout->encoding;
    bool many = layout->section_offset != 0;
    GcElfHeader header = {
        .type = ET_CORE,
        .machine = arch->elf_machine,
        .version = EV_CURRENT,
        .phoff = gc_record_get_size(&gc_elf_header_record, encoding),
        .shoff = layout->section_offset,
        .flags = is_incomplete ? GC_ELF_INCOMPLETE : 0,
        .ehsize = (uint16_t)gc_record_get_size(&gc_elf_header_record, encoding),
        .phentsize =
            (uint16_t)gc_record_get_size(&gc_elf_segment_record, encoding),
        .phnum = many ? PN_XNUM : (uint16_t)layout->segments->len,
        .shentsize =
            (uint16_t)gc_record_get_size(&gc_elf_section_record, encoding),
        .shnum = many ? 1 : 0,
    };

    memcpy(header.ident, ELFMAG, SELFMAG);
    header.ident[EI_CLASS] = encoding.is_64bit ? ELFCLASS64 : ELFCLASS32;
    header.ident[EI_DATA] = encoding.big_endian ? ELFDATA2MSB : ELFDATA2LSB;
    header.ident[EI_VERSION] = EV_CURRENT;
    return header;
}

static bool append_record(GByteArray *bytes, const GcRecord *record,
                          GcEncoding encoding, const void *host, GError **error)
{
    guint at = bytes->len;
    size_t size = gc_record_get_size(record, encoding);

    g_byte_array_set_size(bytes, (guint)(at + size));
    return gc_record_put(record, encoding, host, bytes->data + at, error);
}

/* All that lies before the memory. */
static bool write_head(const Writer *writer, GError **error)
{
    const GcElfLayout *layout = writer->layout;
    const GcArch *arch = gc_guest_get_arch_info(writer->request->guest);
    g_autoptr(GByteArray) head = g_byte_array_new();
    GcElfHeader header = make_header(
        layout, arch, gc_guest_is_incomplete(writer->request->guest));

    if (!append_record(head, &gc_elf_header_record, layout->encoding, &header,
                       error)) {
        return false;
    }
    for (guint i = 0; i < layout->segments->len; i++) {
        if (!append_record(head, &gc_elf_segment_record, layout->encoding,
                           &g_array_index(layout->segments, GcElfSegment, i),
                           error)) {
            return false;
        }
    }
    if (layout->section_offset != 0) {
        GcElfSection first = {.info = layout->segments->len};

        if (!append_record(head, &gc_elf_section_record, layout->encoding,
                           &first, error)) {
            return false;
        }
    }
    g_byte_array_append(head, layout->notes->data, layout->notes->len);
    return gc_image_writer_write(writer->request->image, 0, head->data,
                                 head->len, error);
}

static void *new_chunk(void *opaque)
{
    const Writer *writer = opaque;
    GcChunk *chunk = g_new0(GcChunk, 1);

    gc_chunk_init(chunk, writer->request->plan);
    return chunk;
}

static void free_chunk(void *item)
{
    gc_chunk_clear(item);
    g_free(item);
}

static bool next_chunk(void *opaque, void *item)
{
    Writer *writer = opaque;

    return gc_chunk_cut(&writer->cutter, item);
}

/* Writes the part of [@start, @end) that lies in the @i-th range of memory,
 * all of it read into @chunk. */
static bool write_part(const Writer *writer, const GcChunk *chunk, size_t i,
                       GcPaddr start, GcPaddr end, GError **error)
{
    const GcElfSegment *segment = gc_elf_layout_get_memory(writer->layout, i);
    GcPaddr base = chunk->first * writer->request->plan->page_size;

    start = MAX(start, segment->paddr);
    end = MIN(end, segment->paddr + segment->filesz);
    return start >= end ||
           gc_image_writer_write(writer->request->image,
                                 segment->offset + (start - segment->paddr),
                                 chunk->pages + (start - base), end - start,
                                 error);
}

/* Writes pages [@first, @end) of the chunk; they lie in one range, or in
 * several where a page is only partly memory. */
static bool write_run(const Writer *writer, const GcChunk *chunk, GcPfn first,
                      GcPfn end, GError **error)
{
    const GcPlan *plan = writer->request->plan;
    GcPaddr start = first * plan->page_size;
    GcPaddr stop = end * plan->page_size;

    for (size_t i = gc_elf_layout_find_memory(writer->layout, start);
         i < writer->layout->n_memory &&
         gc_elf_layout_get_memory(writer->layout, i)->paddr < stop;
         i++) {
        if (!write_part(writer, chunk, i, start, stop, error)) {
            return false;
        }
    }
    return true;
}

/* Pages of zeros are left out: a hole in the file reads the same. */
static bool write_chunk(const Writer *writer, const GcChunk *chunk,
                        GError **error)
{
    GcPfn end;

    if (chunk->is_hole) {
        return true;
    }
    for (GcPfn pfn = chunk->first; pfn < chunk->end; pfn = end) {
        bool is_zero = chunk->is_zero[pfn - chunk->first];

        for (end = pfn + 1;
             end < chunk->end && chunk->is_zero[end - chunk->first] == is_zero;
             end++) {
        }
        if (!is_zero && !write_run(writer, chunk, pfn, end, error)) {
            return false;
        }
    }
    return true;
}

/* Where a page goes is known beforehand, so each worker writes its own if
 * the image takes them in any order. */
static bool can_workers_write(const Writer *writer)
{
    return gc_image_writer_get_order(writer->request->image) ==
           GC_IMAGE_ORDER_ANY;
}

static bool work(void *opaque, void *worker, void *item, GError **error)
{
    const Writer *writer = opaque;
    const GcWriteRequest *request = writer->request;
    GcChunk *chunk = item;

    (void)worker;
    if (!chunk->is_hole &&
        !gc_chunk_borrow(chunk, request->plan,
                         gc_guest_get_memory(request->guest), error)) {
        return false;
    }
    return !can_workers_write(writer) || write_chunk(writer, chunk, error);
}

static void note_written(Writer *writer, const GcChunk *chunk)
{
    GcPfn end = chunk->is_hole ? chunk->first : chunk->end;

    while (end > chunk->first && chunk->is_zero[end - 1 - chunk->first]) {
        end--;
    }
    if (end > chunk->first) {
        writer->written = end;
    }
}

static bool emit(void *opaque, void *item, GError **error)
{
    Writer *writer = opaque;
    const GcWriteRequest *request = writer->request;
    const GcChunk *chunk = item;
    uint64_t zeros = gc_chunk_count_zeros(chunk, request->plan);
    uint64_t pages = gc_chunk_count_pages(chunk, request->plan);

    if (!can_workers_write(writer) && !write_chunk(writer, chunk, error)) {
        return false;
    }
    writer->done = chunk->end;
    note_written(writer, chunk);
    return request->advance(request->opaque, pages, zeros, error);
}

/* Where in the file the memory before page @pfn ends. */
static uint64_t get_end_of(const Writer *writer, GcPfn pfn)
{
    const GcElfLayout *layout = writer->layout;
    GcPaddr paddr = pfn * writer->request->plan->page_size;
    uint64_t end = 0;

    for (size_t i = 0; i < layout->n_memory; i++) {
        const GcElfSegment *segment = gc_elf_layout_get_memory(layout, i);

        if (segment->filesz == 0) {
            continue;
        }
        if (segment->paddr >= paddr) {
            return end != 0 ? end : segment->offset;
        }
        end = segment->offset + MIN(paddr - segment->paddr, segment->filesz);
    }
    return end != 0 ? end : layout->file_size;
}

static bool mark_incomplete(const Writer *writer)
{
    const GcWriteRequest *request = writer->request;
    const GcArch *arch = gc_guest_get_arch_info(request->guest);
    GcElfHeader header = make_header(writer->layout, arch, true);
    g_autoptr(GByteArray) head = g_byte_array_new();

    return append_record(head, &gc_elf_header_record, writer->layout->encoding,
                         &header, NULL) &&
           gc_image_writer_write(request->image, 0, head->data, head->len,
                                 NULL);
}

/* After a failure: what was not written lies behind the end of the file, and
 * the header says so.  A stream ends where it ends. */
static void salvage(const Writer *writer)
{
    const GcWriteRequest *request = writer->request;

    if (request->ret_partial == NULL || !can_workers_write(writer)) {
        return;
    }
    *request->ret_partial =
        mark_incomplete(writer) &&
        gc_image_writer_finish(request->image,
                               get_end_of(writer, writer->written), NULL);
    /* A hole behind that is good to have, should the file be allowed to grow
     * so far. */
    gc_image_writer_finish(request->image, get_end_of(writer, writer->done),
                           NULL);
}

bool gc_elf_write(const GcWriteRequest *request, GError **error)
{
    static const GcPipelineOps ops = {
        .new_item = new_chunk,
        .free_item = free_chunk,
        .next = next_chunk,
        .work = work,
        .emit = emit,
    };
    g_autoptr(GcElfLayout) layout =
        gc_elf_layout_new(request->guest, request->plan, request->paging);
    Writer writer = {
        .request = request,
        .layout = layout,
        .cutter = {.plan = request->plan},
    };

    if (request->ret_paging_is_cut != NULL) {
        *request->ret_paging_is_cut = layout->paging_is_cut;
    }
    if (!write_head(&writer, error)) {
        return false;
    }
    if (!gc_pipeline_run(&ops, &writer, request->threads, error) ||
        !gc_image_writer_finish(request->image, layout->file_size, error)) {
        salvage(&writer);
        return false;
    }
    return true;
}
