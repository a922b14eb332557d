/* SPDX-License-Identifier: MIT */
#include "dump/image/image_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fileio.h"

void gc_image_writer_free(GcImageWriter *writer)
{
    if (writer != NULL) {
        writer->ops->free(writer);
    }
}

GcImageOrder gc_image_writer_get_order(const GcImageWriter *writer)
{
    return writer->ops->order;
}

bool gc_image_writer_write(GcImageWriter *writer, uint64_t offset,
                           const void *buf, size_t len, GError **error)
{
    return len == 0 || writer->ops->write(writer, offset, buf, len, error);
}

bool gc_image_writer_reserve(GcImageWriter *writer, uint64_t offset,
                             uint64_t len, GError **error)
{
    return len == 0 || writer->ops->reserve == NULL ||
           writer->ops->reserve(writer, offset, len, error);
}

bool gc_image_writer_finish(GcImageWriter *writer, uint64_t size,
                            GError **error)
{
    return writer->ops->finish(writer, size, error);
}

/* A regular file. */
typedef struct PlainWriter {
    GcImageWriter writer;
    int fd;
    uint64_t base;
} PlainWriter;

static bool plain_write(GcImageWriter *writer, uint64_t offset, const void *buf,
                        size_t len, GError **error)
{
    const PlainWriter *plain = (const PlainWriter *)writer;

    return gc_pwrite_all(plain->fd, buf, len, plain->base + offset, error);
}

static bool plain_reserve(GcImageWriter *writer, uint64_t offset, uint64_t len,
                          GError **error)
{
    const PlainWriter *plain = (const PlainWriter *)writer;

    if (fallocate(plain->fd, 0, (off_t)(plain->base + offset), (off_t)len) !=
            0 &&
        errno != EOPNOTSUPP && errno != ENOSYS) {
        gc_set_error_errno(error, errno,
                           "cannot reserve %" G_GUINT64_FORMAT
                           " bytes at offset %" G_GUINT64_FORMAT,
                           len, plain->base + offset);
        return false;
    }
    return true;
}

static bool plain_finish(GcImageWriter *writer, uint64_t size, GError **error)
{
    const PlainWriter *plain = (const PlainWriter *)writer;

    if (ftruncate(plain->fd, (off_t)(plain->base + size)) != 0) {
        gc_set_error_errno(error, errno,
                           "cannot set the file's size to %" G_GUINT64_FORMAT,
                           plain->base + size);
        return false;
    }
    return true;
}

static void plain_free(GcImageWriter *writer)
{
    g_free(writer);
}

GcImageWriter *gc_image_writer_new_plain(int fd, uint64_t base)
{
    static const GcImageWriterOps ops = {
        .order = GC_IMAGE_ORDER_ANY,
        .write = plain_write,
        .reserve = plain_reserve,
        .finish = plain_finish,
        .free = plain_free,
    };
    PlainWriter *plain = g_new0(PlainWriter, 1);

    plain->writer.ops = &ops;
    plain->fd = fd;
    plain->base = base;
    return &plain->writer;
}
