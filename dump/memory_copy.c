/* SPDX-License-Identifier: MIT */
#include "dump/memory_copy.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/error.h"
#include "dump/pipeline.h"

/* Copied by one thread at a time. */
#define PIECE_SIZE (UINT64_C(4) * 1024 * 1024)

#define HUGE_PAGE_SIZE ((uintptr_t)2 * 1024 * 1024)

/* A block of the copy: of its mapping only what holds data takes room. */
typedef struct Copy {
    uint8_t *bytes;
    uint64_t size;
    GcRanges *data;
    GcRanges *missing; /* was not to be copied */
} Copy;

static void free_copy(void *opaque)
{
    Copy *copy = opaque;

    munmap(copy->bytes, copy->size);
    gc_ranges_free(copy->data);
    gc_ranges_free(copy->missing);
    g_free(copy);
}

static bool copy_read(void *opaque, uint64_t offset, void *buf, size_t len,
                      GError **error)
{
    const Copy *copy = opaque;
    size_t i = gc_ranges_find(copy->missing, offset);

    if (i < gc_ranges_get_n(copy->missing) &&
        gc_ranges_get(copy->missing, i).start < offset + len) {
        g_set_error(error, GC_ERROR, GC_ERROR_NO_DATA, "was not copied");
        return false;
    }
    memcpy(buf, copy->bytes + offset, len);
    return true;
}

static bool copy_next_data(void *opaque, uint64_t offset, uint64_t end,
                           uint64_t *ret_start, uint64_t *ret_end,
                           GError **error G_GNUC_UNUSED)
{
    const Copy *copy = opaque;
    size_t i = gc_ranges_find(copy->data, offset);
    GcRange range = {end, end};

    if (i < gc_ranges_get_n(copy->data)) {
        range = gc_ranges_get(copy->data, i);
    }
    *ret_start = MIN(MAX(range.start, offset), end);
    *ret_end = MIN(range.end, end);
    return true;
}

typedef struct Piece {
    GcPaddr paddr;
    uint64_t size;
    uint8_t *to;
} Piece;

/* The pieces that are to be copied, and how far that has come. */
typedef struct Work {
    GcMemory *from;
    const GcRanges *only; /* (nullable) */
    GArray *pieces;       /* of Piece */
    guint next;           /* the first that was not handed out */
    bool (*is_cancelled)(void *user_data);
    void *user_data;
} Work;

/* The pipeline's side */

static void *new_piece(void *opaque G_GNUC_UNUSED)
{
    return g_new(Piece, 1);
}

static bool next_piece(void *opaque, void *item)
{
    Work *work = opaque;

    if (work->next == work->pieces->len) {
        return false;
    }
    *(Piece *)item = g_array_index(work->pieces, Piece, work->next);
    work->next++;
    return true;
}

static bool copy_piece(void *opaque, void *worker G_GNUC_UNUSED, void *item,
                       GError **error)
{
    const Work *work = opaque;
    const Piece *piece = item;

    return gc_memory_read(work->from, piece->paddr, piece->to, piece->size,
                          error);
}

static bool check_cancelled(void *opaque, void *item G_GNUC_UNUSED,
                            GError **error)
{
    const Work *work = opaque;

    if (work->is_cancelled != NULL && work->is_cancelled(work->user_data)) {
        g_set_error(error, GC_ERROR, GC_ERROR_CANCELLED, "cancelled");
        return false;
    }
    return true;
}

/* What is to be copied */

static void add_pieces(Work *work, const Copy *copy, GcPaddr block_start,
                       GcRange data)
{
    for (uint64_t at = data.start; at < data.end; at += PIECE_SIZE) {
        Piece piece = {
            .paddr = block_start + at,
            .size = MIN(PIECE_SIZE, data.end - at),
            .to = copy->bytes + at,
        };

        g_array_append_val(work->pieces, piece);
    }
}

/* Fewer page faults where a huge page takes no more room than small ones; the
 * kernel may decline. */
static void ask_for_huge_pages(uint8_t *bytes, uint64_t size)
{
    size_t lead = -(uintptr_t)bytes % HUGE_PAGE_SIZE;

    if (size >= lead + HUGE_PAGE_SIZE) {
        size_t whole = (size - lead) / HUGE_PAGE_SIZE * HUGE_PAGE_SIZE;

        madvise(bytes + lead, whole, MADV_HUGEPAGE);
    }
}

/* The first part of [@start, @end) that holds data and is in @only; nothing is
 * found at @end. */
