/* SPDX-License-Identifier: MIT */
/* The ELF core file as a container: its headers as record tables, and the
 * program headers and notes of a file.  Follows the System V gABI; facts on
 * what readers of guest dumps accept stand in docs/formats/elf.md. */
#pragma once

#include "base/fileio.h"
#include "base/record.h"

typedef struct GcElfHeader {
    uint8_t ident[16];
    uint16_t type;
    uint16_t machine;
    uint32_t version;
    uint64_t entry;
    uint64_t phoff;
    uint64_t shoff;
    uint32_t flags;
    uint16_t ehsize;
    uint16_t phentsize;
    uint16_t phnum;
    uint16_t shentsize;
    uint16_t shnum;
    uint16_t shstrndx;
} GcElfHeader;

typedef struct GcElfSegment {
    uint32_t type;
    uint32_t flags;
    uint64_t offset;
    uint64_t vaddr;
    uint64_t paddr;
    uint64_t filesz;
    uint64_t memsz;
    uint64_t align;
} GcElfSegment;

typedef struct GcElfSection {
    uint32_t name;
    uint32_t type;
    uint64_t flags;
    uint64_t addr;
    uint64_t offset;
    uint64_t size;
    uint32_t link;
    uint32_t info;
    uint64_t addralign;
    uint64_t entsize;
} GcElfSection;

extern const GcRecord gc_elf_header_record;
extern const GcRecord gc_elf_segment_record;
extern const GcRecord gc_elf_section_record;

/* The most program headers that a file may have; a sparse file can claim any
 * number at no cost. */
#define GC_ELF_MAX_SEGMENTS (1u << 20)

/* An ELF core file that was opened: what its headers say. */
typedef struct GcElf {
    GcEncoding encoding;
    GcElfHeader header;
    GArray *segments; /* of GcElfSegment, in file order */
} GcElf;

/* Whether the first @size bytes of a file are those of an ELF file. */
bool gc_elf_probe(const uint8_t *head, size_t size);

/**
 * gc_elf_open:
 * @file: the file
 * @error: (out) (optional): return location
 *
 * Reads and checks the headers; a segment that says it lies past the end of
 * the file is left for whoever reads it.
 *
 * Returns: (transfer full): the headers, or NULL
 * Errors: GC_ERROR_FORMAT if it is not a core file or its headers lie;
 *     GC_ERROR_IO
 * Threads: any thread
 */
GcElf *gc_elf_open(const GcFile *file, GError **error);
void gc_elf_free(GcElf *elf);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcElf, gc_elf_free)

/**
 * gc_elf_read_notes:
 * @elf: the headers
 * @file: the same file
 * @error: (out) (optional): return location
 *
 * Returns: (transfer full) (element-type GcNote): all notes of all PT_NOTE
 *     segments in file order, or NULL
 * Errors: GC_ERROR_FORMAT, also if they are more than GC_NOTES_MAX_SIZE;
 *     GC_ERROR_IO
 * Threads: any thread
 */
GPtrArray *gc_elf_read_notes(const GcElf *elf, const GcFile *file,
                             GError **error);
