/* SPDX-License-Identifier: MIT */
/* A process made of this one that goes on alone, without running another
 * program. */
#pragma once

#include <sys/types.h>

#include "guestcore/types.h"

/* What the new process does; it ends when this returns.  This one may have
 * threads, so only what is safe in a signal handler may be called. */
typedef void (*GcChildRun)(void *opaque);

/**
 * gc_child_new:
 * @keep: (array length=n_keep): descriptors that stay open in it, in rising
 *     order; all others are closed there, so that nobody waits for their end
 *     because of it
 * @n_keep: how many
 * @run: what it does, with all signals blocked
 * @opaque: passed to @run
 * @error: (out) (optional): return location
 *
 * Returns: its id, to be waited for; -1 if it could not be made
 * Errors: GC_ERROR_IO
 */
pid_t gc_child_new(const int *keep, size_t n_keep, GcChildRun run, void *opaque,
                   GError **error);
