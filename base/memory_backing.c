/* SPDX-License-Identifier: MIT */
/* The two ways in which a block of memory is commonly backed: mapped in this
 * process, or a file. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "guestcore/memory.h"

#include "base/error.h"
#include "base/fileio.h"

/* Borrowed memory is only read; the cast drops const for the opaque. */
typedef struct HostBacking {
    const uint8_t *base;
} HostBacking;

static bool host_read(void *opaque, uint64_t offset, void *buf, size_t len,
                      GError **error G_GNUC_UNUSED)
{
    const HostBacking *backing = opaque;

    memcpy(buf, backing->base + offset, len);
    return true;
}

static const void *host_borrow(void *opaque, uint64_t offset,
                               size_t len G_GNUC_UNUSED)
{
    const HostBacking *backing = opaque;

    return backing->base + offset;
}

bool gc_memory_add_host(GcMemory *memory, GcPaddr start, uint64_t size,
                        const void *host, GError **error)
{
    static const GcMemoryOps ops = {
        .read = host_read, .free = g_free, .borrow = host_borrow};
    HostBacking *backing = g_new0(HostBacking, 1);

    backing->base = host;
    if (!gc_memory_add(memory, start, size, &ops, backing, error)) {
        g_free(backing);
        return false;
    }
    return true;
}

typedef struct FdBacking {
    int fd;
    uint64_t offset; /* of the block in the file */
} FdBacking;

static bool fd_read(void *opaque, uint64_t offset, void *buf, size_t len,
                    GError **error)
{
    const FdBacking *backing = opaque;

    return gc_pread_all(backing->fd, buf, len, backing->offset + offset, error);
}

/* The kernel's answer to @whence, clipped to @end.  Past the last data it
 * says ENXIO; a file system that knows no holes says EINVAL, and then all
 * may be data. */
static bool seek_clipped(int fd, uint64_t from, uint64_t end, int whence,
                         uint64_t *ret_at, GError **error)
{
    off_t at = lseek(fd, (off_t)from, whence);

    if (at >= 0) {
        *ret_at = MIN((uint64_t)at, end);
    } else if (errno == ENXIO) {
        *ret_at = end;
    } else if (errno == EINVAL) {
        *ret_at = whence == SEEK_DATA ? from : end;
    } else {
        gc_set_error_errno(error, errno, "cannot look for holes");
        return false;
    }
    return true;
}

static bool fd_next_data(void *opaque, uint64_t offset, uint64_t end,
                         uint64_t *ret_start, uint64_t *ret_end, GError **error)
{
    const FdBacking *backing = opaque;
    uint64_t limit = backing->offset + end;
    uint64_t data;
    uint64_t hole = limit;

    if (!seek_clipped(backing->fd, backing->offset + offset, limit, SEEK_DATA,
                      &data, error)) {
        return false;
    }
    if (data < limit &&
        !seek_clipped(backing->fd, data, limit, SEEK_HOLE, &hole, error)) {
        return false;
    }
    *ret_start = data - backing->offset;
    *ret_end = hole - backing->offset;
    return true;
}

static void fd_free(void *opaque)
{
    FdBacking *backing = opaque;

    gc_close_fd(&backing->fd);
    g_free(backing);
}

bool gc_memory_add_fd(GcMemory *memory, GcPaddr start, uint64_t size, int fd,
                      uint64_t offset, GError **error)
{
    static const GcMemoryOps ops = {
        .read = fd_read, .next_data = fd_next_data, .free = fd_free};
    FdBacking *backing = g_new0(FdBacking, 1);

    backing->offset = offset;
    backing->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (backing->fd < 0) {
        gc_set_error_errno(error, errno, "cannot keep descriptor %d", fd);
        g_free(backing);
        return false;
    }
    if (!gc_memory_add(memory, start, size, &ops, backing, error)) {
        fd_free(backing);
        return false;
    }
    return true;
}
