/* SPDX-License-Identifier: MIT */
#include "guest/attach/layout.h"

#include <string.h>

#include "base/error.h"
#include "guest/attach/mtree.h"

/* A PC hides some of its RAM below 1 MiB behind video memory and firmware;
 * so much may be missing from the map. */
#define MAX_HIDDEN_RAM (UINT64_C(1) << 20)

/* The names of the memory backends.  (element-type utf8) */
static GHashTable *read_backends(GcQmpClient *client, GError **error)
{
    g_autoptr(JsonNode) result =
        gc_qmp_client_execute(client, "query-memdev", NULL, error);
    g_autoptr(GHashTable) names =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    JsonArray *list;

    if (result == NULL) {
        return NULL;
    }
    list = JSON_NODE_HOLDS_ARRAY(result) ? json_node_get_array(result) : NULL;
    for (guint i = 0; list != NULL && i < json_array_get_length(list); i++) {
        JsonNode *item = json_array_get_element(list, i);
        const char *id = JSON_NODE_HOLDS_OBJECT(item)
                             ? json_object_get_string_member_with_default(
                                   json_node_get_object(item), "id", NULL)
                             : NULL;

        if (id != NULL) {
            g_hash_table_add(names, g_strdup(id));
        }
    }
    if (g_hash_table_size(names) == 0) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "query-memdev names no memory");
        return NULL;
    }
    return g_steal_pointer(&names);
}

/* Firmware may make parts of RAM read-only; they are RAM all the same. */
static bool is_ram(const GcMtreeRange *range, GHashTable *backends)
{
    return (strcmp(range->kind, "ram") == 0 ||
            strcmp(range->kind, "rom") == 0) &&
           g_hash_table_contains(backends, range->name);
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

static uint64_t get_size_member(JsonObject *object, const char *name)
{
    return (uint64_t)MAX(
        json_object_get_int_member_with_default(object, name, 0), 0);
}

/* What the map shows must not be less than what QEMU says it has. */
static bool check_total(GcQmpClient *client, const GArray *layout,
                        GError **error)
{
    g_autoptr(JsonNode) result =
        gc_qmp_client_execute(client, "query-memory-size-summary", NULL, error);
    uint64_t found = 0;
    uint64_t expected;
    JsonObject *summary;

    if (result == NULL) {
        return false;
    }
    if (!JSON_NODE_HOLDS_OBJECT(result)) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "query-memory-size-summary is not understood");
        return false;
    }
    summary = json_node_get_object(result);
    expected = get_size_member(summary, "base-memory") +
               get_size_member(summary, "plugged-memory");
    for (guint i = 0; i < layout->len; i++) {
        found += g_array_index(layout, GcRamRange, i).size;
    }
    if (expected > found && expected - found > MAX_HIDDEN_RAM) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "info mtree -f shows %" G_GUINT64_FORMAT
                    " bytes of RAM, but query-memory-size-summary says "
                    "%" G_GUINT64_FORMAT,
                    found, expected);
        return false;
    }
    return true;
}

static GArray *locate_ranges(GcQmpClient *client, GPtrArray *mtree,
                             GHashTable *backends, GError **error)
{
    g_autoptr(GArray) layout = g_array_new(FALSE, FALSE, sizeof(GcRamRange));

    for (guint i = 0; i < mtree->len; i++) {
        const GcMtreeRange *seen = g_ptr_array_index(mtree, i);
        GcRamRange range = {.start = seen->start, .size = seen->size};

        if (!is_ram(seen, backends)) {
            continue;
        }
        if (!locate(client, &range, error)) {
            return NULL;
        }
        append_merged(layout, &range);
    }
    return g_steal_pointer(&layout);
}

GArray *gc_layout_read(GcQmpClient *client, GError **error)
{
    g_autoptr(GHashTable) backends = read_backends(client, error);
    g_autofree char *text =
        backends != NULL ? gc_qmp_client_monitor(client, "info mtree -f", error)
                         : NULL;
    g_autoptr(GPtrArray) mtree =
        text != NULL ? gc_mtree_parse(text, error) : NULL;
    g_autoptr(GArray) layout =
        mtree != NULL ? locate_ranges(client, mtree, backends, error) : NULL;

    if (layout == NULL || !check_total(client, layout, error)) {
        return NULL;
    }
    return g_steal_pointer(&layout);
}
