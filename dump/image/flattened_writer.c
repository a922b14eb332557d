/* SPDX-License-Identifier: MIT */
/* An image that goes out as records, and so may be written in any order to a
 * pipe.  Every write becomes one record, so writers gather large ones. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fileio.h"
#include "dump/image/flattened.h"
#include "dump/image/image_writer.h"

typedef struct FlattenedWriter {
    GcImageWriter writer;
    int fd;
    off_t base;        /* where in the file it begins; -1 if unknown */
    uint64_t position; /* in the stream, for messages */
    uint64_t size;     /* of the image, as far as it was written */
    bool is_broken;    /* a record was not written whole; nothing can follow */
} FlattenedWriter;

static bool append(FlattenedWriter *flat, const void *buf, size_t len,
                   GError **error)
{
    if (flat->is_broken) {
        g_set_error(error, GC_ERROR, GC_ERROR_IO,
                    "cannot write after offset %" G_GUINT64_FORMAT,
                    flat->position);
        return false;
    }
    if (!gc_write_all(flat->fd, buf, len, flat->position, error)) {
        flat->is_broken = true;
        return false;
    }
    flat->position += len;
    return true;
}

/* Takes back all from @position on, if it is a file, so that others can
 * follow. */
static void rewind_to(FlattenedWriter *flat, uint64_t position)
{
    off_t offset = flat->base + (off_t)position;

    if (flat->base >= 0 && ftruncate(flat->fd, offset) == 0 &&
        lseek(flat->fd, offset, SEEK_SET) == offset) {
        flat->position = position;
        flat->is_broken = false;
    }
}

static bool append_record(FlattenedWriter *flat, GcFlattenedRecord record,
                          const void *buf, GError **error)
{
    uint8_t disk[GC_FLATTENED_RECORD_SIZE];
    uint64_t position = flat->position;

    if (!gc_record_put(&gc_flattened_record_record, gc_flattened_encoding,
                       &record, disk, error)) {
        return false;
    }
    if (!append(flat, disk, sizeof(disk), error) ||
        (buf != NULL && !append(flat, buf, (size_t)record.size, error))) {
        rewind_to(flat, position);
        return false;
    }
    return true;
}

static bool flattened_write(GcImageWriter *writer, uint64_t offset,
                            const void *buf, size_t len, GError **error)
{
    FlattenedWriter *flat = (FlattenedWriter *)writer;
    GcFlattenedRecord record = {(int64_t)offset, (int64_t)len};

    if (!append_record(flat, record, buf, error)) {
        return false;
    }
    flat->size = MAX(flat->size, offset + len);
    return true;
}

/* A file that ends with a hole needs its last byte to say how long it is. */
static bool flattened_finish(GcImageWriter *writer, uint64_t size,
                             GError **error)
{
    static const GcFlattenedRecord end = {GC_FLATTENED_END, GC_FLATTENED_END};
    FlattenedWriter *flat = (FlattenedWriter *)writer;

    if (flat->size < size && !flattened_write(writer, size - 1, "", 1, error)) {
        return false;
    }
    return append_record(flat, end, NULL, error);
}

static void flattened_free(GcImageWriter *writer)
{
    g_free(writer);
}

static bool append_header(FlattenedWriter *flat, GError **error)
{
    uint8_t disk[GC_FLATTENED_HEADER_SIZE] = {0};
    GcFlattenedHeader header = {
        .signature = GC_FLATTENED_SIGNATURE,
        .type = GC_FLATTENED_TYPE,
        .version = GC_FLATTENED_VERSION,
    };

    return gc_record_put(&gc_flattened_header_record, gc_flattened_encoding,
                         &header, disk, error) &&
           append(flat, disk, sizeof(disk), error);
}

/* Where @fd stands in a file; -1 if it is none, or writes go elsewhere. */
static off_t find_base(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    return flags < 0 || (flags & O_APPEND) != 0 ? -1 : lseek(fd, 0, SEEK_CUR);
}

GcImageWriter *gc_image_writer_new_flattened(int fd, GError **error)
{
    static const GcImageWriterOps ops = {
        .order = GC_IMAGE_ORDER_SERIAL,
        .write = flattened_write,
        .finish = flattened_finish,
        .free = flattened_free,
    };
    FlattenedWriter *flat = g_new0(FlattenedWriter, 1);

    flat->writer.ops = &ops;
    flat->fd = fd;
    flat->base = find_base(fd);
    if (!append_header(flat, error)) {
        g_free(flat);
        return NULL;
    }
    return &flat->writer;
}
