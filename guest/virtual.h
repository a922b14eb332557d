/* SPDX-License-Identifier: MIT */
/* The memory of a guest as its kernel sees it, by virtual address. */
#pragma once

#include "guestcore/guest.h"

typedef struct GcVirtual GcVirtual;

/**
 * gc_virtual_new:
 * @guest: the guest; must outlive what is returned
 * @error: (out) (optional): return location
 *
 * Returns: (transfer full): the kernel's memory, or NULL.  It remembers what
 *     it read last, so that small reads beside each other cost little; so it
 *     belongs to one thread, and to memory that stands still
 * Errors: GC_ERROR_UNSUPPORTED if nothing tells how addresses are translated
 */
GcVirtual *gc_virtual_new(const GcGuest *guest, GError **error);
void gc_virtual_free(GcVirtual *kernel);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcVirtual, gc_virtual_free)

/* As gc_guest_read_virtual(). */
bool gc_virtual_read(GcVirtual *kernel, uint64_t vaddr, void *buf, size_t len,
                     GError **error);