static bool next_wanted(GcMemory *memory, const GcRanges *only, GcPaddr at,
                        GcPaddr end, GcRange *ret_data, GError **error)
{
    while (at < end) {
        GcRange data;
        GcRange part;
        size_t i;

        if (!gc_memory_next_data(memory, at, end, &data.start, &data.end,
                                 error)) {
            return false;
        }
        i = only != NULL ? gc_ranges_find(only, data.start) : 0;
        if (only == NULL || data.start == data.end) {
            *ret_data = data;
            return true;
        }
        if (i == gc_ranges_get_n(only)) {
            break;
        }
        part = gc_ranges_get(only, i);
        if (part.start < data.end) {
            *ret_data =
                (GcRange){MAX(part.start, data.start), MIN(part.end, data.end)};
            return true;
        }
        at = part.start;
    }
    *ret_data = (GcRange){end, end};
    return true;
}

/* What of a block is not in @only. */
static void find_missing(const Work *work, Copy *copy, GcMemoryBlock block)
{
    GcPaddr end = block.start + block.size;
    GcRange gap;

    for (GcPaddr at = block.start;
         work->only != NULL && gc_ranges_next_gap(work->only, at, end, &gap);
         at = gap.end) {
        gc_ranges_add(copy->missing, gap.start - block.start,
                      gap.end - block.start);
    }
}

/* Finds what of a block holds data. */
static bool find_data(Work *work, Copy *copy, GcMemoryBlock block,
                      GError **error)
{
    GcPaddr block_end = block.start + block.size;
    GcRange found;

    for (GcPaddr at = block.start; at < block_end; at = found.end) {
        GcRange data;

        if (!next_wanted(work->from, work->only, at, block_end, &found,
                         error)) {
            return false;
        }
        data = (GcRange){found.start - block.start, found.end - block.start};
        gc_ranges_add(copy->data, data.start, data.end);
        ask_for_huge_pages(copy->bytes + data.start, data.end - data.start);
        add_pieces(work, copy, block.start, data);
    }
    return true;
}

static Copy *new_copy(uint64_t size, GError **error)
{
    void *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    Copy *copy;

    if (bytes == MAP_FAILED) {
        gc_set_error_errno(error, errno,
                           "no room for a copy of %" G_GUINT64_FORMAT " bytes",
                           size);
        return NULL;
    }
    copy = g_new0(Copy, 1);
    copy->bytes = bytes;
    copy->size = size;
    copy->data = gc_ranges_new();
    copy->missing = gc_ranges_new();
    return copy;
}

static bool add_block(Work *work, GcMemory *to, GcMemoryBlock block,
                      GError **error)
{
    static const GcMemoryOps ops = {
        .read = copy_read, .next_data = copy_next_data, .free = free_copy};
    Copy *copy = new_copy(block.size, error);

    if (copy == NULL) {
        return false;
    }
    if (!gc_memory_add(to, block.start, block.size, &ops, copy, error)) {
        free_copy(copy);
        return false;
    }
    find_missing(work, copy, block);
    return find_data(work, copy, block, error);
}

bool gc_memory_count_data(GcMemory *memory, const GcRanges *only,
                          uint64_t *ret_size, GError **error)
{
    uint64_t size = 0;
    GcRange data;

    for (GcPaddr at = 0; at < UINT64_MAX; at = data.end) {
        if (!next_wanted(memory, only, at, UINT64_MAX, &data, error)) {
            return false;
        }
        size += data.end - data.start;
    }
    *ret_size = size;
    return true;
}

GcMemory *gc_memory_copy(GcMemory *memory, const GcRanges *only,
                         unsigned threads,
                         bool (*is_cancelled)(void *user_data), void *user_data,
                         GError **error)
{
    static const GcPipelineOps ops = {
        .new_item = new_piece,
        .free_item = g_free,
        .next = next_piece,
        .work = copy_piece,
        .emit = check_cancelled,
    };
    g_autoptr(GcMemory) to = gc_memory_new();
    g_autoptr(GArray) pieces = g_array_new(FALSE, FALSE, sizeof(Piece));
    Work work = {.from = memory,
                 .only = only,
                 .pieces = pieces,
                 .is_cancelled = is_cancelled,
                 .user_data = user_data};

    for (size_t i = 0; i < gc_memory_get_n_blocks(memory); i++) {
        if (!add_block(&work, to, gc_memory_get_block(memory, i), error)) {
            return NULL;
        }
    }
    return gc_pipeline_run(&ops, &work, threads, error) ? g_steal_pointer(&to)
                                                        : NULL;
}
