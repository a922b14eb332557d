/* SPDX-License-Identifier: MIT */
/* Which process QEMU is. */
#pragma once

#include "guest/attach/qmp_client.h"

/**
 * gc_qemu_process_find:
 * @client: a QEMU
 * @pid: the process that it is said to be, or 0
 * @ret_pid: (out): the process that it is
 * @error: (out) (optional): return location
 *
 * Without a @pid it is the process that made the socket.  Either way it must
 * have the thread that runs the guest's first CPU, which tells QEMU from a
 * manager that made the socket for it, and from another QEMU.
 *
 * Errors: GC_ERROR_IO if there is no such process, GC_ERROR_INVALID if it is
 *     not this QEMU; GC_ERROR_FORMAT
 */
bool gc_qemu_process_find(GcQmpClient *client, pid_t pid, pid_t *ret_pid,
                          GError **error);
