/* SPDX-License-Identifier: MIT */
#include "dump/format/elf_read.h"

#include <elf.h>
#include <string.h>

#include "base/error.h"
#include "base/ranges.h"
#include "guest/elf.h"

/* A part of a PT_LOAD, as a block of memory. */
typedef struct SegmentBacking {
    GcImageReader *image;
    uint64_t offset; /* in the file */
    uint64_t filesz; /* of the block, bytes that the file has; the rest is 0 */
} SegmentBacking;

static bool segment_read(void *opaque, uint64_t offset, void *buf, size_t len,
                         GError **error)
{
    const SegmentBacking *backing = opaque;
    const GcFile *file = gc_image_reader_get_file(backing->image);
    uint64_t left = offset < backing->filesz ? backing->filesz - offset : 0;
    size_t stored = (size_t)MIN(len, left);

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
    *ret_start = offset < backing->filesz ? offset : end;
    *ret_end = offset < backing->filesz ? MIN(end, backing->filesz) : end;
    return true;
}

static void segment_free(void *opaque)
{
    SegmentBacking *backing = opaque;

    gc_image_reader_unref(backing->image);
    g_free(backing);
}

/* Adds [@range) of @segment's physical range as a block. */
static bool add_block(GcMemory *memory, GcImageReader *image,
                      const GcElfSegment *segment, GcRange range,
                      GError **error)
{
    static const GcMemoryOps ops = {segment_read, segment_next_data,
                                    segment_free};
    uint64_t skip = range.start - segment->paddr;
    SegmentBacking *backing = g_new0(SegmentBacking, 1);

    backing->image = gc_image_reader_ref(image);
    backing->offset = segment->offset + skip;
    backing->filesz = segment->filesz > skip ? segment->filesz - skip : 0;
    if (!gc_memory_add(memory, range.start, range.end - range.start, &ops,
                       backing, error)) {
        segment_free(backing);
        return false;
    }
    return true;
}

/* A file may show the same memory several times, as it does the kernel's
 * image; the first one counts. */
static bool add_segment(GcMemory *memory, GcRanges *seen, GcImageReader *image,
                        const GcElfSegment *segment, GError **error)
{
    GcRange gap;
    GcPaddr end = segment->paddr + segment->memsz;
    uint64_t file_size = gc_image_reader_get_file(image)->size;

    if (end < segment->paddr || segment->filesz > segment->memsz ||
        segment->offset > file_size ||
        segment->filesz > file_size - segment->offset) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "segment of memory at 0x%" G_GINT64_MODIFIER
                    "x: 0x%" G_GINT64_MODIFIER
                    "x bytes at offset 0x%" G_GINT64_MODIFIER
                    "x do not fit the file",
                    segment->paddr, segment->filesz, segment->offset);
        return false;
    }
    for (GcPaddr at = segment->paddr; gc_ranges_next_gap(seen, at, end, &gap);
         at = gap.end) {
        if (!add_block(memory, image, segment, gap, error)) {
            return false;
        }
    }
    gc_ranges_add(seen, segment->paddr, end);
    return true;
}

static GcMemory *make_memory(const GcElf *elf, GcImageReader *image,
                             GError **error)
{
    g_autoptr(GcMemory) memory = gc_memory_new();
    g_autoptr(GcRanges) seen = gc_ranges_new();

    for (guint i = 0; i < elf->segments->len; i++) {
        const GcElfSegment *segment =
            &g_array_index(elf->segments, GcElfSegment, i);

        if (segment->type == PT_LOAD && segment->memsz != 0 &&
            segment->offset != UINT64_MAX &&
            !add_segment(memory, seen, image, segment, error)) {
            return NULL;
        }
    }
    return g_steal_pointer(&memory);
}

GcGuest *gc_elf_read(GcImageReader *image, GError **error)
{
    const GcFile *file = gc_image_reader_get_file(image);
    g_autoptr(GcElf) elf = gc_elf_open(file, error);
    g_autoptr(GPtrArray) notes = NULL;
    g_autoptr(GcMemory) memory = NULL;
    const GcArch *arch;

    if (elf == NULL) {
        return NULL;
    }
    arch = gc_arch_find_elf(elf->header.machine, elf->encoding);
    if (arch == NULL) {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "ELF machine %u is not known", elf->header.machine);
        return NULL;
    }
    notes = gc_elf_read_notes(elf, file, error);
    memory = notes != NULL ? make_memory(elf, image, error) : NULL;
    return memory != NULL
               ? gc_guest_new_with_notes(arch->name, memory, notes, error)
               : NULL;
}
