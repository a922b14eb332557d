/* SPDX-License-Identifier: MIT */
/* All that differs in struct page from one kernel to the next. */
#pragma once

#include "dump/filter/page_layout.h"

#define GC_KERNEL_VERSION(major, minor) ((major) << 8 | (minor))

/* What is read from, and the layout that comes of it. */
typedef struct GcPageReader {
    const GcVmcoreinfoText *text;
    unsigned version; /* GC_KERNEL_VERSION */
    bool is_aarch64;
    GcPageLayout *layout; /* its sizes are known */
} GcPageReader;

/* Completes the layout.  Errors: GC_ERROR_UNSUPPORTED if the kernel does not
 * tell all that its kind must. */
bool gc_page_traits_learn(const GcPageReader *reader, GError **error);
