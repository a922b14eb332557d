/* SPDX-License-Identifier: MIT */
#include "dump/image/image_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/error.h"
#include "dump/image/flattened_index.h"

#define PROBE_SIZE 16

struct GcImageReader {
    gatomicrefcount ref_count;
    int fd;
    GcFile stream;           /* the file as it is */
    GcFlattenedIndex *index; /* NULL if it is plain */
    GcFile file;             /* the file as it is meant */
};

/* Whether it can be read at any offset. */
static bool check_kind(int fd, GError **error)
{
    struct stat st;

    if (fstat(fd, &st) != 0) {
        gc_set_error_errno(error, errno, "cannot look at it");
        return false;
    }
    if (!S_ISREG(st.st_mode)) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID, "%s",
                    S_ISDIR(st.st_mode) ? "is a directory"
                                        : "is not a regular file");
        return false;
    }
    return true;
}

/* Does not wait for somebody at the other end of a pipe. */
static bool open_stream(GcImageReader *reader, const char *path, GError **error)
{
    reader->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (reader->fd < 0) {
        gc_set_error_errno(error, errno, "cannot open it");
        return false;
    }
    return check_kind(reader->fd, error) &&
           gc_file_init_fd(&reader->stream, &reader->fd, error);
}

static bool unflatten(GcImageReader *reader, GError **error)
{
    const GcFile *stream = &reader->stream;
    uint8_t head[PROBE_SIZE];
    size_t size = (size_t)MIN(stream->size, sizeof(head));

    reader->file = *stream;
    if (!stream->read(stream->opaque, 0, head, size, error)) {
        return false;
    }
    if (!gc_flattened_probe(head, size)) {
        return true;
    }
    reader->index = gc_flattened_index_new(stream, error);
    if (reader->index == NULL) {
        return false;
    }
    reader->file = gc_flattened_index_get_file(reader->index);
    return true;
}

GcImageReader *gc_image_reader_open(const char *path, GError **error)
{
    g_autoptr(GcImageReader) reader = g_new0(GcImageReader, 1);

    g_atomic_ref_count_init(&reader->ref_count);
    if (!open_stream(reader, path, error) || !unflatten(reader, error)) {
        return NULL;
    }
    return g_steal_pointer(&reader);
}

GcImageReader *gc_image_reader_ref(GcImageReader *reader)
{
    g_atomic_ref_count_inc(&reader->ref_count);
    return reader;
}

void gc_image_reader_unref(GcImageReader *reader)
{
    if (reader != NULL && g_atomic_ref_count_dec(&reader->ref_count)) {
        gc_flattened_index_free(reader->index);
        gc_close_fd(&reader->fd);
        g_free(reader);
    }
}

const GcFile *gc_image_reader_get_file(const GcImageReader *reader)
{
    return &reader->file;
}

bool gc_image_reader_is_flattened(const GcImageReader *reader)
{
    return reader->index != NULL;
}

bool gc_image_reader_is_complete(const GcImageReader *reader)
{
    return reader->index == NULL ||
           gc_flattened_index_is_complete(reader->index);
}
