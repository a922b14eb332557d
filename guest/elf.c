/* SPDX-License-Identifier: MIT */
#include "guest/elf.h"

#include <elf.h>
#include <string.h>

#include "base/error.h"
#include "guest/notes.h"

/* clang-format off */
static const GcField header_fields[] = {
    GC_FIELD_BYTES(GcElfHeader, ident),
    GC_FIELD(GcElfHeader, type,      2, 2),
    GC_FIELD(GcElfHeader, machine,   2, 2),
    GC_FIELD(GcElfHeader, version,   4, 4),
    GC_FIELD(GcElfHeader, entry,     4, 8),
    GC_FIELD(GcElfHeader, phoff,     4, 8),
    GC_FIELD(GcElfHeader, shoff,     4, 8),
    GC_FIELD(GcElfHeader, flags,     4, 4),
    GC_FIELD(GcElfHeader, ehsize,    2, 2),
    GC_FIELD(GcElfHeader, phentsize, 2, 2),
    GC_FIELD(GcElfHeader, phnum,     2, 2),
    GC_FIELD(GcElfHeader, shentsize, 2, 2),
    GC_FIELD(GcElfHeader, shnum,     2, 2),
    GC_FIELD(GcElfHeader, shstrndx,  2, 2),
};

static const GcField segment_fields[] = {
    GC_FIELD(GcElfSegment, type,   4, 4),
    GC_FIELD(GcElfSegment, flags,  0, 4),
    GC_FIELD(GcElfSegment, offset, 4, 8),
    GC_FIELD(GcElfSegment, vaddr,  4, 8),
    GC_FIELD(GcElfSegment, paddr,  4, 8),
    GC_FIELD(GcElfSegment, filesz, 4, 8),
    GC_FIELD(GcElfSegment, memsz,  4, 8),
    GC_FIELD(GcElfSegment, flags,  4, 0),
    GC_FIELD(GcElfSegment, align,  4, 8),
};

static const GcField section_fields[] = {
    GC_FIELD(GcElfSection, name,      4, 4),
    GC_FIELD(GcElfSection, type,      4, 4),
    GC_FIELD(GcElfSection, flags,     4, 8),
    GC_FIELD(GcElfSection, addr,      4, 8),
    GC_FIELD(GcElfSection, offset,    4, 8),
    GC_FIELD(GcElfSection, size,      4, 8),
    GC_FIELD(GcElfSection, link,      4, 4),
    GC_FIELD(GcElfSection, info,      4, 4),
    GC_FIELD(GcElfSection, addralign, 4, 8),
    GC_FIELD(GcElfSection, entsize,   4, 8),
};
/* clang-format on */

const GcRecord gc_elf_header_record = GC_RECORD("ELF header", header_fields);
const GcRecord gc_elf_segment_record =
    GC_RECORD("program header", segment_fields);
const GcRecord gc_elf_section_record =
    GC_RECORD("section header", section_fields);

/* Room for any of the three records in either class. */
#define MAX_RECORD_SIZE 64

bool gc_elf_probe(const uint8_t *head, size_t size)
{
    return size >= EI_NIDENT && memcmp(head, ELFMAG, SELFMAG) == 0;
}

void gc_elf_free(GcElf *elf)
{
    if (elf != NULL) {
        g_array_unref(elf->segments);
        g_free(elf);
    }
}

/* Reads one record at @offset of the file. */
static bool read_record(const GcElf *elf, const GcFile *file,
                        const GcRecord *record, uint64_t offset, void *host,
                        GError **error)
{
    uint8_t disk[MAX_RECORD_SIZE];
    size_t size = gc_record_get_size(record, elf->encoding);

    g_assert(size <= sizeof(disk));
    if (!file->read(file->opaque, offset, disk, size, error)) {
        g_prefix_error(error, "%s: ", record->name);
        return false;
    }
    gc_record_get(record, elf->encoding, disk, host);
    return true;
}

