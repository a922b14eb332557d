/* SPDX-License-Identifier: MIT */
/* The text of a VMCOREINFO note: KEY=value lines in which a Linux kernel
 * tells where it was loaded and how its structures lie.  Follows Linux's
 * Documentation/admin-guide/kdump/vmcoreinfo.rst.
 *
 * The text comes from a guest or a file, so nothing in it is trusted: a key
 * counts only at the start of a line, the first of several wins, and a value
 * that is not wholly a number is no value. */
#pragma once

#include "guestcore/types.h"

typedef struct GcVmcoreinfoText GcVmcoreinfoText;

/**
 * gc_vmcoreinfo_text_new:
 * @text: (array length=size): the descriptor of the note
 * @size: in bytes
 * @error: (out) (optional): return location
 *
 * Returns: (transfer full): the parsed text, or NULL
 * Errors: GC_ERROR_FORMAT if it has no OSRELEASE, which every kernel writes
 *     first: then it is not the text of a kernel
 */
GcVmcoreinfoText *gc_vmcoreinfo_text_new(const void *text, size_t size,
                                         GError **error);
void gc_vmcoreinfo_text_free(GcVmcoreinfoText *text);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcVmcoreinfoText, gc_vmcoreinfo_text_free)

/* The whole text; borrowed. */
const char *gc_vmcoreinfo_text_get_raw(const GcVmcoreinfoText *text);

/* The value of @key, such as "OSRELEASE"; borrowed, NULL if it is absent. */
const char *gc_vmcoreinfo_text_get_string(const GcVmcoreinfoText *text,
                                          const char *key);

/**
 * gc_vmcoreinfo_text_get_number:
 * @text: the text
 * @kind: "NUMBER", "OFFSET", "SIZE" or "LENGTH"
 * @name: what is asked for, as in NUMBER(phys_base)
 * @ret_value: (out): the value
 *
 * Such values are signed decimal, or hexadecimal after 0x; a hexadecimal one
 * is taken as the 64 bits that it is.
 *
 * Returns: whether it is there and a number
 */
bool gc_vmcoreinfo_text_get_number(const GcVmcoreinfoText *text,
                                   const char *kind, const char *name,
                                   int64_t *ret_value);

/**
 * gc_vmcoreinfo_text_get_page_size:
 * @text: the text
 * @ret_size: (out): what PAGESIZE says, in bytes
 *
 * Returns: whether it is there and a number
 */
bool gc_vmcoreinfo_text_get_page_size(const GcVmcoreinfoText *text,
                                      uint64_t *ret_size);

/**
 * gc_vmcoreinfo_text_get_symbol:
 * @text: the text
 * @name: of the kernel's symbol
 * @ret_address: (out): its virtual address
 *
 * SYMBOL values are hexadecimal without 0x.
 *
 * Returns: whether it is there and a number
 */
bool gc_vmcoreinfo_text_get_symbol(const GcVmcoreinfoText *text,
                                   const char *name, uint64_t *ret_address);
