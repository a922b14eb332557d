/* SPDX-License-Identifier: MIT */
#include "dump_report.h"

#include <inttypes.h>
#include <json-glib/json-glib.h>

#include "left_out.h"

static double get_pause_seconds(const DumpReport *report)
{
    return (double)report->pause / (double)G_USEC_PER_SEC;
}

char *dump_report_to_text(const DumpReport *report)
{
    g_autofree char *left_out = left_out_to_text(&report->stats);

    return g_strdup_printf(
        "%s: %s, %" PRIu64 " pages (%" PRIu64 " of zeros), %" PRIu64
        " bytes (%" PRIu64 " on disk)%s%s, guest stood still %.3f s\n",
        report->path, report->format, report->stats.pages,
        report->stats.zero_pages, report->stats.file_size,
        report->stats.file_used, left_out != NULL ? ", " : "",
        left_out != NULL ? left_out : "", get_pause_seconds(report));
}

static void set_size(JsonObject *object, const char *name, uint64_t value)
{
    json_object_set_int_member(object, name, (gint64)value);
}

static JsonArray *list_warnings(const DumpReport *report)
{
    JsonArray *list = json_array_new();

    for (const char *const *text = report->warnings; *text != NULL; text++) {
        json_array_add_string_element(list, *text);
    }
    for (const char *const *text = report->job_warnings; *text != NULL;
         text++) {
        json_array_add_string_element(list, *text);
    }
    return list;
}

static JsonObject *make_object(const DumpReport *report)
{
    JsonObject *object = json_object_new();
    const char *release = gc_guest_get_os_release(report->guest);

    json_object_set_string_member(object, "file", report->path);
    json_object_set_string_member(object, "format", report->format);
    json_object_set_string_member(object, "architecture",
                                  gc_guest_get_arch(report->guest));
    set_size(object, "cpus", gc_guest_get_n_cpus(report->guest));
    if (release != NULL) {
        json_object_set_string_member(object, "os-release", release);
    }
    set_size(object, "pages", report->stats.pages);
    set_size(object, "zero-pages", report->stats.zero_pages);
    set_size(object, "dump-level", report->stats.dump_level);
    set_size(object, "left-out-pages", report->stats.left_out_pages);
    json_object_set_object_member(object, "left-out",
                                  left_out_to_json(&report->stats));
    set_size(object, "unreadable-pages", report->n_unreadable);
    set_size(object, "file-size", report->stats.file_size);
    set_size(object, "file-used", report->stats.file_used);
    json_object_set_double_member(object, "pause-seconds",
                                  get_pause_seconds(report));
    json_object_set_array_member(object, "warnings", list_warnings(report));
    return object;
}

char *dump_report_to_json(const DumpReport *report)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    g_autofree char *text = NULL;

    json_node_take_object(node, make_object(report));
    text = json_to_string(node, TRUE);
    return g_strconcat(text, "\n", NULL);
}
