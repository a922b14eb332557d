/* SPDX-License-Identifier: MIT */
#include "guest/attach/layout.h"

#include <string.h>

#include "guestcore/memory.h"

#include "base/error.h"
#include "guest/attach/qemu_head.h"

/* Firmware may make parts of RAM read-only; they are RAM all the same. */
static bool is_ram(const GcMtreeRange *range, const GcRamFacts *facts)
{
    uint64_t size;

    return (strcmp(range->kind, "ram") == 0 ||
            strcmp(range->kind, "rom") == 0) &&
           gc_ram_facts_lookup(facts->backends, range->name, &size);
}

/* "Host virtual address for 0xGPA (NAME) is 0xHVA" */
static bool query_address(GcQmpClient *client, GcPaddr paddr,
                          uint64_t *ret_address, GError **error)
{
    static const char before[] = " is 0x";
    g_autofree char *command =
        g_strdup_printf("gpa2hva 0x%" G_GINT64_MODIFIER "x", paddr);
    g_autofree char *answer = gc_qmp_client_monitor(client, command, error);
    const char *number;

    if (answer == NULL) {
        return false;
    }
    number = strstr(answer, before);
    if (number == NULL) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "%s: QEMU answers \"%.80s\"", command, g_strchomp(answer));
        return false;
    }
    *ret_address = g_ascii_strtoull(number + strlen(before), NULL, 16);
    return true;
}

/* Asks for both ends, so that a range that is not one piece is noticed. */
static bool locate(GcQmpClient *client, GcRamRange *range, GError **error)
{
    uint64_t last;

    if (!query_address(client, range->start, &range->address, error) ||
        !query_address(client, range->start + range->size - 1, &last, error)) {
        return false;
    }
    if (last - range->address != range->size - 1) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "gpa2hva says that RAM at 0x%" G_GINT64_MODIFIER
                    "x is not in one piece",
                    range->start);
        return false;
    }
    return true;
}

static void append_merged(GArray *layout, const GcRamRange *range)
{
    GcRamRange *last = layout->len > 0
                           ? &g_array_index(layout, GcRamRange, layout->len - 1)
                           : NULL;

    if (last != NULL && last->start + last->size == range->start &&
        last->address + last->size == range->address) {
        last->size += range->size;
    } else {
        g_array_append_val(layout, *range);
    }
}

/* Appends the parts of @range that are in @plugged too. */
static void append_plugged(GArray *layout, const GcRamRange *range,
                           const GArray *plugged)
{
    for (guint i = 0; i < plugged->len; i++) {
        const GcMemoryBlock *block = &g_array_index(plugged, GcMemoryBlock, i);
        GcPaddr start = MAX(block->start, range->start);
        GcPaddr end =
            MIN(block->start + block->size, range->start + range->size);

        if (start < end) {
            GcRamRange part = {start, end - start,
                               range->address + (start - range->start)};

            append_merged(layout, &part);
        }
    }
}

static bool has_patchy_device(const GcRamFacts *facts)
{
    for (guint i = 0; i < facts->devices->len; i++) {
        const GcRamDevice *device = g_ptr_array_index(facts->devices, i);

        if (device->is_patchy) {
            return true;
        }
    }
    return false;
}

static uint64_t add_up(const GArray *layout, GcPaddr start, GcPaddr end)
{
    uint64_t total = 0;

    for (guint i = 0; i < layout->len; i++) {
        const GcRamRange *range = &g_array_index(layout, GcRamRange, i);
        GcPaddr from = MAX(range->start, start);
        GcPaddr to = MIN(range->start + range->size, end);

        total += from < to ? to - from : 0;
    }
    return total;
}

/* What is plugged of a virtio-mem device must be as much as it says. */
static bool check_patchy(const GArray *layout, const GcRamFacts *facts,
                         GError **error)
{
    for (guint i = 0; i < facts->devices->len; i++) {
        const GcRamDevice *device = g_ptr_array_index(facts->devices, i);
        uint64_t found =
            add_up(layout, device->start, device->start + device->max_size);

        if (device->is_patchy && found != device->size) {
            g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                        "virtio-mem device %s: QEMU's dump has "
                        "%" G_GUINT64_FORMAT
                        " bytes of it, but query-memory-devices says that "
                        "%" G_GUINT64_FORMAT " are plugged",
                        device->id, found, device->size);
            return false;
        }
    }
    return true;
}

static GArray *locate_ranges(GcQmpClient *client, const GPtrArray *mtree,
                             const GcRamFacts *facts, const GArray *plugged,
                             GError **error)
{
    g_autoptr(GArray) layout = g_array_new(FALSE, FALSE, sizeof(GcRamRange));

    for (guint i = 0; i < mtree->len; i++) {
        const GcMtreeRange *seen = g_ptr_array_index(mtree, i);
        const GcRamDevice *device = gc_ram_facts_find_device(facts, seen->name);
        GcRamRange range = {.start = seen->start, .size = seen->size};

        if (!is_ram(seen, facts)) {
            continue;
        }
        if (!locate(client, &range, error)) {
            return NULL;
        }
        if (device != NULL && device->is_patchy) {
            append_plugged(layout, &range, plugged);
        } else {
            append_merged(layout, &range);
        }
    }
    if (layout->len == 0) {
        g_set_error(error, GC_ERROR, GC_ERROR_NO_DATA,
                    "the guest has no memory");
        return NULL;
    }
    return check_patchy(layout, facts, error) ? g_steal_pointer(&layout) : NULL;
}

static GPtrArray *read_mtree(GcQmpClient *client, GError **error)
{
    g_autofree char *text =
        gc_qmp_client_monitor(client, "info mtree -f", error);

    return text != NULL ? gc_mtree_parse(text, error) : NULL;
}

GArray *gc_layout_read(GcQmpClient *client, GError **error)
{
    g_autoptr(GcRamFacts) facts = gc_ram_facts_read(client, error);
    g_autoptr(GPtrArray) mtree =
        facts != NULL ? read_mtree(client, error) : NULL;
    g_autoptr(GArray) plugged = NULL;

    if (mtree == NULL || !gc_layout_check(mtree, facts, error)) {
        return NULL;
    }
    if (has_patchy_device(facts)) {
        plugged = gc_qemu_head_read_ranges(client, error);
        if (plugged == NULL) {
            return NULL;
        }
    }
    return locate_ranges(client, mtree, facts, plugged, error);
}
