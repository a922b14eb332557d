/* SPDX-License-Identifier: MIT */
#include "dump/format/kdump_read.h"

#include <string.h>

#include "base/error.h"
#include "dump/format/kdump_layout.h"

#define MAX_HEADER_SIZE 512
#define MAX_DESC_SIZE 24
#define MIN_BLOCK_SIZE 4096u
#define MAX_BLOCK_SIZE 65536u

/* Bits of bitmap 2 between two entries of the rank table. */
#define RANK_STEP UINT64_C(4096)

/* An open file; all blocks of memory share it. */
typedef struct Reader {
    gatomicrefcount ref_count;
    GcImageReader *image;
    const GcFile *file;
    GcEncoding encoding;
    GcKdumpHeader header;
    GcKdumpSubHeader sub;
    uint64_t n_pages;     /* page frames that the bitmaps cover */
    uint64_t bitmap_size; /* of one of them, in bytes */
    GcBitmap *exist;      /* bitmap 1 */
    GcBitmap *stored;     /* bitmap 2 */
    uint64_t *ranks;      /* stored pages before each RANK_STEP */
    uint64_t desc_offset;
} Reader;

static void reader_unref(Reader *reader)
{
    if (reader != NULL && g_atomic_ref_count_dec(&reader->ref_count)) {
        gc_image_reader_unref(reader->image);
        gc_bitmap_free(reader->exist);
        gc_bitmap_free(reader->stored);
        g_free(reader->ranks);
        g_free(reader);
    }
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Reader, reader_unref)

bool gc_kdump_probe(const uint8_t *head, size_t size)
{
    size_t length = strlen(GC_KDUMP_SIGNATURE);

    return size >= length && memcmp(head, GC_KDUMP_SIGNATURE, length) == 0;
}

static bool read_record(const Reader *reader, const GcRecord *record,
                        uint64_t offset, void *host, GError **error)
{
    uint8_t disk[MAX_HEADER_SIZE];
    size_t size = gc_record_get_size(record, reader->encoding);

    g_assert(size <= sizeof(disk));
    if (!reader->file->read(reader->file->opaque, offset, disk, size, error)) {
        g_prefix_error(error, "%s: ", record->name);
        return false;
    }
    gc_record_get(record, reader->encoding, disk, host);
    return true;
}

static bool is_plausible(const Reader *reader)
{
    const GcKdumpHeader *header = &reader->header;
    uint64_t blocks = reader->file->size / MIN_BLOCK_SIZE;

    return header->version >= 1 && header->version <= GC_KDUMP_VERSION &&
           header->block_size >= MIN_BLOCK_SIZE &&
           header->block_size <= MAX_BLOCK_SIZE &&
           (header->block_size & (header->block_size - 1)) == 0 &&
           header->sub_hdr_size >= 1 && header->sub_hdr_size < blocks &&
           header->bitmap_blocks >= 2 && header->bitmap_blocks < blocks;
}

/* The file does not say its class and byte order; the one in which its
 * header makes sense is it. */
static bool read_header(Reader *reader, GError **error)
{
    static const GcEncoding encodings[] = {
        {true, false}, {true, true}, {false, false}, {false, true}};

    for (size_t i = 0; i < G_N_ELEMENTS(encodings); i++) {
        reader->encoding = encodings[i];
        if (!read_record(reader, &gc_kdump_header_record, 0, &reader->header,
                         error)) {
            return false;
        }
        if (is_plausible(reader)) {
            return true;
        }
    }
    g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                "kdump header makes no sense");
    return false;
}

static bool is_plausible_sub(const Reader *reader)
{
    const GcKdumpSubHeader *sub = &reader->sub;
    uint64_t size = reader->file->size;

    return sub->offset_note >= reader->header.block_size &&
           sub->offset_note <= size && sub->size_note <= size &&
           (reader->header.version < 6 ||
            (sub->max_mapnr_64 >= 1 && sub->max_mapnr_64 <= GC_PLAN_MAX_PAGES));
}

/* A 32-bit dump does not say how its writer aligns 64-bit integers: as its
 * machine does, or as QEMU does, which writes that of ARM as i386's. */
static bool read_any_sub_header(Reader *reader, GError **error)
{
    static const bool aligns_u64[] = {true, false};

    for (size_t i = 0; i < G_N_ELEMENTS(aligns_u64); i++) {
        if (!read_record(reader, gc_kdump_get_sub_header_record(aligns_u64[i]),
                         reader->header.block_size, &reader->sub, error)) {
            return false;
        }
        if (is_plausible_sub(reader)) {
            break;
        }
    }
    return true;
}

/* Versions before 6 have page frames of 32 bits only, and less of the sub
 * header; what a version has not is zero. */
