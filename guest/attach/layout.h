/* SPDX-License-Identifier: MIT */
/* Where a running QEMU has the guest's RAM: guest-physical ranges over
 * addresses in the QEMU process. */
#pragma once

#include "guest/attach/mtree.h"
#include "guest/attach/ram_facts.h"

typedef struct GcRamRange {
    GcPaddr start;
    uint64_t size;
    uint64_t address; /* virtual, in the QEMU process */
} GcRamRange;

/**
 * gc_layout_read:
 * @client: a QEMU whose guest is stopped
 * @error: (out) (optional): return location
 *
 * Only RAM is listed: the memory backends of the machine, wherever they are
 * mapped, and not video memory, firmware or option ROMs; and of a virtio-mem
 * device only what is plugged.
 *
 * Returns: (transfer full) (element-type GcRamRange): in order of address,
 *     neighbours merged; or NULL
 * Errors: GC_ERROR_FORMAT if QEMU's answers contradict one another, or are
 *     not understood; GC_ERROR_NO_DATA if there is no RAM; GC_ERROR_IO
 */
GArray *gc_layout_read(GcQmpClient *client, GError **error);

/**
 * gc_layout_check:
 * @mtree: (element-type GcMtreeRange): what "info mtree -f" shows
 * @facts: what QEMU says elsewhere
 * @error: (out) (optional): return location
 *
 * Errors: GC_ERROR_FORMAT with what disagrees
 */
bool gc_layout_check(const GPtrArray *mtree, const GcRamFacts *facts,
                     GError **error);
