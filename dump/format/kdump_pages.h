/* SPDX-License-Identifier: MIT */
/* Which pages a kdump file has, or all files of a dump that was split, and
 * where. */
#pragma once

#include "dump/format/kdump_head.h"
#include "dump/image/image_reader.h"

/* Room for one descriptor. */
#define GC_KDUMP_MAX_DESC_SIZE 24

/* One file: the descriptors of the page frames [start_pfn, end_pfn). */
typedef struct GcKdumpPart {
    GcImageReader *image;
    const GcFile *file;
    GcKdumpHead head;
    uint64_t first_rank; /* stored pages before start_pfn */
} GcKdumpPart;

typedef struct GcKdumpPages {
    gatomicrefcount ref_count;
    GArray *parts;     /* of GcKdumpPart, sorted; together all page frames */
    GcBitmap *exist;   /* bitmap 1: page frames that are memory */
    GcBitmap *stored;  /* bitmap 2: those that have a descriptor */
    GcBitmap *missing; /* of those, the ones whose page was never written */
    uint64_t *ranks;   /* stored pages before every so many */
    bool is_incomplete;
} GcKdumpPages;

/**
 * gc_kdump_pages_new:
 * @images: the files
 * @n_images: their number, not 0
 * @error: (out) (optional): return location
 *
 * Reads headers and bitmaps.  Where the writing of a file was interrupted,
 * its page descriptors are read too, to know which pages it has.
 *
 * Returns: (transfer full): the pages with one reference, or NULL
 * Errors: GC_ERROR_FORMAT, GC_ERROR_IO; GC_ERROR_INVALID if the files are
 *     not all parts of one dump
 */
GcKdumpPages *gc_kdump_pages_new(GcImageReader *const *images, size_t n_images,
                                 GError **error);
GcKdumpPages *gc_kdump_pages_ref(GcKdumpPages *pages);
void gc_kdump_pages_unref(GcKdumpPages *pages);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcKdumpPages, gc_kdump_pages_unref)

/* The first file, whose headers speak for all; borrowed. */
const GcKdumpPart *gc_kdump_pages_get_first(const GcKdumpPages *pages);

/* The file that has the descriptor of @pfn; borrowed. */
const GcKdumpPart *gc_kdump_pages_find_part(const GcKdumpPages *pages,
                                            GcPfn pfn);

/* Whether the page can be read. */
bool gc_kdump_pages_is_present(const GcKdumpPages *pages, GcPfn pfn);

/**
 * gc_kdump_pages_read_descs:
 * @pages: the pages
 * @part: the file that has them
 * @pfn: a stored page
 * @n: how many stored pages from there on, without a gap
 * @descs: (out) (array length=n): their descriptors, not checked
 * @error: (out) (optional): return location
 *
 * Errors: GC_ERROR_FORMAT if the file ends before; GC_ERROR_IO
 * Threads: any thread
 */
bool gc_kdump_pages_read_descs(const GcKdumpPages *pages,
                               const GcKdumpPart *part, GcPfn pfn, size_t n,
                               GcKdumpPageDesc *descs, GError **error);
