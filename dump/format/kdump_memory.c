/* SPDX-License-Identifier: MIT */
/* Pages are read in batches: their descriptors lie together in the file, and
 * mostly their data too, so a batch costs about two reads. */
#include "dump/format/kdump_memory.h"

#include <string.h>

#include "base/error.h"
#include "dump/codec/codec.h"

/* How many pages a batch has at most, and how much of the file it reads at
 * once, in bytes. */
#define BATCH_PAGES 64
#define WINDOW_SIZE (256u * 1024)

typedef struct Batch {
    const GcKdumpPart *part;
    size_t page_size;
    size_t n;
    GcKdumpPageDesc descs[BATCH_PAGES];

    uint8_t *window; /* the file's bytes [window_start, window_end) */
    uint64_t window_start;
    uint64_t window_end;
} Batch;

static bool check_desc(const Batch *batch, const GcKdumpPageDesc *desc,
                       GError **error)
{
    if (desc->offset == 0 && desc->size == 0) {
        g_set_error(error, GC_ERROR, GC_ERROR_NO_DATA,
                    "its page descriptor is zero: the dump was not written to "
                    "its end");
        return false;
    }
    if (desc->offset > batch->part->file->size ||
        desc->size > batch->part->file->size - desc->offset) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "page descriptor: %u bytes at offset %" G_GUINT64_FORMAT
                    " are not in the file",
                    desc->size, desc->offset);
        return false;
    }
    if (desc->size == 0 || desc->size > batch->page_size ||
        (desc->flags == 0 && desc->size != batch->page_size)) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "page descriptor: size %u and flags 0x%x do not fit pages "
                    "of %zu bytes",
                    desc->size, desc->flags, batch->page_size);
        return false;
    }
    return true;
}

/* Where the data end that follow each other from descriptor @i on.  A page
 * that is not packed may be the one that all pages of zeros share; those
 * that come between do not interrupt the others. */
static uint64_t find_window_end(const Batch *batch, size_t i)
{
    uint64_t start = batch->descs[i].offset;
    uint64_t end = start + batch->descs[i].size;

    for (size_t j = i + 1; j < batch->n; j++) {
        const GcKdumpPageDesc *desc = &batch->descs[j];

        if (desc->offset == end && desc->size <= start + WINDOW_SIZE - end) {
            end += desc->size;
        } else if (desc->flags != 0 || desc->offset == end) {
            break;
        }
    }
    return end;
}

/* The bytes of the @i-th page as they are in the file; NULL on failure. */
static const uint8_t *fetch(Batch *batch, size_t i, GError **error)
{
    const GcKdumpPageDesc *desc = &batch->descs[i];
    const GcFile *file = batch->part->file;

    if (desc->offset < batch->window_start ||
        desc->offset + desc->size > batch->window_end) {
        batch->window_start = desc->offset;
        batch->window_end = batch->window_start;
        if (!file->read(file->opaque, desc->offset, batch->window,
                        (size_t)(find_window_end(batch, i) - desc->offset),
                        error)) {
            return NULL;
        }
        batch->window_end = find_window_end(batch, i);
    }
    return batch->window + (desc->offset - batch->window_start);
}

static bool unpack(const Batch *batch, const GcKdumpPageDesc *desc,
                   const uint8_t *packed, uint8_t *page, GError **error)
{
    const GcCodec *codec = gc_codec_find_flag(desc->flags);

    if (codec == NULL) {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "page at offset %" G_GUINT64_FORMAT
                    " is packed by codec 0x%x, which this build has not",
                    desc->offset, desc->flags);
        return false;
    }
    if (!codec->decompress(packed, desc->size, page, batch->page_size)) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "page at offset %" G_GUINT64_FORMAT " is not what %s packs",
                    desc->offset, codec->name);
        return false;
    }
    return true;
}

/* Unpacks the @i-th page to @page. */
static bool read_page(Batch *batch, size_t i, uint8_t *page, GError **error)
{
    const GcKdumpPageDesc *desc = &batch->descs[i];
    const uint8_t *packed;

    if (!check_desc(batch, desc, error)) {
        return false;
    }
    packed = fetch(batch, i, error);
    if (packed == NULL) {
        return false;
    }
    if (desc->flags != 0) {
        return unpack(batch, desc, packed, page, error);
    }
    memcpy(page, packed, batch->page_size);
    return true;
}

/* Fills @batch with the descriptors of pages from @pfn on: at most @max, all
 * in one file, up to one that was left out. */
static bool start_batch(Batch *batch, const GcKdumpPages *pages, GcPfn pfn,
                        uint64_t max, GError **error)
{
    GcPfn end;

    batch->part = gc_kdump_pages_find_part(pages, pfn);
    end = MIN(pfn + MIN(max, BATCH_PAGES), batch->part->head.end_pfn);
    batch->n = 0;
    batch->window_start = 0;
    batch->window_end = 0;
    while (pfn + batch->n < end &&
           gc_kdump_pages_is_present(pages, pfn + batch->n)) {
        batch->n++;
    }
    if (batch->n == 0) {
        g_set_error(error, GC_ERROR, GC_ERROR_NO_DATA,
                    gc_bitmap_test(pages->stored, pfn)
                        ? "the dump was not written to its end"
                        : "it was left out of the dump");
        return false;
    }
    return gc_kdump_pages_read_descs(pages, batch->part, pfn, batch->n,
                                     batch->descs, error);
}

