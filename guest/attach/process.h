/* SPDX-License-Identifier: MIT */
/* Another process whose memory is read.
 *
 * Memory comes by process_vm_readv(2), which is the fastest; where that is
 * forbidden (some containers do), or fails, by /proc/PID/mem.  A page that
 * neither can read, such as one that the host's hardware lost, reads as zeros
 * and is counted: a dump does not fail because of one page. */
#pragma once

#include <sys/types.h>

#include "guestcore/types.h"

typedef struct GcProcess GcProcess;

/**
 * gc_process_new:
 * @pid: the process
 * @error: (out) (optional): return location
 *
 * Returns: (transfer full): the process, with one reference; NULL if it is
 *     not there or its memory may not be read
 * Errors: GC_ERROR_IO, which says what to do about it
 * Threads: any thread
 */
GcProcess *gc_process_new(pid_t pid, GError **error);
GcProcess *gc_process_ref(GcProcess *process);
void gc_process_unref(GcProcess *process);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcProcess, gc_process_unref)

pid_t gc_process_get_pid(const GcProcess *process);

/* The host's page size, in bytes. */
size_t gc_process_get_page_size(const GcProcess *process);

/**
 * gc_process_read:
 * @process: the process
 * @address: virtual address there
 * @buf: (out) (array length=len): where the bytes go
 * @len: how many
 * @error: (out) (optional): return location
 *
 * Errors: GC_ERROR_IO if the process is gone
 * Threads: any thread
 */
bool gc_process_read(GcProcess *process, uint64_t address, void *buf,
                     size_t len, GError **error);

/* How many pages could not be read so far. */
uint64_t gc_process_get_n_unreadable(GcProcess *process);
