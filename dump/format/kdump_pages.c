/* SPDX-License-Identifier: MIT */
#include "dump/format/kdump_pages.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* Bits of bitmap 2 between two entries of the rank table. */
#define RANK_STEP UINT64_C(4096)

/* How much of a bitmap is read at once, in bytes. */
#define BITMAP_STEP UINT64_C(1048576)

/* How many descriptors are looked through at once. */
#define SCAN_STEP 4096

static GcKdumpPart *get_part(const GcKdumpPages *pages, size_t i)
{
    return &g_array_index(pages->parts, GcKdumpPart, i);
}

const GcKdumpPart *gc_kdump_pages_get_first(const GcKdumpPages *pages)
{
    return get_part(pages, 0);
}

GcKdumpPages *gc_kdump_pages_ref(GcKdumpPages *pages)
{
    g_atomic_ref_count_inc(&pages->ref_count);
    return pages;
}

void gc_kdump_pages_unref(GcKdumpPages *pages)
{
    if (pages == NULL || !g_atomic_ref_count_dec(&pages->ref_count)) {
        return;
    }
    for (guint i = 0; i < pages->parts->len; i++) {
        gc_image_reader_unref(get_part(pages, i)->image);
    }
    g_array_unref(pages->parts);
    gc_bitmap_free(pages->exist);
    gc_bitmap_free(pages->stored);
    gc_bitmap_free(pages->missing);
    g_free(pages->ranks);
    g_free(pages);
}

static bool add_part(GcKdumpPages *pages, GcImageReader *image, GError **error)
{
    GcKdumpPart part = {.file = gc_image_reader_get_file(image)};

    if (!gc_kdump_head_read(part.file, &part.head, error)) {
        return false;
    }
    part.image = gc_image_reader_ref(image);
    g_array_append_val(pages->parts, part);
    pages->is_incomplete |=
        !gc_image_reader_is_complete(image) ||
        (part.head.header.status & GC_KDUMP_STATUS_INCOMPLETE) != 0;
    return true;
}

static int compare_parts(const void *a, const void *b)
{
    const GcKdumpPart *one = a;
    const GcKdumpPart *other = b;

    return (one->head.start_pfn > other->head.start_pfn) -
           (one->head.start_pfn < other->head.start_pfn);
}

/* Readers compare the whole header, and so do we: parts of two dumps of the
 * same guest must not be mixed. */
static bool is_same_dump(const GcKdumpHead *one, const GcKdumpHead *other)
{
    GcKdumpHeader a = one->header;
    GcKdumpHeader b = other->header;

    a.status &= ~GC_KDUMP_STATUS_INCOMPLETE;
    b.status &= ~GC_KDUMP_STATUS_INCOMPLETE;
    return one->encoding.is_64bit == other->encoding.is_64bit &&
           one->encoding.big_endian == other->encoding.big_endian &&
           memcmp(&a.uts, &b.uts, sizeof(a.uts)) == 0 &&
           a.timestamp_sec == b.timestamp_sec &&
           a.timestamp_usec == b.timestamp_usec && a.status == b.status &&
           a.block_size == b.block_size && a.nr_cpus == b.nr_cpus &&
           one->n_pages == other->n_pages;
}

/* Together the parts must have each page frame once. */
static bool check_parts(GcKdumpPages *pages, GError **error)
{
    const GcKdumpHead *first = &get_part(pages, 0)->head;
    GcPfn at = 0;

    for (guint i = 0; i < pages->parts->len; i++) {
        const GcKdumpHead *head = &get_part(pages, i)->head;

        if (!is_same_dump(first, head)) {
            g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                        "the files are not parts of the same dump");
            return false;
        }
        if (head->start_pfn != at) {
            break;
        }
        at = head->end_pfn;
    }
    if (at != first->n_pages) {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "page frames from 0x%" G_GINT64_MODIFIER
                    "x on are in another part of the split dump, or in two; "
                    "all parts are needed",
                    at);
        return false;
    }
    return true;
}

static GcBitmap *read_bitmap(const GcKdumpPart *part, uint64_t offset,
                             GError **error)
{
    const GcKdumpHead *head = &part->head;
    g_autoptr(GcBitmap) bitmap = gc_bitmap_new(head->n_pages);
    g_autofree uint8_t *bytes = g_malloc(BITMAP_STEP);
    size_t step;

    for (uint64_t at = 0; at < head->bitmap_size; at += step) {
        step = (size_t)MIN(head->bitmap_size - at, BITMAP_STEP);
        if (!part->file->read(part->file->opaque, offset + at, bytes, step,
                              error)) {
            g_prefix_error(error, "bitmap: ");
            return NULL;
        }
        gc_bitmap_or_bytes(bitmap, at, bytes, step);
    }
    return g_steal_pointer(&bitmap);
}

static void count_ranks(GcKdumpPages *pages)
{
    uint64_t n = gc_bitmap_get_n_bits(pages->stored);
    uint64_t rank = 0;

    pages->ranks = g_new0(uint64_t, n / RANK_STEP + 1);
    for (uint64_t at = 0; at < n; at += RANK_STEP) {
        pages->ranks[at / RANK_STEP] = rank;
        rank +=
            gc_bitmap_count_range(pages->stored, at, MIN(at + RANK_STEP, n));
    }
}