/* Reads the pages of @batch from byte @skip of the first one on, @len bytes
 * at most; returns how many, 0 on failure. */
static size_t read_batch(Batch *batch, size_t skip, uint8_t *to, size_t len,
                         GError **error)
{
    g_autofree uint8_t *page = g_malloc(batch->page_size);
    size_t done = 0;

    for (size_t i = 0; i < batch->n && done < len; i++) {
        size_t part = MIN(len - done, batch->page_size - skip);
        bool whole = part == batch->page_size;

        if (!read_page(batch, i, whole ? to + done : page, error)) {
            return 0;
        }
        if (!whole) {
            memcpy(to + done, page + skip, part);
        }
        done += part;
        skip = 0;
    }
    return done;
}

/* A run of page frames that exist, as a block of memory. */
typedef struct RunBacking {
    GcKdumpPages *pages;
    GcPfn first;
    uint32_t page_size;
} RunBacking;

static bool run_read(void *opaque, uint64_t offset, void *buf, size_t len,
                     GError **error)
{
    const RunBacking *backing = opaque;
    uint32_t page_size = backing->page_size;
    g_autofree uint8_t *window = g_malloc(MAX(WINDOW_SIZE, page_size));
    g_autofree Batch *batch = g_new0(Batch, 1);
    uint8_t *to = buf;
    size_t done;

    batch->window = window;
    batch->page_size = page_size;
    for (; len > 0; to += done, offset += done, len -= done) {
        size_t skip = (size_t)(offset % page_size);
        GcPfn pfn = backing->first + offset / page_size;

        done = 0;
        if (start_batch(batch, backing->pages, pfn,
                        (skip + len - 1) / page_size + 1, error)) {
            done = read_batch(batch, skip, to, len, error);
        }
        if (done == 0) {
            g_prefix_error(error,
                           "page frame 0x%" G_GINT64_MODIFIER "x: ", pfn);
            return false;
        }
    }
    return true;
}

/* The first page frame of [@first, @end) that can be read, and the first
 * after it that cannot. */
static void find_present(const GcKdumpPages *pages, GcPfn first, GcPfn end,
                         GcPfn *ret_first, GcPfn *ret_end)
{
    GcPfn at = gc_bitmap_next_set(pages->stored, first, end);
    GcPfn stop;

    while (pages->missing != NULL && at < end &&
           gc_bitmap_test(pages->missing, at)) {
        at = gc_bitmap_next_clear(pages->missing, at, end);
        at = gc_bitmap_next_set(pages->stored, at, end);
    }
    stop = gc_bitmap_next_clear(pages->stored, at, end);
    if (pages->missing != NULL) {
        stop = gc_bitmap_next_set(pages->missing, at, stop);
    }
    *ret_first = at;
    *ret_end = stop;
}

static bool run_next_present(void *opaque, uint64_t offset, uint64_t end,
                             uint64_t *ret_start, uint64_t *ret_end,
                             GError **error)
{
    const RunBacking *backing = opaque;
    uint64_t size = backing->page_size;
    GcPfn from = backing->first + offset / size;
    GcPfn to = backing->first + (end - 1) / size + 1;
    GcPfn first;
    GcPfn stop;

    (void)error;
    find_present(backing->pages, from, to, &first, &stop);
    *ret_start = CLAMP((first - backing->first) * size, offset, end);
    *ret_end = MIN((stop - backing->first) * size, end);
    return true;
}

static void run_free(void *opaque)
{
    RunBacking *backing = opaque;

    gc_kdump_pages_unref(backing->pages);
    g_free(backing);
}

static bool add_run(GcMemory *memory, GcKdumpPages *pages, GcPfn first,
                    GcPfn end, GError **error)
{
    static const GcMemoryOps ops = {
        .read = run_read,
        .free = run_free,
        .next_present = run_next_present,
    };
    uint64_t page_size =
        gc_kdump_pages_get_first(pages)->head.header.block_size;
    RunBacking *backing = g_new0(RunBacking, 1);

    backing->pages = gc_kdump_pages_ref(pages);
    backing->first = first;
    backing->page_size = (uint32_t)page_size;
    if (!gc_memory_add(memory, first * page_size, (end - first) * page_size,
                       &ops, backing, error)) {
        run_free(backing);
        return false;
    }
    return true;
}

GcMemory *gc_kdump_memory_new(GcKdumpPages *pages, GError **error)
{
    g_autoptr(GcMemory) memory = gc_memory_new();
    uint64_t n = gc_bitmap_get_n_bits(pages->exist);
    GcPfn end;

    for (GcPfn first = 0;; first = end) {
        first = gc_bitmap_next_set(pages->exist, first, n);
        if (first == n) {
            return g_steal_pointer(&memory);
        }
        end = gc_bitmap_next_clear(pages->exist, first, n);
        if (!add_run(memory, pages, first, end, error)) {
            return NULL;
        }
    }
}
