/* SPDX-License-Identifier: MIT */
/* The guest's RAM: one mapping of a memfd or a file.  What the guest never
 * touched costs nothing, however large it is. */
#pragma once

#include "guestcore/types.h"

#include "system/config.h"

/**
 * GcRam:
 * @id: what it is called
 * @host: where it is mapped
 * @size: in bytes
 * @fd: what is mapped
 * @share: whether the mapping and @fd show the same bytes
 */
typedef struct GcRam {
    char *id;
    uint8_t *host;
    uint64_t size;
    int fd;
    bool share;
} GcRam;

/* Errors: GC_ERROR_IO; GC_ERROR_INVALID if the size is 0. */
GcRam *gc_ram_new(const GcConfigBackend *backend, GError **error);
void gc_ram_free(GcRam *ram);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcRam, gc_ram_free)
