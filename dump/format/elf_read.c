/* SPDX-License-Identifier: MIT */
#include "dump/format/elf_read.h"

#include <elf.h>
#include <string.h>

#include "base/error.h"
#include "base/ranges.h"
#include "dump/format/elf_layout.h"

/* A part of the physical memory that a PT_LOAD shows. */
typedef struct Piece {
    GcRange range;
    const GcElfSegment *segment;
} Piece;

/* The same, as a block of memory. */
typedef struct SegmentBacking {
    GcImageReader *image;
    uint64_t offset; /* in the file */
    uint64_t filesz; /* bytes of the block that the file should have; what
                      * follows is zeros */
    uint64_t stored; /* bytes that it has; fewer only if it breaks off */
} SegmentBacking;

static bool segment_read(void *opaque, uint64_t offset, void *buf, size_t len,
                         GError **error)
{
    const SegmentBacking *backing = opaque;
    const GcFile *file = gc_image_reader_get_file(backing->image);
    uint64_t left = offset < backing->filesz ? backing->filesz - offset : 0;
    size_t stored = (size_t)MIN(len, left);

    if (stored > 0 && offset + stored > backing->stored) {
        g_set_error(error, GC_ERROR, GC_ERROR_NO_DATA,
                    "the file ends before offset %" G_GUINT64_FORMAT,
                    backing->offset + offset + stored);
        return false;
    }
    memset((uint8_t *)buf + stored, 0, len - stored);
    return stored == 0 || file->read(file->opaque, backing->offset + offset,
                                     buf, stored, error);
}

static bool segment_next_data(void *opaque, uint64_t offset, uint64_t end,
                              uint64_t *ret_start, uint64_t *ret_end,
                              GError **error)
{
    const SegmentBacking *backing = opaque;

    (void)error;
    *ret_start = offset < backing->stored ? offset : end;
    *ret_end = offset < backing->stored ? MIN(end, backing->stored) : end;
    return true;
}

/* [0, stored) and [filesz, ...) are there. */
static bool segment_next_present(void *opaque, uint64_t offset, uint64_t end,
                                 uint64_t *ret_start, uint64_t *ret_end,
                                 GError **error)
{
    const SegmentBacking *backing = opaque;

    if (backing->stored == backing->filesz) {
        *ret_start = offset;
        *ret_end = end;
        return true;
    }
    if (offset < backing->stored) {
        return segment_next_data(opaque, offset, end, ret_start, ret_end,
                                 error);
    }
    *ret_start = CLAMP(backing->filesz, offset, end);
    *ret_end = end;
    return true;
}

static void segment_free(void *opaque)
{
    SegmentBacking *backing = opaque;

    gc_image_reader_unref(backing->image);
    g_free(backing);
}

/* How much of @size bytes at @offset the file has. */
static uint64_t clip_to_file(GcImageReader *image, uint64_t offset,
                             uint64_t size)
{
    uint64_t end = gc_image_reader_get_file(image)->size;

    return offset < end ? MIN(size, end - offset) : 0;
}

/* A flattened file does not say how long the file in it is: behind its last
 * record there may be zeros. */
static bool ends_with_zeros(const GcImageReader *image)
{
    return gc_image_reader_is_flattened(image) &&
           gc_image_reader_is_complete(image);
}

static bool add_block(GcMemory *memory, GcImageReader *image,
                      const Piece *piece, GError **error)
{
    static const GcMemoryOps ops = {
        .read = segment_read,
        .next_data = segment_next_data,
        .free = segment_free,
        .next_present = segment_next_present,
    };
    const GcElfSegment *segment = piece->segment;
    uint64_t skip = piece->range.start - segment->paddr;
    uint64_t size = piece->range.end - piece->range.start;
    SegmentBacking *backing = g_new0(SegmentBacking, 1);

    backing->image = gc_image_reader_ref(image);
    backing->offset = segment->offset + skip;
    backing->filesz =
        segment->filesz > skip ? MIN(segment->filesz - skip, size) : 0;
    if (ends_with_zeros(image)) {
        backing->filesz = clip_to_file(image, backing->offset, backing->filesz);
    }
    backing->stored = clip_to_file(image, backing->offset, backing->filesz);
    if (!gc_memory_add(memory, piece->range.start, size, &ops, backing,
                       error)) {
        segment_free(backing);
        return false;
    }
    return true;
}

static bool check_segment(const GcElfSegment *segment, GError **error)
{
    if (segment->memsz > UINT64_MAX - segment->paddr ||
        segment->filesz > segment->memsz ||
        segment->filesz > UINT64_MAX - segment->offset) {
        g_set_error(
            error, GC_ERROR, GC_ERROR_FORMAT,
            "segment of memory at 0x%" G_GINT64_MODIFIER
            "x: sizes 0x%" G_GINT64_MODIFIER "x and 0x%" G_GINT64_MODIFIER
            "x at offset 0x%" G_GINT64_MODIFIER "x are impossible",
            segment->paddr, segment->filesz, segment->memsz, segment->offset);
        return false;
    }
    return true;
}

/* QEMU gives a mapping that leads to no memory this offset. */
static bool is_memory(const GcElfSegment *segment)
{
    return segment->type == PT_LOAD && segment->memsz != 0 &&
           segment->offset != UINT64_MAX;
}

