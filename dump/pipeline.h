/* SPDX-License-Identifier: MIT */
/* Work in parallel, results in order.
 *
 *   next ──► work, work, work ──► emit
 *   caller   any thread, at once   caller, in the order of next
 *
 * So what emit does is the same whatever the number of threads. */
#pragma once

#include "guestcore/types.h"

typedef struct GcPipelineOps {
    /* An item holds what next says and what work makes of it; the pipeline
     * reuses a few of them.  Called before and after all else. */
    void *(*new_item)(void *opaque);
    void (*free_item)(void *item);

    /* (nullable) What one thread needs for its work. */
    void *(*new_worker)(void *opaque);
    void (*free_worker)(void *opaque, void *worker);

    /* Says in @item what comes next; false at the end. */
    bool (*next)(void *opaque, void *item);

    /* Does the work of @item.  Other items are worked on at the same time. */
    bool (*work)(void *opaque, void *worker, void *item, GError **error);

    /* Takes the result of @item. */
    bool (*emit)(void *opaque, void *item, GError **error);
} GcPipelineOps;

/**
 * gc_pipeline_run:
 * @ops: what to do
 * @opaque: passed to @ops
 * @threads: how many threads work; 0 runs the plain loop in this thread
 * @error: (out) (optional): return location
 *
 * Runs until next says that there is no more, or until something fails:
 * then the first failure in order is the one that is returned.
 *
 * Errors: what work and emit say
 */
bool gc_pipeline_run(const GcPipelineOps *ops, void *opaque, unsigned threads,
                     GError **error);
