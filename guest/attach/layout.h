/* SPDX-License-Identifier: MIT */
/* Where a running QEMU has the guest's RAM: guest-physical ranges over
 * addresses in the QEMU process. */
#pragma once

#include "guest/attach/qmp_client.h"

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
 * mapped, and not video memory, firmware or option ROMs.
 *
 * Returns: (transfer full) (element-type GcRamRange): in order of address,
 *     neighbours merged; or NULL
 * Errors: GC_ERROR_FORMAT if QEMU's answers contradict one another, or are
 *     not understood; GC_ERROR_IO
 */
GArray *gc_layout_read(GcQmpClient *client, GError **error);
