/* SPDX-License-Identifier: MIT */
/* Writing a device tree, front to back, with libfdt.
 *
 * The first error stays in the tree and comes out at its end, so that the
 * code which writes nodes reads like the tree. */
#pragma once

#include "guestcore/types.h"

typedef struct GcFdt GcFdt;

/* A tree whose root node is open. */
GcFdt *gc_fdt_new(void);
void gc_fdt_free(GcFdt *fdt);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcFdt, gc_fdt_free)

/* Opens a node in the one that is open, and closes the one opened last. */
void gc_fdt_begin_node(GcFdt *fdt, const char *format, ...) G_GNUC_PRINTF(2, 3);
void gc_fdt_end_node(GcFdt *fdt);

/* Properties of the open node, before its first child. */
void gc_fdt_add_empty(GcFdt *fdt, const char *name);
void gc_fdt_add_u32(GcFdt *fdt, const char *name, uint32_t value);
void gc_fdt_add_string(GcFdt *fdt, const char *name, const char *value);
/* A list of strings, ended by NULL. */
void gc_fdt_add_strings(GcFdt *fdt, const char *name,
                        const char *const *values);
/* "reg" for 2 address and 2 size cells. */
void gc_fdt_add_reg(GcFdt *fdt, GcPaddr start, uint64_t size);

/**
 * gc_fdt_finish:
 * @fdt: the tree; nothing can be added any more
 * @error: (out) (optional): return location
 *
 * Closes the root.  Errors: GC_ERROR_INVALID with the first thing that
 * libfdt did not like.
 *
 * Returns: (transfer full): the flattened tree, or NULL
 */
GBytes *gc_fdt_finish(GcFdt *fdt, GError **error);
