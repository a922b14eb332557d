/* SPDX-License-Identifier: MIT */
/* Cuts a monitor client's bytes into JSON texts, without understanding them
 * further than where one ends.  Pure, and bounded in size and in depth, so
 * that the parser behind it is, too. */
#pragma once

#include "guestcore/types.h"

/* QEMU's limit of nesting, and ours of size: no command comes near it. */
#define GC_QMP_MAX_DEPTH 1024
#define GC_QMP_MAX_SIZE (1024 * 1024)

typedef struct GcQmpSplitter GcQmpSplitter;

/**
 * GcQmpSplit:
 * @GC_QMP_NONE: no whole text yet
 * @GC_QMP_TEXT: a text: an object or array, or a line that is neither
 * @GC_QMP_ERROR: a limit was passed; what follows up to the end of the line
 *     is dropped.  The text says why.
 */
typedef enum GcQmpSplit {
    GC_QMP_NONE,
    GC_QMP_TEXT,
    GC_QMP_ERROR,
} GcQmpSplit;

GcQmpSplitter *gc_qmp_splitter_new(void);
void gc_qmp_splitter_free(GcQmpSplitter *splitter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcQmpSplitter, gc_qmp_splitter_free)

/* Adds what came.  Pull until GC_QMP_NONE before the next push. */
void gc_qmp_splitter_push(GcQmpSplitter *splitter, const void *data,
                          size_t len);

/* @ret_text and @ret_len are not set for GC_QMP_NONE; they are valid until
 * the next push. */
GcQmpSplit gc_qmp_splitter_pull(GcQmpSplitter *splitter, const char **ret_text,
                                size_t *ret_len);