static bool read_sub_header(Reader *reader, GError **error)
{
    if (!read_any_sub_header(reader, error)) {
        return false;
    }
    if (reader->header.version < 4) {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "kdump version %u has no notes", reader->header.version);
        return false;
    }
    if (reader->sub.split != 0) {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "it is one part of a dump that was split");
        return false;
    }
    reader->n_pages = reader->header.version >= 6 ? reader->sub.max_mapnr_64
                                                  : reader->header.max_mapnr;
    return true;
}

static bool place_bitmaps(Reader *reader, GError **error)
{
    const GcKdumpHeader *header = &reader->header;
    uint64_t size = (uint64_t)header->bitmap_blocks * header->block_size;

    reader->bitmap_size = size / 2;
    if (reader->n_pages == 0 || reader->n_pages > GC_PLAN_MAX_PAGES ||
        reader->n_pages > reader->bitmap_size * 8) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "bitmaps of %" G_GUINT64_FORMAT
                    " bytes do not cover %" G_GUINT64_FORMAT " pages",
                    reader->bitmap_size, reader->n_pages);
        return false;
    }
    reader->desc_offset =
        (1 + (uint64_t)header->sub_hdr_size) * header->block_size + size;
    return true;
}

static GcBitmap *read_bitmap(const Reader *reader, uint64_t offset,
                             GError **error)
{
    g_autoptr(GcBitmap) bitmap = gc_bitmap_new(reader->n_pages);
    size_t block = reader->header.block_size;
    g_autofree uint8_t *bytes = g_malloc(block);

    for (uint64_t at = 0; at < reader->bitmap_size; at += block) {
        if (!reader->file->read(reader->file->opaque, offset + at, bytes, block,
                                error)) {
            g_prefix_error(error, "bitmap: ");
            return NULL;
        }
        gc_bitmap_or_bytes(bitmap, at, bytes, block);
    }
    return g_steal_pointer(&bitmap);
}

static void count_ranks(Reader *reader)
{
    uint64_t rank = 0;

    reader->ranks = g_new0(uint64_t, reader->n_pages / RANK_STEP + 1);
    for (uint64_t at = 0; at < reader->n_pages; at += RANK_STEP) {
        reader->ranks[at / RANK_STEP] = rank;
        rank += gc_bitmap_count_range(reader->stored, at,
                                      MIN(at + RANK_STEP, reader->n_pages));
    }
}

static bool read_bitmaps(Reader *reader, GError **error)
{
    uint64_t offset;

    if (!place_bitmaps(reader, error)) {
        return false;
    }
    offset = reader->desc_offset - 2 * reader->bitmap_size;
    reader->exist = read_bitmap(reader, offset, error);
    if (reader->exist == NULL) {
        return false;
    }
    reader->stored = read_bitmap(reader, offset + reader->bitmap_size, error);
    if (reader->stored == NULL) {
        return false;
    }
    count_ranks(reader);
    return true;
}

static bool read_desc(const Reader *reader, GcPfn pfn, GcKdumpPageDesc *desc,
                      GError **error)
{
    uint64_t step = pfn / RANK_STEP;
    uint64_t index =
        reader->ranks[step] +
        gc_bitmap_count_range(reader->stored, step * RANK_STEP, pfn);
    size_t size =
        gc_record_get_size(&gc_kdump_page_desc_record, reader->encoding);

    if (!read_record(reader, &gc_kdump_page_desc_record,
                     reader->desc_offset + index * size, desc, error)) {
        return false;
    }
    if (desc->size == 0 || desc->size > reader->header.block_size ||
        (desc->flags == 0 && desc->size != reader->header.block_size)) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "page descriptor %" G_GUINT64_FORMAT
                    ": size %u and flags 0x%x do not fit pages of %u bytes",
                    index, desc->size, desc->flags, reader->header.block_size);
        return false;
    }
    return true;
}

static bool unpack(const Reader *reader, const GcKdumpPageDesc *desc,
                   const uint8_t *packed, uint8_t *page, GError **error)
{
    const GcCodec *codec = gc_codec_find_flag(desc->flags);

    if (codec == NULL) {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "page at offset %" G_GUINT64_FORMAT
                    " is packed by codec 0x%x, which is not known",
                    desc->offset, desc->flags);
        return false;
    }
    if (!codec->decompress(packed, desc->size, page,
                           reader->header.block_size)) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "page at offset %" G_GUINT64_FORMAT " is not what %s packs",
                    desc->offset, codec->name);
        return false;
    }
    return true;
}

static bool read_page(const Reader *reader, GcPfn pfn, uint8_t *page,
                      uint8_t *packed, GError **error)
{
    GcKdumpPageDesc desc;

    if (!gc_bitmap_test(reader->stored, pfn)) {
        g_set_error(error, GC_ERROR, GC_ERROR_NO_DATA,
                    "page 0x%" G_GINT64_MODIFIER "x was left out of the dump",
                    pfn);
        return false;
    }
    if (!read_desc(reader, pfn, &desc, error)) {
        return false;
    }
    if (desc.flags == 0) {
        return reader->file->read(reader->file->opaque, desc.offset, page,
                                  desc.size, error);
    }
    return reader->file->read(reader->file->opaque, desc.offset, packed,
                              desc.size, error) &&
           unpack(reader, &desc, packed, page, error);
}

