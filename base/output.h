/* SPDX-License-Identifier: MIT */
/* An output file that is either there complete or not there at all. */
#pragma once

#include "guestcore/types.h"

/* A file that takes its name only when it is complete: until
 * gc_output_commit() it has no name at all, or, where the file system cannot
 * do that, a hidden one beside the final name.  Mode 0600: what is written
 * here is a guest's memory. */
typedef struct GcOutput GcOutput;

/**
 * gc_output_new:
 * @path: the final name; an existing regular file there is replaced by the
 *     commit, anything else there is refused
 *
 * Returns: (transfer full): the output, or NULL
 * Errors: GC_ERROR_IO; GC_ERROR_INVALID if @path is no place for a file
 * Threads: owner thread
 */
GcOutput *gc_output_new(const char *path, GError **error);

/* Discards what was not committed.  NULL is allowed. */
void gc_output_free(GcOutput *output);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcOutput, gc_output_free)

/* The descriptor to write to; it stays the output's. */
int gc_output_get_fd(const GcOutput *output);

/* Makes the content durable and gives it its final name.
 * Errors: GC_ERROR_IO; the final name is then untouched. */
bool gc_output_commit(GcOutput *output, GError **error);
