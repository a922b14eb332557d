/* SPDX-License-Identifier: MIT */
#include "dump/format/kdump_head.h"

#include <string.h>

#include "base/error.h"

#define MAX_RECORD_SIZE 512
#define MIN_BLOCK_SIZE 4096u
#define MAX_BLOCK_SIZE 65536u

bool gc_kdump_probe(const uint8_t *head, size_t size)
{
    size_t length = strlen(GC_KDUMP_SIGNATURE);

    return size >= length && memcmp(head, GC_KDUMP_SIGNATURE, length) == 0;
}

static bool read_record(const GcFile *file, const GcRecord *record,
                        GcEncoding encoding, uint64_t offset, void *host,
                        GError **error)
{
    uint8_t disk[MAX_RECORD_SIZE];
    size_t size = gc_record_get_size(record, encoding);

    g_assert(size <= sizeof(disk));
    if (!file->read(file->opaque, offset, disk, size, error)) {
        g_prefix_error(error, "%s: ", record->name);
        return false;
    }
    gc_record_get(record, encoding, disk, host);
    return true;
}

static bool is_header_plausible(const GcFile *file, const GcKdumpHeader *header)
{
    uint64_t blocks = file->size / MIN_BLOCK_SIZE;

    return header->version >= 1 && header->version <= GC_KDUMP_VERSION &&
           header->block_size >= MIN_BLOCK_SIZE &&
           header->block_size <= MAX_BLOCK_SIZE &&
           (header->block_size & (header->block_size - 1)) == 0 &&
           header->sub_hdr_size >= 1 && header->sub_hdr_size < blocks &&
           header->bitmap_blocks >= 1 && header->bitmap_blocks < blocks;
}

/* The file does not say its class and byte order; the one in which its
 * header makes sense is it. */
static bool read_header(const GcFile *file, GcKdumpHead *head, GError **error)
{
    static const GcEncoding encodings[] = {
        {true, false}, {true, true}, {false, false}, {false, true}};

    for (size_t i = 0; i < G_N_ELEMENTS(encodings); i++) {
        head->encoding = encodings[i];
        if (!read_record(file, &gc_kdump_header_record, head->encoding, 0,
                         &head->header, error)) {
            return false;
        }
        if (is_header_plausible(file, &head->header)) {
            return true;
        }
    }
    g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                "kdump header makes no sense");
    return false;
}

/* Before a field there is padding, or what another version has there. */
static void clear_absent_fields(GcKdumpSubHeader *sub, uint32_t version)
{
    if (version < 2) {
        sub->split = 0;
        sub->start_pfn = 0;
        sub->end_pfn = 0;
    }
    if (version < 3) {
        sub->offset_vmcoreinfo = 0;
        sub->size_vmcoreinfo = 0;
    }
    if (version < 4) {
        sub->offset_note = 0;
        sub->size_note = 0;
    }
    if (version < 5) {
        sub->offset_eraseinfo = 0;
        sub->size_eraseinfo = 0;
    }
    if (version < 6) {
        sub->start_pfn_64 = sub->start_pfn;
        sub->end_pfn_64 = sub->end_pfn;
        sub->max_mapnr_64 = 0;
    }
}

static bool is_sub_header_plausible(const GcFile *file, const GcKdumpHead *head)
{
    const GcKdumpHeader *header = &head->header;
    const GcKdumpSubHeader *sub = &head->sub;

    if (header->version >= 6 &&
        MIN(sub->max_mapnr_64, UINT32_MAX) != header->max_mapnr) {
        return false;
    }
    return sub->size_note == 0 ||
           (sub->offset_note >= header->block_size &&
            sub->offset_note <= file->size &&
            sub->size_note <= file->size - sub->offset_note);
}

/* In the 32-bit class there are two layouts, and nothing tells which; QEMU
 * uses the packed one also where the ABI of the guest has the other. */
static bool read_sub_header(const GcFile *file, GcKdumpHead *head,
                            GError **error)
{
    static const bool aligns_u64[] = {true, false};

    for (size_t i = 0; i < G_N_ELEMENTS(aligns_u64); i++) {
        if (!read_record(file, gc_kdump_get_sub_header_record(aligns_u64[i]),
                         head->encoding, head->header.block_size, &head->sub,
                         error)) {
            return false;
        }
        clear_absent_fields(&head->sub, head->header.version);
        if (is_sub_header_plausible(file, head)) {
            return true;
        }
    }
    g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                "kdump sub header makes no sense: notes of %" G_GUINT64_FORMAT
                " bytes at offset %" G_GUINT64_FORMAT ", %" G_GUINT64_FORMAT
                " page frames where the header has %u",
                head->sub.size_note, head->sub.offset_note,
                head->sub.max_mapnr_64, head->header.max_mapnr);
    return false;
}

static uint64_t divide_up(uint64_t n, uint64_t by)
{
    return n / by + (n % by != 0);
}

/* A file that leaves nothing out may have one bitmap that is both. */
static bool place_bitmaps(GcKdumpHead *head, GError **error)
{
    const GcKdumpHeader *header = &head->header;
    uint64_t block = header->block_size;
    uint64_t needed = divide_up(divide_up(head->n_pages, 8), block);

    if (head->n_pages == 0 || head->n_pages > GC_PLAN_MAX_PAGES ||
        needed > header->bitmap_blocks) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "bitmaps of %u blocks do not cover %" G_GUINT64_FORMAT
                    " page frames",
                    header->bitmap_blocks, head->n_pages);
        return false;
    }
    head->bitmap_size = needed * block;
    head->exist_offset = (1 + (uint64_t)header->sub_hdr_size) * block;
    head->stored_offset = head->exist_offset;
    if (header->bitmap_blocks >= 2 * needed) {
        head->stored_offset += header->bitmap_blocks / 2 * block;
    }
    head->desc_offset =
        head->exist_offset + (uint64_t)header->bitmap_blocks * block;
    return true;
}

static bool place_part(GcKdumpHead *head, GError **error)
{
    head->start_pfn = 0;
    head->end_pfn = head->n_pages;
    if (head->sub.split == 0) {
        return true;
    }
    head->start_pfn = head->sub.start_pfn_64;
    head->end_pfn = MIN(head->sub.end_pfn_64, head->n_pages);
    if (head->start_pfn > head->end_pfn) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "part of a split dump: page frames %" G_GUINT64_FORMAT
                    " to %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT,
                    head->sub.start_pfn_64, head->sub.end_pfn_64,
                    head->n_pages);
        return false;
    }
    return true;
}

bool gc_kdump_head_read(const GcFile *file, GcKdumpHead *ret_head,
                        GError **error)
{
    GcKdumpHead head = {.n_pages = 0};

    if (!read_header(file, &head, error) ||
        !read_sub_header(file, &head, error)) {
        return false;
    }
    head.n_pages = head.header.version >= 6 ? head.sub.max_mapnr_64
                                            : head.header.max_mapnr;
    if (!place_bitmaps(&head, error) || !place_part(&head, error)) {
        return false;
    }
    *ret_head = head;
    return true;
}
