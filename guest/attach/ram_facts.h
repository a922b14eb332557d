/* SPDX-License-Identifier: MIT */
/* What QEMU says of its guest's RAM elsewhere than in the memory map: the
 * backends, the devices that are memory, and the sum. */
#pragma once

#include "guest/attach/qmp_client.h"

/* A device that is memory: a DIMM, a virtio-mem device. */
typedef struct GcRamDevice {
    char *id;
    char *backend;
    GcPaddr start;
    uint64_t size;     /* plugged now, in bytes */
    uint64_t max_size; /* of its region; as size if all is always plugged */
    bool is_patchy;    /* virtio-mem: some of its region is plugged */
} GcRamDevice;

/* What was said.  Names are the last parts of paths. */
typedef struct GcRamFacts {
    GHashTable *backends; /* name to size in bytes, a uint64_t */
    GHashTable *blocks;   /* as "info ramblock" has it; empty if not told */
    GPtrArray *devices;   /* of GcRamDevice */
    uint64_t total;       /* of base and plugged memory, in bytes */
} GcRamFacts;

/**
 * gc_ram_facts_read:
 * @client: a QEMU
 * @error: (out) (optional): return location
 *
 * Returns: (transfer full): what it says, or NULL
 * Errors: GC_ERROR_FORMAT if an answer is not understood; GC_ERROR_IO
 */
GcRamFacts *gc_ram_facts_read(GcQmpClient *client, GError **error);
void gc_ram_facts_free(GcRamFacts *facts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcRamFacts, gc_ram_facts_free)

/* The last part of a path: QEMU names memory now by its id and now by its
 * path.  Borrowed from @name. */
const char *gc_ram_facts_name(const char *name);

/* The size that @table has for @name; false if it is not there. */
bool gc_ram_facts_lookup(GHashTable *table, const char *name,
                         uint64_t *ret_size);

/* The device that @backend belongs to; NULL if it is none's. */
const GcRamDevice *gc_ram_facts_find_device(const GcRamFacts *facts,
                                            const char *backend);

/* Adds the sizes of the blocks that "info ramblock" printed to @blocks. */
void gc_ram_facts_parse_blocks(GHashTable *blocks, const char *text);

/* A table for gc_ram_facts_lookup(). */
GHashTable *gc_ram_facts_table_new(void);
