/* SPDX-License-Identifier: MIT */
#include "dump/image/image_writer.h"

#include <errno.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fileio.h"

struct GcImageWriter {
    int fd;
};

GcImageWriter *gc_image_writer_new_plain(int fd)
{
    GcImageWriter *writer = g_new0(GcImageWriter, 1);

    writer->fd = fd;
    return writer;
}

void gc_image_writer_free(GcImageWriter *writer)
{
    g_free(writer);
}

bool gc_image_writer_write(GcImageWriter *writer, uint64_t offset,
                           const void *buf, size_t len, GError **error)
{
    return gc_pwrite_all(writer->fd, buf, len, offset, error);
}

bool gc_image_writer_finish(GcImageWriter *writer, uint64_t size,
                            GError **error)
{
    if (ftruncate(writer->fd, (off_t)size) != 0) {
        gc_set_error_errno(error, errno,
                           "cannot set the file's size to %" G_GUINT64_FORMAT,
                           size);
        return false;
    }
    return true;
}
