/* SPDX-License-Identifier: MIT */
/* The guest-physical address space as QEMU's "info mtree -f" prints it.
 *
 * That text is made for people and QEMU may change it, so it is parsed
 * defensively: a line that is not understood is no memory, and whoever uses
 * the result checks it against what else QEMU says. */
#pragma once

#include "guestcore/types.h"

typedef struct GcMtreeRange {
    GcPaddr start;
    uint64_t size;
    char *kind; /* "ram", "rom", "i/o", ... */
    char *name; /* of the memory region */
} GcMtreeRange;

/**
 * gc_mtree_parse:
 * @text: what "info mtree -f" printed
 * @error: (out) (optional): return location
 *
 * Returns: (transfer full) (element-type GcMtreeRange): the ranges of the
 *     address space "memory" in order of address, or NULL
 * Errors: GC_ERROR_FORMAT if that address space is not there, or its ranges
 *     are out of order
 */
GPtrArray *gc_mtree_parse(const char *text, GError **error);
