/* SPDX-License-Identifier: MIT */
/* The sink of a dump: a file as bytes at offsets.  What is written nowhere
 * reads as zeros. */
#pragma once

#include "guestcore/types.h"

typedef struct GcImageWriter GcImageWriter;

/**
 * gc_image_writer_new_plain:
 * @fd: (transfer none): an empty, seekable file, open for writing
 *
 * Returns: (transfer full): a writer that puts each byte at its offset
 */
GcImageWriter *gc_image_writer_new_plain(int fd);
void gc_image_writer_free(GcImageWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcImageWriter, gc_image_writer_free)

/**
 * gc_image_writer_write:
 * @writer: the sink
 * @offset: in the file, in bytes
 * @buf: (array length=len): the bytes
 * @len: how many
 * @error: (out) (optional): return location
 *
 * Errors: GC_ERROR_IO, with the offset
 * Threads: any thread
 */
bool gc_image_writer_write(GcImageWriter *writer, uint64_t offset,
                           const void *buf, size_t len, GError **error);

/* Ends the file at @size bytes.  Errors: GC_ERROR_IO. */
bool gc_image_writer_finish(GcImageWriter *writer, uint64_t size,
                            GError **error);
