/* SPDX-License-Identifier: MIT */
#include "left_out.h"

#include <inttypes.h>

char *left_out_to_text(const GcDumpStats *stats)
{
    g_autoptr(GString) text = g_string_new(NULL);

    if (stats->left_out_pages == 0) {
        return NULL;
    }
    g_string_printf(text, "left out %" PRIu64 " pages:", stats->left_out_pages);
    for (int kind = 0; kind < GC_PAGE_KINDS; kind++) {
        if (stats->left_out[kind] > 0) {
            g_string_append_printf(text, " %" PRIu64 " %s,",
                                   stats->left_out[kind],
                                   gc_page_kind_get_name((GcPageKind)kind));
        }
    }
    g_string_truncate(text, text->len - 1);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

JsonObject *left_out_to_json(const GcDumpStats *stats)
{
    JsonObject *object = json_object_new();

    for (int kind = 0; kind < GC_PAGE_KINDS; kind++) {
        if (gc_page_kind_is_left_out((GcPageKind)kind, GC_DUMP_LEVEL_MAX)) {
            json_object_set_int_member(object,
                                       gc_page_kind_get_name((GcPageKind)kind),
                                       (gint64)stats->left_out[kind]);
        }
    }
    return object;
}

char *left_out_describe_level(unsigned level)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

    if ((level & 1) != 0) {
        g_ptr_array_add(names, g_strdup("zeros"));
    }
    for (int kind = 0; kind < GC_PAGE_KINDS; kind++) {
        if (gc_page_kind_is_left_out((GcPageKind)kind, level)) {
            g_ptr_array_add(names,
                            g_strdup(gc_page_kind_get_name((GcPageKind)kind)));
        }
    }
    if (names->len == 0) {
        return NULL;
    }
    g_ptr_array_add(names, NULL);
    return g_strjoinv(", ", (char **)names->pdata);
}
