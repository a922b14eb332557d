/* SPDX-License-Identifier: MIT */
#include "dump/image/flattened_index.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "dump/image/flattened.h"

/* Some bytes of the file, and where they lie in the stream. */
typedef struct Piece {
    uint64_t start;
    uint64_t end;
    uint64_t stream_offset; /* of the byte at @start */
} Piece;

struct GcFlattenedIndex {
    const GcFile *stream;
    GArray *pieces; /* of Piece; at last sorted and disjoint */
    uint64_t size;
    bool is_complete;
};

void gc_flattened_index_free(GcFlattenedIndex *index)
{
    if (index != NULL) {
        g_array_unref(index->pieces);
        g_free(index);
    }
}

bool gc_flattened_index_is_complete(const GcFlattenedIndex *index)
{
    return index->is_complete;
}

static Piece *get_piece(const GArray *pieces, size_t i)
{
    return &g_array_index(pieces, Piece, i);
}

bool gc_flattened_probe(const uint8_t *head, size_t size)
{
    static const char signature[16] = GC_FLATTENED_SIGNATURE;

    return size >= sizeof(signature) &&
           memcmp(head, signature, sizeof(signature)) == 0;
}

static bool read_header(const GcFile *stream, GError **error)
{
    uint8_t disk[32];
    GcFlattenedHeader header;

    g_assert(gc_record_get_size(&gc_flattened_header_record,
                                gc_flattened_encoding) == sizeof(disk));
    if (!stream->read(stream->opaque, 0, disk, sizeof(disk), error)) {
        g_prefix_error(error, "flattened header: ");
        return false;
    }
    gc_record_get(&gc_flattened_header_record, gc_flattened_encoding, disk,
                  &header);
    if (!gc_flattened_probe(disk, sizeof(disk)) ||
        header.type != GC_FLATTENED_TYPE ||
        header.version != GC_FLATTENED_VERSION) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "flattened header: type %" G_GUINT64_FORMAT
                    " and version %" G_GUINT64_FORMAT " are not known",
                    header.type, header.version);
        return false;
    }
    return true;
}

static bool check_record(const GcFlattenedIndex *index, uint64_t at,
                         const GcFlattenedRecord *record, GError **error)
{
    if (record->offset < 0 || record->size <= 0 ||
        record->size > INT64_MAX - record->offset) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "flattened record at offset %" G_GUINT64_FORMAT
                    ": %" G_GINT64_FORMAT " bytes at %" G_GINT64_FORMAT
                    " are impossible",
                    at, record->size, record->offset);
        return false;
    }
    if (index->pieces->len >= GC_FLATTENED_MAX_RECORDS) {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "there are more than %u flattened records",
                    GC_FLATTENED_MAX_RECORDS);
        return false;
    }
    return true;
}

/* Reads the record at *@at and moves on; at the end of the file, or at the
 * end mark, *@at becomes the stream's size. */
static bool read_record(GcFlattenedIndex *index, uint64_t *at, GError **error)
{
    const GcFile *stream = index->stream;
    uint8_t disk[GC_FLATTENED_RECORD_SIZE];
    uint64_t data = *at + sizeof(disk);
    GcFlattenedRecord record;
    Piece piece;

    if (data > stream->size) {
        *at = stream->size;
        return true;
    }
    if (!stream->read(stream->opaque, *at, disk, sizeof(disk), error)) {
        return false;
    }
    gc_record_get(&gc_flattened_record_record, gc_flattened_encoding, disk,
                  &record);
    if (record.offset == GC_FLATTENED_END && record.size == GC_FLATTENED_END) {
        index->is_complete = true;
        *at = stream->size;
        return true;
    }
    if (!check_record(index, *at, &record, error)) {
        return false;
    }
    piece.start = (uint64_t)record.offset;
    piece.end = piece.start + MIN((uint64_t)record.size, stream->size - data);
    piece.stream_offset = data;
    g_array_append_val(index->pieces, piece);
    *at = data + (piece.end - piece.start);
    return true;
}

/* Equal starts need no order: which piece counts is told by its place in the
 * stream. */
static int compare_pieces(const void *a, const void *b)
{
    const Piece *one = a;
    const Piece *other = b;

    return (one->start > other->start) - (one->start < other->start);
}

/* A heap of the pieces that cover a byte: its top is the latest in the
 * stream.  Pieces that ended are dropped when they come to the top. */
static void swap_pieces(GArray *pieces, size_t i, size_t j)
{
    Piece piece = *get_piece(pieces, i);

    *get_piece(pieces, i) = *get_piece(pieces, j);
    *get_piece(pieces, j) = piece;
}

static bool is_later(const GArray *pieces, size_t i, size_t j)
{
    return get_piece(pieces, i)->stream_offset >
           get_piece(pieces, j)->stream_offset;
}

static void heap_push(GArray *heap, const Piece *piece)
{
    size_t i = heap->len;

    g_array_append_val(heap, *piece);
    while (i > 0 && is_later(heap, i, (i - 1) / 2)) {
        swap_pieces(heap, i, (i - 1) / 2);
        i = (i - 1) / 2;
    }
}

