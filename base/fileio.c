/* SPDX-License-Identifier: MIT */
#include "base/fileio.h"

#include <errno.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

bool gc_pread_all(int fd, void *buf, size_t len, uint64_t offset,
                  GError **error)
{
    uint8_t *to = buf;

    while (len > 0) {
        ssize_t n = pread(fd, to, len, (off_t)offset);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            gc_set_error_errno(
                error, errno,
                "cannot read %zu bytes at offset %" G_GUINT64_FORMAT, len,
                offset);
            return false;
        }
        if (n == 0) {
            g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                        "file ends at offset %" G_GUINT64_FORMAT
                        ", %zu bytes too early",
                        offset, len);
            return false;
        }
        to += n;
        len -= (size_t)n;
        offset += (uint64_t)n;
    }
    return true;
}

static void wait_until_writable(int fd)
{
    struct pollfd pollfd = {.fd = fd, .events = POLLOUT};

    poll(&pollfd, 1, -1);
}

/* Writes all at @offset; unless it @is_placed, where @fd stands, and @offset is
 * for the message alone. */
static bool write_all(int fd, bool is_placed, const void *buf, size_t len,
                      uint64_t offset, GError **error)
{
    const uint8_t *from = buf;

    while (len > 0) {
        ssize_t n = is_placed ? pwrite(fd, from, len, (off_t)offset)
                              : write(fd, from, len);

        if (n < 0 && errno == EAGAIN) {
            wait_until_writable(fd);
            continue;
        }
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            gc_set_error_errno(
                error, errno,
                "cannot write %zu bytes at offset %" G_GUINT64_FORMAT, len,
                offset);
            return false;
        }
        from += n;
        len -= (size_t)n;
        offset += (uint64_t)n;
    }
    return true;
}

bool gc_pwrite_all(int fd, const void *buf, size_t len, uint64_t offset,
                   GError **error)
{
    return write_all(fd, true, buf, len, offset, error);
}

bool gc_write_all(int fd, const void *buf, size_t len, uint64_t position,
                  GError **error)
{
    return write_all(fd, false, buf, len, position, error);
}

bool gc_fd_get_size(int fd, uint64_t *ret_size, GError **error)
{
    struct stat st;

    if (fstat(fd, &st) != 0) {
        gc_set_error_errno(error, errno, "cannot get the file's size");
        return false;
    }
    *ret_size = (uint64_t)st.st_size;
    return true;
}

void gc_close_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

static bool read_fd(void *opaque, uint64_t offset, void *buf, size_t len,
                    GError **error)
{
    const int *fd = opaque;

    return gc_pread_all(*fd, buf, len, offset, error);
}

bool gc_file_init_fd(GcFile *ret_file, int *fd, GError **error)
{
    uint64_t size;

    if (!gc_fd_get_size(*fd, &size, error)) {
        return false;
    }
    *ret_file = (GcFile){.read = read_fd, .opaque = fd, .size = size};
    return true;
}
