/* SPDX-License-Identifier: MIT */
/* Memory of another process as blocks of guest memory. */
#pragma once

#include <sys/types.h>

#include "guestcore/memory.h"

/**
 * gc_process_memory_add:
 * @memory: where the block is added
 * @start: guest-physical address of the block, in bytes
 * @size: its size in bytes
 * @pid: a process that stands still as far as this memory goes
 * @address: where the block begins in the process
 * @file: a file that it maps privately there, or -1; only borrowed.  What
 *     the process did not write is then the file's.
 * @file_offset: where the block begins in @file
 * @error: (out) (optional): return location
 *
 * Adds memory that is private to the process.  Which of its pages were ever
 * used is asked once, now, of /proc/PID/pagemap; the others are holes and
 * are never read, for a read would make them.
 *
 * Errors: as gc_memory_add(); GC_ERROR_IO
 */
bool gc_process_memory_add(GcMemory *memory, GcPaddr start, uint64_t size,
                           pid_t pid, uint64_t address, int file,
                           uint64_t file_offset, GError **error);