static void heap_pop(GArray *heap)
{
    size_t i = 0;

    swap_pieces(heap, 0, heap->len - 1);
    g_array_set_size(heap, heap->len - 1);
    for (;;) {
        size_t latest = i;

        for (size_t child = 2 * i + 1; child <= 2 * i + 2; child++) {
            if (child < heap->len && is_later(heap, child, latest)) {
                latest = child;
            }
        }
        if (latest == i) {
            return;
        }
        swap_pieces(heap, i, latest);
        i = latest;
    }
}

/* Appends [@start, @end) as @from has it, to the last piece if it is the
 * same record that goes on. */
static void append_part(GArray *pieces, const Piece *from, uint64_t start,
                        uint64_t end)
{
    Piece part = {start, end, from->stream_offset + (start - from->start)};
    Piece *last = pieces->len > 0 ? get_piece(pieces, pieces->len - 1) : NULL;

    if (last != NULL && last->end == start &&
        last->stream_offset + (last->end - last->start) == part.stream_offset) {
        last->end = end;
    } else {
        g_array_append_val(pieces, part);
    }
}

/* Sweeps over the sorted pieces, and cuts them where a later one covers
 * them. */
static GArray *resolve_overlaps(const GArray *sorted)
{
    GArray *resolved = g_array_new(FALSE, FALSE, sizeof(Piece));
    g_autoptr(GArray) heap = g_array_new(FALSE, FALSE, sizeof(Piece));
    uint64_t at = 0;
    size_t i = 0;

    while (i < sorted->len || heap->len > 0) {
        const Piece *top = heap->len > 0 ? get_piece(heap, 0) : NULL;
        const Piece *next = i < sorted->len ? get_piece(sorted, i) : NULL;
        uint64_t end;

        if (top != NULL && top->end <= at) {
            heap_pop(heap);
        } else if (next != NULL && (top == NULL || next->start <= at)) {
            at = MAX(at, next->start);
            heap_push(heap, next);
            i++;
        } else {
            end = next != NULL ? MIN(top->end, next->start) : top->end;
            append_part(resolved, top, at, end);
            at = end;
        }
    }
    return resolved;
}

static bool overlap(const GArray *sorted)
{
    for (size_t i = 1; i < sorted->len; i++) {
        if (get_piece(sorted, i)->start < get_piece(sorted, i - 1)->end) {
            return true;
        }
    }
    return false;
}

static void sort_pieces(GcFlattenedIndex *index)
{
    GArray *pieces = index->pieces;

    if (pieces->len == 0) {
        return;
    }
    qsort(pieces->data, pieces->len, sizeof(Piece), compare_pieces);
    if (overlap(pieces)) {
        index->pieces = resolve_overlaps(pieces);
        g_array_unref(pieces);
    }
    index->size = get_piece(index->pieces, index->pieces->len - 1)->end;
}

GcFlattenedIndex *gc_flattened_index_new(const GcFile *stream, GError **error)
{
    g_autoptr(GcFlattenedIndex) index = g_new0(GcFlattenedIndex, 1);
    uint64_t at = GC_FLATTENED_HEADER_SIZE;

    index->stream = stream;
    index->pieces = g_array_new(FALSE, FALSE, sizeof(Piece));
    if (!read_header(stream, error)) {
        return NULL;
    }
    while (at < stream->size) {
        if (!read_record(index, &at, error)) {
            return NULL;
        }
    }
    sort_pieces(index);
    return g_steal_pointer(&index);
}

/* The first piece that ends after @at; the number of pieces if none does. */
static size_t find_piece(const GArray *pieces, uint64_t at)
{
    size_t low = 0;
    size_t high = pieces->len;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (get_piece(pieces, middle)->end > at) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

/* Reads what one piece, or the gap before it, has of the range; returns how
 * much that is, or 0 on failure. */
static size_t read_part(const GcFlattenedIndex *index, const Piece *piece,
                        uint64_t offset, void *buf, size_t len, GError **error)
{
    const GcFile *stream = index->stream;
    uint64_t skip = offset - piece->start;

    if (offset < piece->start) {
        len = (size_t)MIN(len, piece->start - offset);
        memset(buf, 0, len);
        return len;
    }
    len = (size_t)MIN(len, piece->end - offset);
    return stream->read(stream->opaque, piece->stream_offset + skip, buf, len,
                        error)
               ? len
               : 0;
}

static bool read_file(void *opaque, uint64_t offset, void *buf, size_t len,
                      GError **error)
{
    const GcFlattenedIndex *index = opaque;
    size_t i = find_piece(index->pieces, offset);
    uint8_t *to = buf;
    size_t part;

    if (len > index->size || offset > index->size - len) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "flattened file ends at offset %" G_GUINT64_FORMAT
                    ", %zu bytes at %" G_GUINT64_FORMAT " are not in it",
                    index->size, len, offset);
        return false;
    }
    for (; len > 0; len -= part, to += part, offset += part) {
        const Piece *piece = get_piece(index->pieces, i);

        part = read_part(index, piece, offset, to, len, error);
        if (part == 0) {
            return false;
        }
        i += offset + part == piece->end;
    }
    return true;
}

GcFile gc_flattened_index_get_file(GcFlattenedIndex *index)
{
    return (GcFile){.read = read_file, .opaque = index, .size = index->size};
}
