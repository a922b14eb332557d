/* SPDX-License-Identifier: MIT */
/* A dump file as bytes at offsets, shared by all that reads from it.  Whether
 * it is flattened makes no difference to who reads. */
#pragma once

#include "base/fileio.h"

typedef struct GcImageReader GcImageReader;

/**
 * gc_image_reader_open:
 * @path: the file
 * @error: (out) (optional): return location
 *
 * Returns: (transfer full): the file with one reference, or NULL
 * Errors: GC_ERROR_IO; GC_ERROR_FORMAT if a flattened file lies;
 *     GC_ERROR_INVALID if it is no regular file
 * Threads: any thread
 */
GcImageReader *gc_image_reader_open(const char *path, GError **error);
GcImageReader *gc_image_reader_ref(GcImageReader *reader);
void gc_image_reader_unref(GcImageReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcImageReader, gc_image_reader_unref)

/* The bytes themselves; borrowed.  Any thread. */
const GcFile *gc_image_reader_get_file(const GcImageReader *reader);

/* Whether the file is flattened; what gc_image_reader_get_file() gives is
 * not. */
bool gc_image_reader_is_flattened(const GcImageReader *reader);

/* Whether the file has its end.  A plain one does not say. */
bool gc_image_reader_is_complete(const GcImageReader *reader);
