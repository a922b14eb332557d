/* SPDX-License-Identifier: MIT */
/* Dump files looked at by hand: an independent reader of ELF and kdump files
 * of x86_64, made from the documents with literal offsets.  It shares no code
 * with the library, so that a writer and a reader that are wrong in the same
 * way do not pass.  What is wrong with a file fails the test that asks. */
#pragma once

#include "tests/lib/guestgen.h"

typedef struct DumpFile {
    uint8_t *bytes;
    gsize size;
} DumpFile;

DumpFile *dumpfile_load(const char *path);
void dumpfile_free(DumpFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DumpFile, dumpfile_free)

/* Little-endian integers at @offset. */
uint16_t dumpfile_u16(const DumpFile *file, uint64_t offset);
uint32_t dumpfile_u32(const DumpFile *file, uint64_t offset);
uint64_t dumpfile_u64(const DumpFile *file, uint64_t offset);

/* A note in a file. */
typedef struct DumpNote {
    const char *name;
    uint32_t type;
    uint64_t desc; /* offset in the file */
    uint32_t desc_size;
} DumpNote;

/* The @i-th note of those at [@offset, @offset + @size); false past the last
 * one.  Fails the test if the notes do not end with their last one. */
bool dumpfile_get_note(const DumpFile *file, uint64_t offset, uint64_t size,
                       unsigned i, DumpNote *ret_note);

/* Program header @i of an ELF file. */
typedef struct DumpSegment {
    uint32_t type;
    uint64_t offset;
    uint64_t vaddr;
    uint64_t paddr;
    uint64_t filesz;
    uint64_t memsz;
    uint64_t align;
} DumpSegment;

DumpSegment dumpelf_get_segment(const DumpFile *file, unsigned i);

/* How many program headers there are, PN_XNUM or not. */
unsigned dumpelf_get_n_segments(const DumpFile *file);

/* Fails the test unless the headers are as makedumpfile, crash, drgn and gdb
 * all want them. */
void dumpelf_assert_headers(const DumpFile *file);

/* The same of a dump that is not of all memory. */
void dumpelf_assert_cut_headers(const DumpFile *file);

/* Copies memory out of the PT_LOADs; false where there is none. */
bool dumpelf_read(const DumpFile *file, GcPaddr paddr, uint8_t *buf,
                  size_t len);

/* Where things lie in a kdump file, in bytes. */
typedef struct DumpKdump {
    uint64_t notes;
    uint64_t notes_size;
    uint64_t max_mapnr;
    uint64_t bitmap1;
    uint64_t bitmap2;
    uint64_t descs;
    uint64_t n_stored; /* bits of bitmap 2 */
    unsigned level;    /* which pages may be missing there */
} DumpKdump;

/* Fails the test unless the headers are as the readers want them. */
DumpKdump dumpkdump_assert_headers(const DumpFile *file);

/* The same of a dump from which pages were left out by @level. */
DumpKdump dumpkdump_assert_level(const DumpFile *file, unsigned level);

/* Whether page @pfn is in the file, and its bytes; packed ones by zlib's own
 * uncompress(). */
bool dumpkdump_read(const DumpFile *file, const DumpKdump *kdump, GcPfn pfn,
                    uint8_t page[GUESTGEN_PAGE]);

/* Where the data of page @pfn lies, and how. */
typedef struct DumpPage {
    uint64_t offset;
    uint32_t size;
    uint32_t flags;
} DumpPage;

bool dumpkdump_get_page(const DumpFile *file, const DumpKdump *kdump, GcPfn pfn,
                        DumpPage *ret_page);
