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
} Writer;

static GcElfHeader make_header(const GcElfLayout *layout, const GcArch *arch)
{
    GcEncoding encoding = layout->encoding;
    bool many = layout->section_offset != 0;
    GcElfHeader header = {
        .type = ET_CORE,
        .machine = arch->elf_machine,
        .version = EV_CURRENT,
        .phoff = gc_record_get_size(&gc_elf_header_record, encoding),
        .shoff = layout->section_offset,
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
    GcElfHeader header = make_header(layout, arch);

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

/* Writes the part of [@start, @end) that lies in @block, all of it read into
 * @chunk. */
static bool write_part(const Writer *writer, const GcChunk *chunk,
                       const GcElfSegment *block, GcPaddr start, GcPaddr end,
                       GError **error)
{
    GcPaddr base = chunk->first * writer->request->plan->page_size;

    start = MAX(start, block->paddr);
    end = MIN(end, block->paddr + block->memsz);
    if (start >= end) {
        return true;
    }
    return gc_image_writer_write(
        writer->request->image, block->offset + (start - block->paddr),
        chunk->pages + (start - base), end - start, error);
}

/* Writes pages [@first, @end) of the chunk; they lie in one block, or in
 * several where a page is only partly memory. */
static bool write_run(const Writer *writer, const GcChunk *chunk, GcPfn first,
                      GcPfn end, GError **error)
{
    uint32_t page_size = writer->request->plan->page_size;

    for (size_t i = 0; i < writer->layout->n_memory; i++) {
        if (!write_part(writer, chunk,
                        gc_elf_layout_get_block(writer->layout, i),
                        first * page_size, end * page_size, error)) {
            return false;
        }
    }
    return true;
}

/* Where a page goes is known beforehand, so each worker writes its own.
 * Pages of zeros are left out: a hole in the file reads the same. */
static bool write_chunk(void *opaque, void *worker, void *item, GError **error)
{
    const Writer *writer = opaque;
    const GcWriteRequest *request = writer->request;
    GcChunk *chunk = item;
    GcPfn end;

    (void)worker;
    if (chunk->is_hole) {
        return true;
    }
    if (!gc_chunk_read(chunk, request->plan,
                       gc_guest_get_memory(request->guest), error)) {
        return false;
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

static bool advance(void *opaque, void *item, GError **error)
{
    const Writer *writer = opaque;
    const GcWriteRequest *request = writer->request;
    uint64_t zeros = gc_chunk_count_zeros(item, request->plan);
    uint64_t pages = gc_chunk_count_pages(item, request->plan);

    return request->advance(request->opaque, pages, zeros, error);
}

bool gc_elf_write(const GcWriteRequest *request, GError **error)
{
    static const GcPipelineOps ops = {
        .new_item = new_chunk,
        .free_item = free_chunk,
        .next = next_chunk,
        .work = write_chunk,
        .emit = advance,
    };
    g_autoptr(GcElfLayout) layout =
        gc_elf_layout_new(request->guest, request->paging);
    Writer writer = {
        .request = request,
        .layout = layout,
        .cutter = {.plan = request->plan},
    };

    if (request->ret_paging_is_cut != NULL) {
        *request->ret_paging_is_cut = layout->paging_is_cut;
    }
    return write_head(&writer, error) &&
           gc_pipeline_run(&ops, &writer, request->threads, error) &&
           gc_image_writer_finish(request->image, layout->file_size, error);
}
