/* SPDX-License-Identifier: MIT */
/* The headers of a kdump file, whatever its class, byte order and version. */
#pragma once

#include "base/fileio.h"
#include "dump/format/kdump_layout.h"

typedef struct GcKdumpHead {
    GcEncoding encoding;
    GcKdumpHeader header;
    GcKdumpSubHeader sub;   /* what the file's version has not is zero */
    uint64_t n_pages;       /* page frames that the bitmaps cover */
    uint64_t bitmap_size;   /* of what they cover, in bytes */
    uint64_t exist_offset;  /* of bitmap 1, in the file */
    uint64_t stored_offset; /* of bitmap 2; the same if there is only one */
    uint64_t desc_offset;
    GcPfn start_pfn; /* whose descriptors the file has: all, or its part of */
    GcPfn end_pfn;   /* a dump that was split */
} GcKdumpHead;

/* Whether the first @size bytes of a file are those of a kdump file. */
bool gc_kdump_probe(const uint8_t *head, size_t size);

/**
 * gc_kdump_head_read:
 * @file: a kdump file
 * @ret_head: (out): what its headers say
 * @error: (out) (optional): return location
 *
 * Errors: GC_ERROR_FORMAT if they make no sense; GC_ERROR_IO
 */
bool gc_kdump_head_read(const GcFile *file, GcKdumpHead *ret_head,
                        GError **error);
