/* SPDX-License-Identifier: MIT */
#include "dump/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

/* Whether bytes can be written at any offset, and holes left: in a regular
 * file, unless every write goes to its end. */
static bool has_offsets(int fd)
{
    struct stat st;
    int flags = fcntl(fd, F_GETFL);

    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && flags >= 0 &&
           (flags & O_APPEND) == 0;
}

/* Old content must not show through the holes. */
static bool cut_off(int fd, uint64_t *ret_base, GError **error)
{
    off_t base = lseek(fd, 0, SEEK_CUR);

    if (base < 0 || ftruncate(fd, base) != 0) {
        gc_set_error_errno(error, errno, "cannot set the file's size");
        return false;
    }
    *ret_base = (uint64_t)base;
    return true;
}

GcImageWriter *gc_sink_open(int fd, const GcOutputFormat *format,
                            GError **error)
{
    uint64_t base = 0;

    if (format->is_flattened) {
        return gc_image_writer_new_flattened(fd, error);
    }
    if (has_offsets(fd)) {
        return cut_off(fd, &base, error) ? gc_image_writer_new_plain(fd, base)
                                         : NULL;
    }
    if (!format->format->can_stream) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "%s-raw formats require a seekable file",
                    format->format->name);
        return NULL;
    }
    return gc_image_writer_new_stream(fd);
}

bool gc_sink_close(int fd, GError **error)
{
    /* What cannot be synchronized is a pipe or a device, and need not be. */
    if (fsync(fd) != 0 && errno != EINVAL && errno != EROFS) {
        gc_set_error_errno(error, errno, "cannot make the file durable");
        return false;
    }
    if (has_offsets(fd)) {
        lseek(fd, 0, SEEK_END);
    }
    return true;
}
