/* SPDX-License-Identifier: MIT */
/* What the files of a dump have, beyond the guest in them, and what readers
 * will have against them. */
#pragma once

#include "guestcore/guest.h"

G_BEGIN_DECLS

/**
 * GcDumpPacked:
 * @codec: (nullable): the codec, "unknown" for those that this build has not;
 *     NULL ends a list
 * @pages: how many pages it packed
 * @bytes: what they take in the file
 *
 * Pages of a dump that are packed.
 */
typedef struct GcDumpPacked {
    const char *codec;
    uint64_t pages;
    uint64_t bytes;
} GcDumpPacked;

#define GC_DUMP_MAX_PACKED 8

/**
 * GcDumpPages:
 * @memory: pages of the guest; all of the following are parts of it
 * @left_out: those that were left out on purpose; what was left out of an ELF
 *     file cannot be told from zeros
 * @missing: those that were never written, for the dump was interrupted
 * @zero: those of zeros that take no room: in a kdump file they share one
 *     page (a single one counts as raw), in an ELF file the program headers
 *     say so
 * @raw: those that are stored as they are
 * @packed: those that are packed; ends with one that has no codec
 *
 * Where the pages of a dump are.
 */
typedef struct GcDumpPages {
    uint64_t memory;
    uint64_t left_out;
    uint64_t missing;
    uint64_t zero;
    uint64_t raw;
    GcDumpPacked packed[GC_DUMP_MAX_PACKED];
} GcDumpPages;

typedef struct GcDumpInspection GcDumpInspection;

/**
 * gc_dump_inspect:
 * @paths: (array zero-terminated=1): as gc_guest_open_files()
 * @error: (out) (optional): return location
 *
 * Looks through headers and page descriptors; no page is read.
 *
 * Returns: (transfer full): what was found, or NULL
 * Errors: as gc_guest_open_files()
 * Threads: any thread
 */
GC_API GcDumpInspection *gc_dump_inspect(const char *const *paths,
                                         GError **error);

/**
 * gc_dump_inspection_free:
 * @inspection: (transfer full) (nullable): the inspection
 *
 * Threads: owner thread
 */
GC_API void gc_dump_inspection_free(GcDumpInspection *inspection);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcDumpInspection, gc_dump_inspection_free)

/**
 * gc_dump_inspection_get_pages:
 * @inspection: the inspection
 *
 * Returns: (transfer none): where the pages are
 * Threads: any thread
 */
GC_API const GcDumpPages *
gc_dump_inspection_get_pages(const GcDumpInspection *inspection);

/**
 * gc_dump_inspection_get_objections:
 * @inspection: the inspection
 *
 * Returns: (transfer none) (array zero-terminated=1): what crash,
 *     makedumpfile, drgn, libkdumpfile or gdb will not like of the dump, each
 *     a sentence; may be empty
 * Threads: any thread
 */
GC_API const char *const *
gc_dump_inspection_get_objections(const GcDumpInspection *inspection);

G_END_DECLS