/* How many stored pages come before @pfn. */
static uint64_t get_rank(const GcKdumpPages *pages, GcPfn pfn)
{
    uint64_t step = pfn / RANK_STEP;

    return pages->ranks[step] +
           gc_bitmap_count_range(pages->stored, step * RANK_STEP, pfn);
}

static bool read_bitmaps(GcKdumpPages *pages, GError **error)
{
    const GcKdumpPart *first = get_part(pages, 0);

    pages->exist = read_bitmap(first, first->head.exist_offset, error);
    if (pages->exist == NULL) {
        return false;
    }
    pages->stored = read_bitmap(first, first->head.stored_offset, error);
    if (pages->stored == NULL) {
        return false;
    }
    count_ranks(pages);
    for (guint i = 0; i < pages->parts->len; i++) {
        GcKdumpPart *part = get_part(pages, i);

        part->first_rank = get_rank(pages, part->head.start_pfn);
    }
    return true;
}

const GcKdumpPart *gc_kdump_pages_find_part(const GcKdumpPages *pages,
                                            GcPfn pfn)
{
    guint i = 0;

    while (i + 1 < pages->parts->len &&
           get_part(pages, i)->head.end_pfn <= pfn) {
        i++;
    }
    return get_part(pages, i);
}

bool gc_kdump_pages_is_present(const GcKdumpPages *pages, GcPfn pfn)
{
    return gc_bitmap_test(pages->stored, pfn) &&
           !(pages->missing != NULL && gc_bitmap_test(pages->missing, pfn));
}

bool gc_kdump_pages_read_descs(const GcKdumpPages *pages,
                               const GcKdumpPart *part, GcPfn pfn, size_t n,
                               GcKdumpPageDesc *descs, GError **error)
{
    size_t size =
        gc_record_get_size(&gc_kdump_page_desc_record, part->head.encoding);
    uint64_t index = get_rank(pages, pfn) - part->first_rank;
    g_autofree uint8_t *disk = g_malloc(n * size);

    if (!part->file->read(part->file->opaque,
                          part->head.desc_offset + index * size, disk, n * size,
                          error)) {
        g_prefix_error(error, "page descriptor %" G_GUINT64_FORMAT ": ", index);
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        gc_record_get(&gc_kdump_page_desc_record, part->head.encoding,
                      disk + i * size, &descs[i]);
    }
    return true;
}

/* A descriptor that is still zero, or one of data that never came. */
static bool is_missing(const GcKdumpPart *part, const GcKdumpPageDesc *desc)
{
    return desc->offset == 0 || desc->offset > part->file->size ||
           desc->size > part->file->size - desc->offset;
}

/* Looks through the descriptors of the stored pages [@first, @end).  Where
 * the file ends before them, all of those are missing. */
static void scan_run(GcKdumpPages *pages, const GcKdumpPart *part, GcPfn first,
                     GcPfn end)
{
    g_autofree GcKdumpPageDesc *descs = g_new0(GcKdumpPageDesc, end - first);

    if (!gc_kdump_pages_read_descs(pages, part, first, end - first, descs,
                                   NULL)) {
        gc_bitmap_set_range(pages->missing, first, end);
        return;
    }
    for (GcPfn pfn = first; pfn < end; pfn++) {
        if (is_missing(part, &descs[pfn - first])) {
            gc_bitmap_set_range(pages->missing, pfn, pfn + 1);
        }
    }
}

static void find_missing(GcKdumpPages *pages)
{
    pages->missing = gc_bitmap_new(gc_bitmap_get_n_bits(pages->stored));
    for (guint i = 0; i < pages->parts->len; i++) {
        const GcKdumpPart *part = get_part(pages, i);
        GcPfn limit = part->head.end_pfn;
        GcPfn end;

        for (GcPfn first = part->head.start_pfn; first < limit; first = end) {
            first = gc_bitmap_next_set(pages->stored, first, limit);
            end = gc_bitmap_next_clear(pages->stored, first,
                                       MIN(first + SCAN_STEP, limit));
            if (first < limit) {
                scan_run(pages, part, first, end);
            }
        }
    }
}

GcKdumpPages *gc_kdump_pages_new(GcImageReader *const *images, size_t n_images,
                                 GError **error)
{
    g_autoptr(GcKdumpPages) pages = g_new0(GcKdumpPages, 1);

    g_atomic_ref_count_init(&pages->ref_count);
    pages->parts = g_array_new(FALSE, FALSE, sizeof(GcKdumpPart));
    for (size_t i = 0; i < n_images; i++) {
        if (!add_part(pages, images[i], error)) {
            return NULL;
        }
    }
    qsort(pages->parts->data, n_images, sizeof(GcKdumpPart), compare_parts);
    if (!check_parts(pages, error) || !read_bitmaps(pages, error)) {
        return NULL;
    }
    if (pages->is_incomplete) {
        find_missing(pages);
    }
    return g_steal_pointer(&pages);
}
