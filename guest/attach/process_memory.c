/* SPDX-License-Identifier: MIT */
#include "guest/attach/process_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/bitmap.h"
#include "base/error.h"
#include "base/fileio.h"

/* See Linux's Documentation/admin-guide/mm/pagemap.rst. */
#define PAGEMAP_PRESENT (UINT64_C(1) << 63)
#define PAGEMAP_SWAPPED (UINT64_C(1) << 62)
#define PAGEMAP_BATCH 8192

typedef struct ProcessBacking {
    pid_t pid;
    uint64_t address;
    uint64_t size;
    size_t page_size; /* of the host */
    GcBitmap *used;   /* pages of the block that were ever used */
} ProcessBacking;

static void process_free(void *opaque)
{
    ProcessBacking *backing = opaque;

    gc_bitmap_free(backing->used);
    g_free(backing);
}

static bool process_read(void *opaque, uint64_t offset, void *buf, size_t len,
                         GError **error)
{
    const ProcessBacking *backing = opaque;
    uint8_t *to = buf;

    while (len > 0) {
        uint64_t at = backing->address + offset;
        struct iovec local = {to, len};
        struct iovec remote = {(void *)(uintptr_t)at, len};
        ssize_t n = process_vm_readv(backing->pid, &local, 1, &remote, 1, 0);

        if (n <= 0) {
            gc_set_error_errno(error, n < 0 ? errno : EIO,
                               "cannot read memory of process %d",
                               (int)backing->pid);
            return false;
        }
        to += n;
        offset += (uint64_t)n;
        len -= (size_t)n;
    }
    return true;
}

static bool process_next_data(void *opaque, uint64_t offset, uint64_t end,
                              uint64_t *ret_start, uint64_t *ret_end,
                              GError **error)
{
    const ProcessBacking *backing = opaque;
    uint64_t page_size = backing->page_size;
    uint64_t n_pages = gc_bitmap_get_n_bits(backing->used);
    uint64_t first =
        gc_bitmap_next_set(backing->used, offset / page_size, n_pages);
    uint64_t last = gc_bitmap_next_clear(backing->used, first, n_pages);

    (void)error;
    *ret_start = CLAMP(first * page_size, offset, end);
    *ret_end = MIN(last * page_size, end);
    return true;
}

static bool read_pagemap(ProcessBacking *backing, int pagemap, GError **error)
{
    uint64_t n_pages = gc_bitmap_get_n_bits(backing->used);
    g_autofree uint64_t *entries = g_new(uint64_t, PAGEMAP_BATCH);
    uint64_t part;

    for (uint64_t page = 0; page < n_pages; page += part) {
        uint64_t at = backing->address / backing->page_size + page;

        part = MIN(n_pages - page, PAGEMAP_BATCH);
        if (!gc_pread_all(pagemap, entries, part * sizeof(*entries),
                          at * sizeof(*entries), error)) {
            return false;
        }
        for (uint64_t i = 0; i < part; i++) {
            if ((entries[i] & (PAGEMAP_PRESENT | PAGEMAP_SWAPPED)) != 0) {
                gc_bitmap_set_range(backing->used, page + i, page + i + 1);
            }
        }
    }
    return true;
}

static bool find_used(ProcessBacking *backing, GError **error)
{
    g_autofree char *path =
        g_strdup_printf("/proc/%d/pagemap", (int)backing->pid);
    GC_AUTO_FD pagemap = open(path, O_RDONLY | O_CLOEXEC);

    if (pagemap < 0) {
        gc_set_error_errno(error, errno, "cannot open %s", path);
        return false;
    }
    if (!read_pagemap(backing, pagemap, error)) {
        g_prefix_error(error, "%s: ", path);
        return false;
    }
    return true;
}

/* Pages that the process did not write show the file's data. */
static bool add_file_data(ProcessBacking *backing, int file,
                          uint64_t file_offset, GError **error)
{
    g_autoptr(GcMemory) view = gc_memory_new();
    uint64_t n_pages = gc_bitmap_get_n_bits(backing->used);
    uint64_t start;
    uint64_t end;

    if (!gc_memory_add_fd(view, 0, backing->size, file, file_offset, error)) {
        return false;
    }
    for (uint64_t at = 0; at < backing->size; at = end) {
        if (!gc_memory_next_data(view, at, backing->size, &start, &end,
                                 error)) {
            return false;
        }
        if (start < end) {
            uint64_t last = (end - 1) / backing->page_size;

            gc_bitmap_set_range(backing->used, start / backing->page_size,
                                MIN(last + 1, n_pages));
        }
    }
    return true;
}

bool gc_process_memory_add(GcMemory *memory, GcPaddr start, uint64_t size,
                           pid_t pid, uint64_t address, int file,
                           uint64_t file_offset, GError **error)
{
    static const GcMemoryOps ops = {process_read, process_next_data,
                                    process_free};
    ProcessBacking *backing = g_new0(ProcessBacking, 1);
    bool ok;

    backing->pid = pid;
    backing->address = address;
    backing->size = size;
    backing->page_size = (size_t)sysconf(_SC_PAGESIZE);
    backing->used = gc_bitmap_new((size - 1) / backing->page_size + 1);
    ok = find_used(backing, error) &&
         (file < 0 || add_file_data(backing, file, file_offset, error)) &&
         gc_memory_add(memory, start, size, &ops, backing, error);
    if (!ok) {
        process_free(backing);
    }
    return ok;
}