/* A run of existing pages, as a block of memory. */
typedef struct RunBacking {
    Reader *reader;
    GcPfn first;
} RunBacking;

static bool run_read(void *opaque, uint64_t offset, void *buf, size_t len,
                     GError **error)
{
    const RunBacking *backing = opaque;
    size_t page_size = backing->reader->header.block_size;
    g_autofree uint8_t *page = g_malloc(2 * page_size);
    uint8_t *to = buf;

    while (len > 0) {
        size_t skip = (size_t)(offset % page_size);
        size_t part = MIN(len, page_size - skip);

        if (!read_page(backing->reader, backing->first + offset / page_size,
                       page, page + page_size, error)) {
            return false;
        }
        memcpy(to, page + skip, part);
        to += part;
        offset += part;
        len -= part;
    }
    return true;
}

static void run_free(void *opaque)
{
    RunBacking *backing = opaque;

    reader_unref(backing->reader);
    g_free(backing);
}

static bool add_run(GcMemory *memory, Reader *reader, GcPfn first, GcPfn end,
                    GError **error)
{
    static const GcMemoryOps ops = {.read = run_read, .free = run_free};
    uint64_t page_size = reader->header.block_size;
    RunBacking *backing = g_new0(RunBacking, 1);

    g_atomic_ref_count_inc(&reader->ref_count);
    backing->reader = reader;
    backing->first = first;
    if (!gc_memory_add(memory, first * page_size, (end - first) * page_size,
                       &ops, backing, error)) {
        run_free(backing);
        return false;
    }
    return true;
}

static GcMemory *make_memory(Reader *reader, GError **error)
{
    g_autoptr(GcMemory) memory = gc_memory_new();
    GcPfn end;

    for (GcPfn first = 0;; first = end) {
        first = gc_bitmap_next_set(reader->exist, first, reader->n_pages);
        if (first == reader->n_pages) {
            return g_steal_pointer(&memory);
        }
        end = gc_bitmap_next_clear(reader->exist, first, reader->n_pages);
        if (!add_run(memory, reader, first, end, error)) {
            return NULL;
        }
    }
}

static GPtrArray *read_notes(const Reader *reader, GError **error)
{
    g_autoptr(GPtrArray) notes = gc_notes_new();
    uint64_t size = reader->sub.size_note;
    g_autofree uint8_t *bytes = NULL;

    if (size > MIN(reader->file->size, GC_NOTES_MAX_SIZE)) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "notes of %" G_GUINT64_FORMAT " bytes are too large", size);
        return NULL;
    }
    bytes = g_malloc(size);
    if (size > 0 &&
        !reader->file->read(reader->file->opaque, reader->sub.offset_note,
                            bytes, size, error)) {
        g_prefix_error(error, "notes: ");
        return NULL;
    }
    if (!gc_notes_parse(notes, bytes, size, reader->encoding.big_endian,
                        error)) {
        return NULL;
    }
    return g_steal_pointer(&notes);
}

static size_t get_prstatus_size(GPtrArray *notes)
{
    for (guint i = 0; i < notes->len; i++) {
        const GcNote *note = g_ptr_array_index(notes, i);

        if (gc_note_is_prstatus(note)) {
            return g_bytes_get_size(note->desc);
        }
    }
    return 0;
}

static const GcArch *find_arch(const Reader *reader, GPtrArray *notes,
                               GError **error)
{
    g_autofree char *machine =
        g_strndup(reader->header.uts.machine, GC_UTSNAME_LENGTH);
    const GcArch *arch = gc_arch_find_machine(machine, reader->encoding,
                                              get_prstatus_size(notes));

    if (arch == NULL) {
        g_autofree char *printable = g_strescape(machine, NULL);

        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "architecture '%s' is not known", printable);
    }
    return arch;
}

GcGuest *gc_kdump_read(GcImageReader *image, GError **error)
{
    g_autoptr(Reader) reader = g_new0(Reader, 1);
    g_autoptr(GcMemory) memory = NULL;
    g_autoptr(GPtrArray) notes = NULL;
    const GcArch *arch;

    g_atomic_ref_count_init(&reader->ref_count);
    reader->image = gc_image_reader_ref(image);
    reader->file = gc_image_reader_get_file(image);
    if (!read_header(reader, error) || !read_sub_header(reader, error) ||
        !read_bitmaps(reader, error)) {
        return NULL;
    }
    notes = read_notes(reader, error);
    arch = notes != NULL ? find_arch(reader, notes, error) : NULL;
    memory = arch != NULL ? make_memory(reader, error) : NULL;
    return memory != NULL
               ? gc_guest_new_with_notes(arch->name, memory, notes, error)
               : NULL;
}
