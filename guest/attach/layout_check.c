/* SPDX-License-Identifier: MIT */
/* Several of QEMU's answers tell of the same memory; a dump is only as right
 * as the map, so they must agree. */
#include <string.h>

#include "base/error.h"
#include "guest/attach/layout.h"

/* A PC hides some of its RAM below 1 MiB behind video memory and firmware;
 * so much may be missing from the map. */
#define MAX_HIDDEN_RAM (UINT64_C(1) << 20)

#define X "0x%" G_GINT64_MODIFIER "x"

/* Whether a range shows memory of the guest.  What keeps its content when
 * the power goes ("nv-ram") counts in QEMU's sums, but is not dumped. */
static bool counts(const GcMtreeRange *range)
{
    return strcmp(range->kind, "ram") == 0 || strcmp(range->kind, "rom") == 0 ||
           g_str_has_prefix(range->kind, "nv-");
}

static uint64_t add_up(const GPtrArray *mtree, const char *backend)
{
    uint64_t total = 0;

    for (guint i = 0; i < mtree->len; i++) {
        const GcMtreeRange *range = g_ptr_array_index(mtree, i);

        if (counts(range) &&
            strcmp(gc_ram_facts_name(range->name), backend) == 0) {
            total += range->size;
        }
    }
    return total;
}

/* One backend: the map shows no more of it than there is, and both lists
 * have the same size for it. */
static bool check_backend(const char *name, uint64_t size, uint64_t shown,
                          const GcRamFacts *facts, GError **error)
{
    uint64_t block_size;

    if (shown > size) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "memory %s: info mtree -f shows %" G_GUINT64_FORMAT
                    " bytes of it, but query-memdev says %" G_GUINT64_FORMAT,
                    name, shown, size);
        return false;
    }
    if (g_hash_table_size(facts->blocks) == 0) {
        return true;
    }
    if (!gc_ram_facts_lookup(facts->blocks, name, &block_size)) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "memory %s is in info mtree -f, but not in info ramblock",
                    name);
        return false;
    }
    if (block_size != size) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "memory %s: info ramblock says %" G_GUINT64_FORMAT
                    " bytes, but query-memdev says %" G_GUINT64_FORMAT,
                    name, block_size, size);
        return false;
    }
    return true;
}

/* Adds what counts to *@total: of a virtio-mem device, what is plugged. */
static bool check_backends(const GPtrArray *mtree, const GcRamFacts *facts,
                           uint64_t *total, GError **error)
{
    GHashTableIter iter;
    gpointer name;
    gpointer size;

    g_hash_table_iter_init(&iter, facts->backends);
    while (g_hash_table_iter_next(&iter, &name, &size)) {
        uint64_t shown = add_up(mtree, name);
        const GcRamDevice *device = gc_ram_facts_find_device(facts, name);

        if (shown == 0) {
            continue;
        }
        if (!check_backend(name, *(uint64_t *)size, shown, facts, error)) {
            return false;
        }
        *total += device != NULL && device->is_patchy ? device->size : shown;
    }
    return true;
}

static bool is_at(const GcMtreeRange *range, const GcRamDevice *device)
{
    return range->start == device->start && range->size == device->size &&
           strcmp(gc_ram_facts_name(range->name), device->backend) == 0;
}

static bool check_device(const GPtrArray *mtree, const GcRamDevice *device,
                         GError **error)
{
    for (guint i = 0; i < mtree->len; i++) {
        if (is_at(g_ptr_array_index(mtree, i), device)) {
            return true;
        }
    }
    g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                "query-memory-devices says that device %s has "
                "%" G_GUINT64_FORMAT " bytes of %s at " X
                ", but info mtree -f does not",
                device->id, device->size, device->backend, device->start);
    return false;
}

bool gc_layout_check(const GPtrArray *mtree, const GcRamFacts *facts,
                     GError **error)
{
    uint64_t total = 0;

    if (!check_backends(mtree, facts, &total, error)) {
        return false;
    }
    for (guint i = 0; i < facts->devices->len; i++) {
        const GcRamDevice *device = g_ptr_array_index(facts->devices, i);

        /* Of a virtio-mem device the plugged parts are checked later. */
        if (!device->is_patchy && !check_device(mtree, device, error)) {
            return false;
        }
    }
    if (facts->total > total && facts->total - total > MAX_HIDDEN_RAM) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "info mtree -f shows %" G_GUINT64_FORMAT
                    " bytes of RAM, but query-memory-size-summary says "
                    "%" G_GUINT64_FORMAT,
                    total, facts->total);
        return false;
    }
    return true;
}
