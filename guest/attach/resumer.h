/* SPDX-License-Identifier: MIT */
/* Sees to it that a guest that this process stopped runs again even if this
 * process is killed: a small child that shares the monitor's connection and
 * sends "cont" when its parent is gone without having dismissed it. */
#pragma once

#include "guestcore/types.h"

typedef struct GcResumer GcResumer;

/**
 * gc_resumer_new:
 * @qmp_fd: a connection to QMP that has left negotiation mode
 * @error: (out) (optional): return location
 *
 * Returns: (transfer full): the child, which waits; NULL if it cannot be made
 * Errors: GC_ERROR_IO
 */
GcResumer *gc_resumer_new(int qmp_fd, GError **error);

/* The guest runs, or need not: the child ends without doing anything.  NULL
 * is fine. */
void gc_resumer_dismiss(GcResumer *resumer);

/* This process can do nothing more: the child is to resume the guest as soon
 * as QEMU listens, and outlives this process if it must. */
void gc_resumer_entrust(GcResumer *resumer);
