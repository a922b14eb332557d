/* SPDX-License-Identifier: MIT */
#include "grid_json.h"

#include <json-glib/json-glib.h>
#include <string.h>

/* The kinds of which there are pages, with their number. */
static JsonObject *list_kinds(const uint64_t pages[GC_PAGE_KINDS])
{
    JsonObject *kinds = json_object_new();

    for (int kind = GC_PAGE_UNKNOWN; kind < GC_PAGE_KINDS; kind++) {
        if (pages[kind] > 0) {
            json_object_set_int_member(kinds,
                                       gc_page_kind_get_name((GcPageKind)kind),
                                       (gint64)pages[kind]);
        }
    }
    return kinds;
}

static JsonArray *list_cells(const MemoryGrid *grid)
{
    static const uint64_t none[GC_PAGE_KINDS];
    JsonArray *cells = json_array_new();

    for (guint i = 0; i < grid->rows->len; i++) {
        const GridRow *row = &g_array_index(grid->rows, GridRow, i);

        for (unsigned j = 0; j < MEMORY_GRID_COLUMNS; j++) {
            JsonObject *cell;

            if (memcmp(row->cells[j], none, sizeof(none)) == 0) {
                continue;
            }
            cell = json_object_new();
            json_object_set_int_member(
                cell, "start",
                (gint64)((row->start + j * grid->cell_pages) *
                         grid->page_size));
            json_object_set_object_member(cell, "pages",
                                          list_kinds(row->cells[j]));
            json_array_add_object_element(cells, cell);
        }
    }
    return cells;
}

char *grid_to_json(const MemoryGrid *grid, const GcGuest *guest)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    JsonObject *object = json_object_new();
    const char *release = gc_guest_get_os_release(guest);
    g_autofree char *text = NULL;

    json_object_set_string_member(object, "architecture",
                                  gc_guest_get_arch(guest));
    if (release != NULL) {
        g_autofree char *valid = g_utf8_make_valid(release, -1);

        json_object_set_string_member(object, "os-release", valid);
    }
    json_object_set_int_member(object, "page-size", grid->page_size);
    json_object_set_int_member(object, "cell-pages", (gint64)grid->cell_pages);
    json_object_set_object_member(object, "pages", list_kinds(grid->total));
    json_object_set_array_member(object, "cells", list_cells(grid));
    json_node_take_object(node, object);
    text = json_to_string(node, FALSE);
    return g_strconcat(text, "\n", NULL);
}
