/* SPDX-License-Identifier: MIT */
#include "guest/attach/process_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bitmap.h"
#include "base/error.h"
#include "base/fileio.h"

/* See Linux's Documentation/admin-guide/mm/pagemap.rst. */
#define PAGEMAP_PRESENT (UINT64_C(1) << 63)
#define PAGEMAP_SWAPPED (UINT64_C(1) << 62)
#define PAGEMAP_BATCH 8192

/*  own     file    where a page is read
 *  NULL    set     from the file
 *  NULL    NULL    through the process
 *  set     set     its own pages through the process, others from the file
 *  set     NULL    its own pages through the process, others are zeros
 */
typedef struct Backing {
    GcProcess *process;
    uint64_t address;
    uint64_t size;
    uint64_t lead;  /* of the first page before @address */
    GcMemory *file; /* the block's part of the file, from address 0 */
    GcBitmap *own;  /* pages of which the process has its own copy */
} Backing;

static void free_backing(void *opaque)
{
    Backing *backing = opaque;

    gc_bitmap_free(backing->own);
    gc_memory_unref(backing->file);
    gc_process_unref(backing->process);
    g_free(backing);
}

/* What a file does not give, the process may still have; and what neither
 * gives is counted there. */
static bool read_elsewhere(const Backing *backing, uint64_t offset, void *buf,
                           size_t len, GError **error)
{
    if (backing->file == NULL && backing->own != NULL) {
        memset(buf, 0, len);
        return true;
    }
    if (backing->file != NULL &&
        gc_memory_read(backing->file, offset, buf, len, NULL)) {
        return true;
    }
    return gc_process_read(backing->process, backing->address + offset, buf,
                           len, error);
}

/* Where the run of pages ends that are read in the same way as the one that
 * @offset lies in. */
static uint64_t find_run_end(const Backing *backing, uint64_t offset,
                             bool is_own)
{
    uint64_t page_size = gc_process_get_page_size(backing->process);
    uint64_t n_pages = gc_bitmap_get_n_bits(backing->own);
    uint64_t page = (backing->lead + offset) / page_size;
    uint64_t end = is_own ? gc_bitmap_next_clear(backing->own, page, n_pages)
                          : gc_bitmap_next_set(backing->own, page, n_pages);

    return end * page_size - backing->lead;
}

static bool is_own_page(const Backing *backing, uint64_t offset)
{
    size_t page_size = gc_process_get_page_size(backing->process);

    return gc_bitmap_test(backing->own, (backing->lead + offset) / page_size);
}

static bool backing_read(void *opaque, uint64_t offset, void *buf, size_t len,
                         GError **error)
{
    const Backing *backing = opaque;
    uint8_t *to = buf;
    size_t part;

    if (backing->own == NULL) {
        return read_elsewhere(backing, offset, buf, len, error);
    }
    for (; len > 0; to += part, offset += part, len -= part) {
        bool is_own = is_own_page(backing, offset);
        bool ok;

        part = (size_t)MIN(len, find_run_end(backing, offset, is_own) - offset);
        ok = is_own
                 ? gc_process_read(backing->process, backing->address + offset,
                                   to, part, error)
                 : read_elsewhere(backing, offset, to, part, error);
        if (!ok) {
            return false;
        }
    }
    return true;
}

static void next_own(const Backing *backing, uint64_t offset, uint64_t end,
                     uint64_t *ret_start, uint64_t *ret_end)
{
    uint64_t start = is_own_page(backing, offset)
                         ? offset
                         : MIN(find_run_end(backing, offset, false), end);

    *ret_start = start;
    *ret_end = start < end ? MIN(find_run_end(backing, start, true), end) : end;
}

/* Runs may touch; they need not be the longest there are. */
static bool backing_next_data(void *opaque, uint64_t offset, uint64_t end,
                              uint64_t *ret_start, uint64_t *ret_end,
                              GError **error)
{
    const Backing *backing = opaque;
    uint64_t own_start = end;
    uint64_t own_end = end;
    uint64_t file_start = end;
    uint64_t file_end = end;

    if (backing->own != NULL) {
        next_own(backing, offset, end, &own_start, &own_end);
    } else if (backing->file == NULL) {
        own_start = offset;
    }
    if (backing->file != NULL &&
        !gc_memory_next_data(backing->file, offset, end, &file_start, &file_end,
                             error)) {
        return false;
    }
    *ret_start = MIN(own_start, file_start);
    *ret_end = own_start <= file_start ? own_end : file_end;
    return true;
}

