/* SPDX-License-Identifier: MIT */
/* What only QEMU knows of its guest, by way of QEMU's own ELF dump, of which
 * no more than the head is made. */
#pragma once

#include "guest/arch.h"
#include "guest/attach/qmp_client.h"

/* What QEMU's own dump says of the guest beside its memory. */
typedef struct GcQemuNotes {
    const GcArch *arch;
    GPtrArray *notes; /* of GcNote; owned */
} GcQemuNotes;

/**
 * gc_qemu_head_read_notes:
 * @client: a QEMU
 * @paddr: an address where the guest has RAM
 * @ret_notes: (out): what it says; the caller frees the notes
 * @error: (out) (optional): return location
 *
 * Has QEMU dump the one byte at @paddr into a file in memory, which takes it
 * half a millisecond.
 *
 * Errors: GC_ERROR_FORMAT if QEMU refuses or its dump is none;
 *     GC_ERROR_UNSUPPORTED if the architecture is not known; GC_ERROR_IO
 */
bool gc_qemu_head_read_notes(GcQmpClient *client, GcPaddr paddr,
                             GcQemuNotes *ret_notes, GError **error);

/**
 * gc_qemu_head_read_ranges:
 * @client: a QEMU
 * @error: (out) (optional): return location
 *
 * Has QEMU begin a dump into a pipe, and closes that after the head: which
 * says exactly which memory the guest may use, also of a virtio-mem device,
 * of which QEMU tells nobody else.  QEMU notes down a dump that failed.
 *
 * Returns: (transfer full) (element-type GcMemoryBlock): in order of address,
 *     neighbours merged; or NULL
 * Errors: as gc_qemu_head_read_notes()
 */
GArray *gc_qemu_head_read_ranges(GcQmpClient *client, GError **error);
