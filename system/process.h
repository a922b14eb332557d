/* SPDX-License-Identifier: MIT */
/* What the program is to the rest of the system: a pid file, a process in the
 * background, a child that ends with its parent. */
#pragma once

#include "guestcore/types.h"

/* A lock and a line with the process id, removed when it is freed. */
typedef struct GcPidfile GcPidfile;

/* Errors: GC_ERROR_IO, also if another process has it. */
GcPidfile *gc_pidfile_new(const char *path, GError **error);
void gc_pidfile_free(GcPidfile *pidfile);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcPidfile, gc_pidfile_free)

/**
 * gc_daemon_fork:
 * @ret_ready_fd: (out): what gc_daemon_ready() takes
 * @error: (out) (optional): return location
 *
 * Goes on in a child.  The parent waits until the child is ready or gone, and
 * exits with status 0 or 1; it never comes back from here.
 * Errors: GC_ERROR_IO
 */
bool gc_daemon_fork(int *ret_ready_fd, GError **error);

/* Leaves the terminal and lets the parent go; closes @ready_fd. */
bool gc_daemon_ready(int ready_fd, GError **error);

/* Asks for SIGTERM when the parent ends. */
bool gc_exit_with_parent(GError **error);
