/* SPDX-License-Identifier: MIT */
/* The guest's RAM: one mapping of a memfd, a file or nothing.  What the guest
 * never touched costs nothing, however large it is. */
#pragma once

#include "guestcore/memory.h"

#include "system/options/config.h"

/**
 * GcRam:
 * @id: what it is called
 * @host: where it is mapped
 * @size: in bytes
 * @fd: what is mapped; -1: memory of this process alone
 * @page_size: of the host's pages that it is made of, in bytes
 * @share: whether the mapping and @fd show the same bytes
 */
typedef struct GcRam {
    char *id;
    uint8_t *host;
    uint64_t size;
    int fd;
    uint64_t page_size;
    bool share;
} GcRam;

/**
 * gc_ram_add_block:
 * @ram: the RAM, which must outlive @memory
 * @memory: where the block is added
 * @start: guest-physical address of the block, in bytes
 * @size: its size in bytes
 * @offset: where it begins in the RAM
 * @error: (out) (optional): return location
 *
 * Adds the RAM, or a part, as a block of memory.  What the guest never used is
 * known and not read; for private memory, as of now.
 * Errors: as gc_memory_add(); GC_ERROR_IO
 */
bool gc_ram_add_block(const GcRam *ram, GcMemory *memory, GcPaddr start,
                      uint64_t size, uint64_t offset, GError **error);

/* Errors: GC_ERROR_IO; GC_ERROR_INVALID if the size is 0. */
GcRam *gc_ram_new(const GcConfigBackend *backend, GError **error);
void gc_ram_free(GcRam *ram);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcRam, gc_ram_free)
