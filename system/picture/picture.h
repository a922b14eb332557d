/* SPDX-License-Identifier: MIT */
/* Guest memory as it was at one moment, while the guest runs on: pages that
 * the guest writes from then on are copied, all others are shared with it.
 * How that is done depends on whose the memory is:
 *
 *  memory     picture             a page is copied      needs
 *  private    a forked process    by the kernel         to read a child's
 *  shared     write protection    by a thread of ours   userfaultfd(2)
 */
#pragma once

#include "guestcore/memory.h"

#include "system/ram.h"

typedef struct GcPicture GcPicture;

/**
 * gc_picture_new:
 * @ram: the memory; nobody writes to it until this returns
 * @error: (out) (optional): return location
 *
 * Returns: (transfer full): its picture, or NULL
 * Errors: GC_ERROR_IO; GC_ERROR_UNSUPPORTED if this kernel cannot do it
 * Threads: the main thread, with which a picture ends
 */
GcPicture *gc_picture_new(const GcRam *ram, GError **error);

/* Not before the memory that has its blocks. */
void gc_picture_free(GcPicture *picture);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcPicture, gc_picture_free)

/**
 * gc_picture_add_block:
 * @picture: the picture
 * @memory: where the block is added
 * @start: guest-physical address of the block, in bytes
 * @size: its size in bytes
 * @offset: where it begins in the RAM
 * @error: (out) (optional): return location
 *
 * Errors: as gc_memory_add(); GC_ERROR_IO.  A read of the block fails with
 *     GC_ERROR_IO once the picture is lost.
 */
bool gc_picture_add_block(GcPicture *picture, GcMemory *memory, GcPaddr start,
                          uint64_t size, uint64_t offset, GError **error);

/**
 * gc_picture_end:
 * @picture: (nullable): a picture that nobody reads any more
 * @error: (out) (optional): return location
 *
 * Gives back what it costs, which may take a while.
 *
 * Returns: whether it was there until now
 * Errors: GC_ERROR_IO, which says how it was lost
 * Threads: any thread
 */
bool gc_picture_end(GcPicture *picture, GError **error);
