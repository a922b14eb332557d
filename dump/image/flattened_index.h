/* SPDX-License-Identifier: MIT */
/* Where in a flattened file each byte of the file that it holds lies. */
#pragma once

#include "base/fileio.h"

/* The most records that are read.  QEMU's hold 16 KiB, so it is enough for
 * half a TiB of it; and it bounds what a file can make us allocate. */
#define GC_FLATTENED_MAX_RECORDS (1u << 25)

typedef struct GcFlattenedIndex GcFlattenedIndex;

/* Whether the first @size bytes of a file are those of a flattened one. */
bool gc_flattened_probe(const uint8_t *head, size_t size);

/**
 * gc_flattened_index_new:
 * @stream: the flattened file; must outlive the index
 * @error: (out) (optional): return location
 *
 * Reads the heads of all records.  Of records that overlap the later one
 * counts; a file that breaks off is read as far as it goes.
 *
 * Returns: (transfer full): the index, or NULL
 * Errors: GC_ERROR_FORMAT if it is not a flattened file or a record lies;
 *     GC_ERROR_IO
 */
GcFlattenedIndex *gc_flattened_index_new(const GcFile *stream, GError **error);
void gc_flattened_index_free(GcFlattenedIndex *index);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcFlattenedIndex, gc_flattened_index_free)

/* Whether the file has its end mark. */
bool gc_flattened_index_is_complete(const GcFlattenedIndex *index);

/* The file that is flattened, as bytes at offsets; what no record has reads
 * as zeros.  Borrows @index.  Any thread. */
GcFile gc_flattened_index_get_file(GcFlattenedIndex *index);
