/* SPDX-License-Identifier: MIT */
/* ELF files of either class and byte order, honest or not, put together byte
 * by byte after the System V gABI. */
#pragma once

#include "base/fileio.h"

typedef struct Elfgen {
    bool is_64bit;
    bool big_endian;
    GByteArray *bytes;
} Elfgen;

typedef struct ElfgenSegment {
    uint32_t type; /* 1 PT_LOAD, 4 PT_NOTE */
    uint64_t offset;
    uint64_t paddr;
    uint64_t filesz;
    uint64_t memsz;
} ElfgenSegment;

/* A core file of @machine with room for @n program headers, which follow the
 * ELF header. */
Elfgen *elfgen_new(bool is_64bit, bool big_endian, uint16_t machine,
                   unsigned n);
void elfgen_free(Elfgen *elf);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Elfgen, elfgen_free)

/* An integer at @offset, whatever was there. */
void elfgen_put(Elfgen *elf, uint64_t offset, unsigned width, uint64_t value);

/* Fields of the ELF header, which lie elsewhere in each class. */
void elfgen_set_type(Elfgen *elf, uint16_t type);
void elfgen_set_phoff(Elfgen *elf, uint64_t value);
void elfgen_set_shoff(Elfgen *elf, uint64_t value);
void elfgen_set_phentsize(Elfgen *elf, uint16_t value);
void elfgen_set_phnum(Elfgen *elf, uint16_t value);

void elfgen_set_segment(Elfgen *elf, unsigned i, ElfgenSegment segment);

/* Puts bytes at the end; returns where they are. */
uint64_t elfgen_append(Elfgen *elf, const void *bytes, size_t size);

/* Puts a note at the end; returns its whole size. */
uint64_t elfgen_append_note(Elfgen *elf, const char *name, uint32_t type,
                            const void *desc, uint32_t size);

/* A section header at the end whose sh_info is @info; returns where it is. */
uint64_t elfgen_append_section(Elfgen *elf, uint32_t info);

/* The file as it is now; valid until the next change. */
GcFile elfgen_get_file(Elfgen *elf);
void elfgen_save(const Elfgen *elf, const char *path);
