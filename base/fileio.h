/* SPDX-License-Identifier: MIT */
/* Whole reads and writes on file descriptors. */
#pragma once

#include "guestcore/types.h"

/**
 * gc_pread_all:
 * @fd: a seekable descriptor
 * @buf: (out) (array length=len): the bytes
 * @len: how many
 * @offset: where in the file
 *
 * Errors: GC_ERROR_IO; GC_ERROR_FORMAT if the file ends before
 * Threads: any thread
 */
bool gc_pread_all(int fd, void *buf, size_t len, uint64_t offset,
                  GError **error);

/**
 * gc_pwrite_all:
 *
 * Writes all of @buf at @offset.  Errors: GC_ERROR_IO, with the offset.
 * Threads: any thread
 */
bool gc_pwrite_all(int fd, const void *buf, size_t len, uint64_t offset,
                   GError **error);

/**
 * gc_write_all:
 * @fd: a descriptor of any kind, at its own position
 * @buf: (array length=len): the bytes
 * @len: how many
 * @position: how many bytes were written before, for the message
 *
 * Writes all of @buf where @fd stands; waits if @fd does not block.
 * Errors: GC_ERROR_IO, with @position.
 */
bool gc_write_all(int fd, const void *buf, size_t len, uint64_t position,
                  GError **error);

/* The size of what @fd refers to, in bytes.  Errors: GC_ERROR_IO. */
bool gc_fd_get_size(int fd, uint64_t *ret_size, GError **error);

/* Closes *@fd if it is one (not -1), and sets it to -1; for cleanup. */
void gc_close_fd(int *fd);
#define GC_AUTO_FD __attribute__((cleanup(gc_close_fd))) int

/* Something that is read by offset: a file on disk, or a file inside a file.
 * @read copies @len bytes at @offset, and fails with GC_ERROR_FORMAT where
 * the file ends before.  Any thread. */
typedef struct GcFile {
    bool (*read)(void *opaque, uint64_t offset, void *buf, size_t len,
                 GError **error);
    void *opaque;
    uint64_t size;
} GcFile;

/* Fills @ret_file with a view of @fd, which must stay open and in place. */
bool gc_file_init_fd(GcFile *ret_file, int *fd, GError **error);