static bool read_ident(GcElf *elf, const GcFile *file, GError **error)
{
    uint8_t ident[EI_NIDENT];

    if (!file->read(file->opaque, 0, ident, sizeof(ident), error)) {
        g_prefix_error(error, "ELF header: ");
        return false;
    }
    if (!gc_elf_probe(ident, sizeof(ident)) || ident[EI_CLASS] < ELFCLASS32 ||
        ident[EI_CLASS] > ELFCLASS64 || ident[EI_DATA] < ELFDATA2LSB ||
        ident[EI_DATA] > ELFDATA2MSB) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT, "not an ELF file");
        return false;
    }
    elf->encoding.is_64bit = ident[EI_CLASS] == ELFCLASS64;
    elf->encoding.big_endian = ident[EI_DATA] == ELFDATA2MSB;
    return true;
}

/* The number of program headers; where it does not fit its field, the first
 * section header has it. */
static bool read_n_segments(const GcElf *elf, const GcFile *file,
                            uint64_t *ret_n, GError **error)
{
    GcElfSection first;

    if (elf->header.phnum != PN_XNUM) {
        *ret_n = elf->header.phnum;
        return true;
    }
    if (!read_record(elf, file, &gc_elf_section_record, elf->header.shoff,
                     &first, error)) {
        return false;
    }
    *ret_n = first.info;
    return true;
}

static bool read_segments(GcElf *elf, const GcFile *file, GError **error)
{
    size_t size = gc_record_get_size(&gc_elf_segment_record, elf->encoding);
    uint64_t offset = elf->header.phoff;
    uint64_t n;

    if (!read_n_segments(elf, file, &n, error)) {
        return false;
    }
    if (elf->header.phentsize != size || n > GC_ELF_MAX_SEGMENTS ||
        offset > file->size || n > (file->size - offset) / size) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "%" G_GUINT64_FORMAT " program headers of %u bytes at "
                    "offset %" G_GUINT64_FORMAT " do not fit the file",
                    n, elf->header.phentsize, offset);
        return false;
    }
    for (uint64_t i = 0; i < n; i++, offset += size) {
        GcElfSegment segment;

        if (!read_record(elf, file, &gc_elf_segment_record, offset, &segment,
                         error)) {
            return false;
        }
        g_array_append_val(elf->segments, segment);
    }
    return true;
}

GcElf *gc_elf_open(const GcFile *file, GError **error)
{
    g_autoptr(GcElf) elf = g_new0(GcElf, 1);

    elf->segments = g_array_new(FALSE, FALSE, sizeof(GcElfSegment));
    if (!read_ident(elf, file, error) ||
        !read_record(elf, file, &gc_elf_header_record, 0, &elf->header,
                     error)) {
        return NULL;
    }
    if (elf->header.type != ET_CORE) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "ELF file of type %u is not a core file", elf->header.type);
        return NULL;
    }
    if (!read_segments(elf, file, error)) {
        return NULL;
    }
    return g_steal_pointer(&elf);
}

static bool read_note_segment(const GcElf *elf, const GcFile *file,
                              const GcElfSegment *segment, GPtrArray *notes,
                              GError **error)
{
    g_autofree uint8_t *data = NULL;

    data = g_malloc(segment->filesz);
    if (!file->read(file->opaque, segment->offset, data, segment->filesz,
                    error)) {
        g_prefix_error(error, "notes: ");
        return false;
    }
    return gc_notes_parse(notes, data, segment->filesz,
                          elf->encoding.big_endian, error);
}

GPtrArray *gc_elf_read_notes(const GcElf *elf, const GcFile *file,
                             GError **error)
{
    g_autoptr(GPtrArray) notes = gc_notes_new();
    uint64_t left = GC_NOTES_MAX_SIZE;

    for (guint i = 0; i < elf->segments->len; i++) {
        const GcElfSegment *segment =
            &g_array_index(elf->segments, GcElfSegment, i);

        if (segment->type != PT_NOTE) {
            continue;
        }
        /* Several segments may show the same bytes. */
        if (segment->filesz > left) {
            g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                        "notes of more than %u bytes are too large",
                        GC_NOTES_MAX_SIZE);
            return NULL;
        }
        left -= segment->filesz;
        if (!read_note_segment(elf, file, segment, notes, error)) {
            return NULL;
        }
    }
    return g_steal_pointer(&notes);
}
