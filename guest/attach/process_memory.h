/* SPDX-License-Identifier: MIT */
/* Memory of another process as blocks of guest memory. */
#pragma once

#include "guestcore/memory.h"

#include "guest/attach/process.h"
#include "guest/attach/process_map.h"

/* How a piece of memory is reached. */
typedef enum GcProcessDoor {
    GC_PROCESS_DOOR_FILE,    /* it is a file: that is read */
    GC_PROCESS_DOOR_PRIVATE, /* the process's own, maybe over a file */
    GC_PROCESS_DOOR_BLIND,   /* a file that cannot be opened: all is read, and
                              * what was never used comes to be by that */
} GcProcessDoor;

/**
 * gc_process_memory_add:
 * @memory: where the block is added
 * @start: guest-physical address of the block, in bytes
 * @size: its size in bytes
 * @process: a process that does not change this memory any more
 * @mapping: the mapping of @process that holds all of the block
 * @address: where the block begins in the process
 * @ret_door: (out): how it is reached
 * @error: (out) (optional): return location
 *
 * Adds a block of memory that @process has mapped.  What is in a file is
 * read from the file, never through the process, and its holes are left
 * alone; which private pages were ever used is asked once, now, of
 * /proc/PID/pagemap, and the others are never read: for a read would make
 * them.
 *
 * Errors: as gc_memory_add(); GC_ERROR_IO
 */
bool gc_process_memory_add(GcMemory *memory, GcPaddr start, uint64_t size,
                           GcProcess *process, const GcProcessMapping *mapping,
                           uint64_t address, GcProcessDoor *ret_door,
                           GError **error);
