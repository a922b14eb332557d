/* SPDX-License-Identifier: MIT */
/* The memory map of another process, from /proc/PID/maps, and the files that
 * it maps. */
#pragma once

#include <sys/types.h>

#include "guestcore/types.h"

typedef struct GcProcessMapping {
    uint64_t start; /* virtual addresses in the process */
    uint64_t end;
    bool is_shared;       /* MAP_SHARED: writes go to the file */
    uint64_t file_offset; /* of start in the file */
    unsigned dev_major;
    unsigned dev_minor;
    uint64_t inode; /* 0 if it maps no file */
} GcProcessMapping;

/**
 * gc_process_map_read:
 * @pid: the process
 * @error: (out) (optional): return location
 *
 * Returns: (transfer full) (element-type GcProcessMapping): its mappings in
 *     order of address, or NULL
 * Errors: GC_ERROR_IO
 */
GArray *gc_process_map_read(pid_t pid, GError **error);

/* The mapping of @map that @address lies in; NULL if there is none. */
const GcProcessMapping *gc_process_map_find(const GArray *map,
                                            uint64_t address);

/**
 * gc_process_map_open_file:
 * @pid: the process
 * @mapping: one of its mappings
 *
 * Opens the file that is mapped, for reading: through a descriptor that the
 * process has of it, or through the mapping itself.
 *
 * Returns: (transfer full): a descriptor, or -1 if that is not permitted
 */
int gc_process_map_open_file(pid_t pid, const GcProcessMapping *mapping);
