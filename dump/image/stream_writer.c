/* SPDX-License-Identifier: MIT */
/* An image that is written from its first to its last byte: to a pipe, a
 * socket, a device. */
#include "base/error.h"
#include "base/fileio.h"
#include "dump/image/image_writer.h"

typedef struct StreamWriter {
    GcImageWriter writer;
    int fd;
    uint64_t position; /* of the next byte, in the image */
} StreamWriter;

static bool append(StreamWriter *stream, const void *buf, size_t len,
                   GError **error)
{
    if (!gc_write_all(stream->fd, buf, len, stream->position, error)) {
        return false;
    }
    stream->position += len;
    return true;
}

/* What a file would have as a hole. */
static bool append_zeros(StreamWriter *stream, uint64_t end, GError **error)
{
    static const uint8_t zeros[65536];

    while (stream->position < end) {
        uint64_t len = MIN(end - stream->position, sizeof(zeros));

        if (!append(stream, zeros, (size_t)len, error)) {
            return false;
        }
    }
    return true;
}

static bool stream_write(GcImageWriter *writer, uint64_t offset,
                         const void *buf, size_t len, GError **error)
{
    StreamWriter *stream = (StreamWriter *)writer;

    g_assert(offset >= stream->position);
    return append_zeros(stream, offset, error) &&
           append(stream, buf, len, error);
}

static bool stream_finish(GcImageWriter *writer, uint64_t size, GError **error)
{
    StreamWriter *stream = (StreamWriter *)writer;

    return append_zeros(stream, size, error);
}

static void stream_free(GcImageWriter *writer)
{
    g_free(writer);
}

GcImageWriter *gc_image_writer_new_stream(int fd)
{
    static const GcImageWriterOps ops = {
        .order = GC_IMAGE_ORDER_FORWARD,
        .write = stream_write,
        .finish = stream_finish,
        .free = stream_free,
    };
    StreamWriter *stream = g_new0(StreamWriter, 1);

    stream->writer.ops = &ops;
    stream->fd = fd;
    return &stream->writer;
}
