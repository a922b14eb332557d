/* SPDX-License-Identifier: MIT */
/* guestcore info: what is in a dump. */
#include <string.h>

#include "command.h"
#include "info_report.h"

/* How much of the memory the dump has. */
static bool count_present(const GcGuest *guest, uint64_t *ret_present,
                          GError **error)
{
    GcMemory *memory = gc_guest_get_memory(guest);
    GcPaddr start;
    GcPaddr end;

    *ret_present = 0;
    for (GcPaddr at = 0; at < UINT64_MAX; at = end) {
        if (!gc_memory_next_present(memory, at, UINT64_MAX, &start, &end,
                                    error)) {
            return false;
        }
        *ret_present += end - start;
    }
    return true;
}

static bool print_info(const char *const *paths, bool json, bool kinds,
                       GError **error)
{
    GcDumpInfo info;
    g_autoptr(GcGuest) guest = gc_guest_open_files(paths, &info, error);
    g_autoptr(GcDumpInspection) inspection =
        guest != NULL ? gc_dump_inspect(paths, error) : NULL;
    g_autoptr(GcPageMap) map = NULL;
    g_autoptr(GError) why_no_map = NULL;
    InfoReport report = {
        .guest = guest, .info = &info, .inspection = inspection};
    g_autofree char *text = NULL;

    if (inspection == NULL || !count_present(guest, &report.present, error)) {
        return false;
    }
    if (kinds) {
        map = gc_page_map_new(guest, g_get_num_processors(), NULL, NULL,
                              &why_no_map);
        report.kinds = map;
        report.why_no_kinds = why_no_map;
    }
    text = json ? info_report_to_json(&report) : info_report_to_text(&report);
    return command_print(text, strlen(text), error);
}

static bool run(int argc, char **argv, GError **error)
{
    gboolean json = FALSE;
    gboolean kinds = FALSE;
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "print it as a JSON object",
         NULL},
        {"kinds", 0, 0, G_OPTION_ARG_NONE, &kinds,
         "count the pages by what the kernel uses them for", NULL},
        G_OPTION_ENTRY_NULL};

    if (!command_parse(&argc, &argv, "FILE…",
                       "Prints what is in a dump: format, architecture, CPUs, "
                       "memory, kernel, notes,\nwhere the pages are, and what "
                       "readers will have against it.\nSeveral files are parts "
                       "of a kdump that was split.",
                       entries, error)) {
        return false;
    }
    if (argc < 2) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "info takes a FILE; see 'guestcore info --help'");
        return false;
    }
    return print_info((const char *const *)argv + 1, json, kinds, error);
}

const Command command_info = {
    .name = "info",
    .summary = "print what is in a dump",
    .run = run,
};
