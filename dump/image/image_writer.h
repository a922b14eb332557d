/* SPDX-License-Identifier: MIT */
/* The sink of a dump: a file as bytes at offsets.  What is written nowhere
 * reads as zeros.  Formats need not know which kind of sink they have, but
 * for one thing: where only a rising order of offsets is possible. */
#pragma once

#include "guestcore/types.h"

typedef struct GcImageWriter GcImageWriter;

/* In which order bytes may be written. */
typedef enum GcImageOrder {
    GC_IMAGE_ORDER_ANY,     /* any, by any number of threads at the same time */
    GC_IMAGE_ORDER_SERIAL,  /* any, by one thread */
    GC_IMAGE_ORDER_FORWARD, /* rising offsets, by one thread */
} GcImageOrder;

typedef struct GcImageWriterOps {
    GcImageOrder order;
    bool (*write)(GcImageWriter *writer, uint64_t offset, const void *buf,
                  size_t len, GError **error);
    bool (*reserve)(GcImageWriter *writer, uint64_t offset, uint64_t len,
                    GError **error); /* (nullable) */
    bool (*finish)(GcImageWriter *writer, uint64_t size, GError **error);
    void (*free)(GcImageWriter *writer);
} GcImageWriterOps;

/* A kind of writer begins with this. */
struct GcImageWriter {
    const GcImageWriterOps *ops;
};

/**
 * gc_image_writer_new_plain:
 * @fd: (transfer none): a regular file, open for writing
 * @base: where in it the image begins; there is nothing behind that
 *
 * Returns: (transfer full): a writer that puts each byte at its offset
 */
GcImageWriter *gc_image_writer_new_plain(int fd, uint64_t base);

/**
 * gc_image_writer_new_stream:
 * @fd: (transfer none): anything that takes bytes one after the other
 *
 * Returns: (transfer full): a writer that writes the image from its first to
 *     its last byte
 */
GcImageWriter *gc_image_writer_new_stream(int fd);

/**
 * gc_image_writer_new_flattened:
 * @fd: (transfer none): anything that takes bytes one after the other
 * @error: (out) (optional): return location
 *
 * Returns: (transfer full): a writer that makes a record of every write, as
 *     docs/formats/flattened.md has it
 * Errors: GC_ERROR_IO
 */
GcImageWriter *gc_image_writer_new_flattened(int fd, GError **error);

void gc_image_writer_free(GcImageWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcImageWriter, gc_image_writer_free)

GcImageOrder gc_image_writer_get_order(const GcImageWriter *writer);

/**
 * gc_image_writer_write:
 * @writer: the sink
 * @offset: in the file, in bytes
 * @buf: (array length=len): the bytes
 * @len: how many
 * @error: (out) (optional): return location
 *
 * Errors: GC_ERROR_IO, with the offset
 * Threads: as gc_image_writer_get_order() says
 */
bool gc_image_writer_write(GcImageWriter *writer, uint64_t offset,
                           const void *buf, size_t len, GError **error);

/* Takes the space for @len bytes at @offset now, so that it is there when
 * they are written, if the sink can do that.  Errors: GC_ERROR_IO. */
bool gc_image_writer_reserve(GcImageWriter *writer, uint64_t offset,
                             uint64_t len, GError **error);

/* Ends the file at @size bytes.  Errors: GC_ERROR_IO. */
bool gc_image_writer_finish(GcImageWriter *writer, uint64_t size,
                            GError **error);