static bool read_pagemap(const Backing *backing, int pagemap, GError **error)
{
    uint64_t first = (backing->address - backing->lead) /
                     gc_process_get_page_size(backing->process);
    uint64_t n_pages = gc_bitmap_get_n_bits(backing->own);
    g_autofree uint64_t *entries = g_new(uint64_t, PAGEMAP_BATCH);
    uint64_t part;

    for (uint64_t page = 0; page < n_pages; page += part) {
        part = MIN(n_pages - page, PAGEMAP_BATCH);
        if (!gc_pread_all(pagemap, entries, part * sizeof(*entries),
                          (first + page) * sizeof(*entries), error)) {
            return false;
        }
        for (uint64_t i = 0; i < part; i++) {
            if ((entries[i] & (PAGEMAP_PRESENT | PAGEMAP_SWAPPED)) != 0) {
                gc_bitmap_set_range(backing->own, page + i, page + i + 1);
            }
        }
    }
    return true;
}

static bool find_own_pages(Backing *backing, GError **error)
{
    g_autofree char *path = g_strdup_printf(
        "/proc/%d/pagemap", (int)gc_process_get_pid(backing->process));
    GC_AUTO_FD pagemap = open(path, O_RDONLY | O_CLOEXEC);

    if (pagemap < 0) {
        gc_set_error_errno(error, errno, "cannot open %s", path);
        return false;
    }
    backing->own =
        gc_bitmap_new((backing->lead + backing->size - 1) /
                          gc_process_get_page_size(backing->process) +
                      1);
    if (!read_pagemap(backing, pagemap, error)) {
        g_prefix_error(error, "%s: ", path);
        return false;
    }
    return true;
}

/* Opens what is mapped if it is a file whose bytes can be read; leaves
 * @backing->file NULL if not. */
static bool open_file(Backing *backing, const GcProcessMapping *mapping,
                      GError **error)
{
    GC_AUTO_FD fd =
        gc_process_map_open_file(gc_process_get_pid(backing->process), mapping);
    uint64_t offset =
        mapping->file_offset + (backing->address - mapping->start);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        return true;
    }
    backing->file = gc_memory_new();
    return gc_memory_add_fd(backing->file, 0, backing->size, fd, offset, error);
}

static bool open_backing(Backing *backing, const GcProcessMapping *mapping,
                         GcProcessDoor *ret_door, GError **error)
{
    if (mapping->inode != 0 && !open_file(backing, mapping, error)) {
        return false;
    }
    if (mapping->inode != 0 && backing->file == NULL) {
        *ret_door = GC_PROCESS_DOOR_BLIND;
        return true;
    }
    if (mapping->is_shared) {
        *ret_door = GC_PROCESS_DOOR_FILE;
        return true;
    }
    *ret_door = GC_PROCESS_DOOR_PRIVATE;
    return find_own_pages(backing, error);
}

bool gc_process_memory_add(GcMemory *memory, GcPaddr start, uint64_t size,
                           GcProcess *process, const GcProcessMapping *mapping,
                           uint64_t address, GcProcessDoor *ret_door,
                           GError **error)
{
    static const GcMemoryOps ops = {.read = backing_read,
                                    .next_data = backing_next_data,
                                    .free = free_backing};
    Backing *backing = g_new0(Backing, 1);
    GcProcessDoor door;

    backing->process = gc_process_ref(process);
    backing->address = address;
    backing->size = size;
    backing->lead = address % gc_process_get_page_size(process);
    if (!open_backing(backing, mapping, &door, error) ||
        !gc_memory_add(memory, start, size, &ops, backing, error)) {
        free_backing(backing);
        return false;
    }
    *ret_door = door;
    return true;
}
