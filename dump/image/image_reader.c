/* SPDX-License-Identifier: MIT */
#include "dump/image/image_reader.h"

#include <errno.h>
#include <fcntl.h>

#include "base/error.h"

struct GcImageReader {
    gatomicrefcount ref_count;
    int fd;
    GcFile file;
};

GcImageReader *gc_image_reader_open(const char *path, GError **error)
{
    g_autoptr(GcImageReader) reader = g_new0(GcImageReader, 1);

    g_atomic_ref_count_init(&reader->ref_count);
    reader->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (reader->fd < 0) {
        gc_set_error_errno(error, errno, "cannot open it");
        return NULL;
    }
    if (!gc_file_init_fd(&reader->file, &reader->fd, error)) {
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
        gc_close_fd(&reader->fd);
        g_free(reader);
    }
}

const GcFile *gc_image_reader_get_file(const GcImageReader *reader)
{
    return &reader->file;
}