/* All that is memory, in the order of the file. */
static GArray *list_pieces(const GcElf *elf, GError **error)
{
    g_autoptr(GArray) pieces = g_array_new(FALSE, FALSE, sizeof(Piece));

    for (guint i = 0; i < elf->segments->len; i++) {
        const GcElfSegment *segment =
            &g_array_index(elf->segments, GcElfSegment, i);
        Piece piece = {.segment = segment};

        if (!is_memory(segment)) {
            continue;
        }
        if (!check_segment(segment, error)) {
            return NULL;
        }
        piece.range.start = segment->paddr;
        piece.range.end = segment->paddr + segment->memsz;
        g_array_append_val(pieces, piece);
    }
    return g_steal_pointer(&pieces);
}

/* Appends to @out what @over, from *@i on, leaves of @piece, and that of @over
 * which ends before @piece does. */
static void overlay_piece(GArray *out, const GArray *over, guint *i,
                          Piece piece)
{
    for (; *i < over->len; (*i)++) {
        const Piece *cover = &g_array_index(over, Piece, *i);
        Piece part = piece;

        part.range.end = MIN(piece.range.end, cover->range.start);
        if (part.range.start < part.range.end) {
            g_array_append_val(out, part);
        }
        piece.range.start = MAX(piece.range.start, cover->range.end);
        if (piece.range.start >= piece.range.end) {
            return;
        }
        g_array_append_vals(out, cover, 1);
    }
    g_array_append_val(out, piece);
}

/* Both are sorted and disjoint, and so is the result: all of @over, and what
 * it leaves of @under. */
static GArray *overlay(const GArray *over, const GArray *under)
{
    GArray *out = g_array_new(FALSE, FALSE, sizeof(Piece));
    guint i = 0;

    for (guint j = 0; j < under->len; j++) {
        overlay_piece(out, over, &i, g_array_index(under, Piece, j));
    }
    if (i < over->len) {
        g_array_append_vals(out, &g_array_index(over, Piece, i), over->len - i);
    }
    return out;
}

/* A file may show the same memory several times, as it does the kernel's
 * image; the first one counts.  Sorts as a merge sort does, for the order of
 * the file is anyone's. */
static GArray *sort_pieces(const GArray *pieces, guint from, guint to)
{
    guint middle = from + (to - from) / 2;
    g_autoptr(GArray) over = NULL;
    g_autoptr(GArray) under = NULL;

    if (to - from <= 1) {
        over = g_array_new(FALSE, FALSE, sizeof(Piece));
        if (from < to) {
            g_array_append_val(over, g_array_index(pieces, Piece, from));
        }
        return g_steal_pointer(&over);
    }
    over = sort_pieces(pieces, from, middle);
    under = sort_pieces(pieces, middle, to);
    return overlay(over, under);
}

static GcMemory *make_memory(const GcElf *elf, GcImageReader *image,
                             GError **error)
{
    g_autoptr(GcMemory) memory = gc_memory_new();
    g_autoptr(GArray) listed = list_pieces(elf, error);
    g_autoptr(GArray) sorted = NULL;

    if (listed == NULL) {
        return NULL;
    }
    sorted = sort_pieces(listed, 0, listed->len);
    for (guint i = 0; i < sorted->len; i++) {
        const Piece *piece = &g_array_index(sorted, Piece, i);

        if (!add_block(memory, image, piece, error)) {
            return NULL;
        }
    }
    return g_steal_pointer(&memory);
}

static bool breaks_off(const GcElf *elf, GcImageReader *image)
{
    for (guint i = 0; i < elf->segments->len; i++) {
        const GcElfSegment *segment =
            &g_array_index(elf->segments, GcElfSegment, i);

        if (is_memory(segment) && !ends_with_zeros(image) &&
            clip_to_file(image, segment->offset, segment->filesz) !=
                segment->filesz) {
            return true;
        }
    }
    return (elf->header.flags & GC_ELF_INCOMPLETE) != 0 ||
           !gc_image_reader_is_complete(image);
}

static const GcArch *find_arch(const GcElf *elf, GError **error)
{
    const GcArch *arch = gc_arch_find_elf(elf->header.machine, elf->encoding);

    if (arch == NULL) {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "ELF machine %u is not known", elf->header.machine);
    }
    return arch;
}

GcGuest *gc_elf_read(GcImageReader *const *images, size_t n_images,
                     GcDumpInfo *ret_info, GError **error)
{
    const GcFile *file = gc_image_reader_get_file(images[0]);
    g_autoptr(GcElf) elf = NULL;
    g_autoptr(GPtrArray) notes = NULL;
    g_autoptr(GcMemory) memory = NULL;
    const GcArch *arch;

    if (n_images > 1) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "an ELF dump is one file, not %zu", n_images);
        return NULL;
    }
    elf = gc_elf_open(file, error);
    arch = elf != NULL ? find_arch(elf, error) : NULL;
    notes = arch != NULL ? gc_elf_read_notes(elf, file, error) : NULL;
    memory = notes != NULL ? make_memory(elf, images[0], error) : NULL;
    if (memory == NULL) {
        return NULL;
    }
    ret_info->is_incomplete = breaks_off(elf, images[0]);
    ret_info->is_64bit = elf->encoding.is_64bit;
    ret_info->is_big_endian = elf->encoding.big_endian;
    return gc_guest_new_with_notes(arch->name, memory, notes, error);
}
