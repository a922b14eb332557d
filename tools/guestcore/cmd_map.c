/* SPDX-License-Identifier: MIT */
/* guestcore map: a picture of what a guest uses its memory for. */
#include <string.h>

#include "command.h"
#include "grid_json.h"
#include "grid_picture.h"
#include "guest_source.h"
#include "out_file.h"
#include "progress.h"

typedef struct Options {
    GuestSource source;
    char *output;
    int threads;
    gboolean json;
    gboolean quiet;
} Options;

#define ALL_CPUS (-1)

/* What the progress needs to know while pages are looked at. */
typedef struct Scan {
    Progress progress;
    uint32_t page_size;
} Scan;

static bool show_progress(uint64_t done, uint64_t total, void *user_data)
{
    Scan *scan = user_data;

    progress_show(&scan->progress, done * scan->page_size,
                  total * scan->page_size);
    return true;
}

static GcPageMap *scan_guest(const Options *options, const GcGuest *guest,
                             GError **error)
{
    Scan scan = {.page_size = gc_guest_get_page_size(guest)};
    unsigned threads = options->threads == ALL_CPUS
                           ? g_get_num_processors()
                           : (unsigned)options->threads;
    GcPageMap *map;

    progress_start(&scan.progress, options->quiet);
    map = gc_page_map_new(guest, threads, show_progress, &scan, error);
    progress_end(&scan.progress);
    return map;
}

/* What is to be written; NULL on failure. */
static char *make_text(Options *options, char **files, int n_files,
                       GError **error)
{
    const GcGuest *guest =
        guest_source_open(&options->source, files, n_files, error);
    g_autoptr(GcPageMap) map =
        guest != NULL ? scan_guest(options, guest, error) : NULL;
    g_autoptr(MemoryGrid) grid = NULL;
    g_autofree char *text = NULL;

    if (map != NULL) {
        grid = memory_grid_new(guest, map);
        text = options->json ? grid_to_json(grid, guest)
                             : grid_picture_to_svg(grid, guest);
    }
    return guest_source_close(&options->source, error) ? g_steal_pointer(&text)
                                                       : NULL;
}

static bool write_text(const Options *options, const char *text, GError **error)
{
    OutFile file;
    bool ok =
        out_file_open(&file, options->output != NULL ? options->output : "-",
                      error) &&
        out_file_write(&file, text, strlen(text), error) &&
        out_file_finish(&file, error);

    out_file_clear(&file);
    return ok;
}

static bool run_with(Options *options, char **files, int n_files,
                     GError **error)
{
    g_autofree char *text = NULL;
    const char *wrong = NULL;

    if (options->output == NULL && !options->json) {
        wrong = "-o FILE is missing";
    } else if (options->threads < ALL_CPUS) {
        wrong = "--threads takes a number";
    }
    if (wrong != NULL) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "map: %s; see 'guestcore map --help'", wrong);
        return false;
    }
    text = make_text(options, files, n_files, error);
    return text != NULL && write_text(options, text, error);
}

static const char *const description =
    "Draws what the guest's kernel uses each part of memory for: itself, page\n"
    "cache, processes, or nothing, as an SVG picture.  FILE is a dump; "
    "several\n"
    "files are parts of a kdump that was split.";

static bool run(int argc, char **argv, GError **error)
{
    Options options = {.threads = ALL_CPUS};
    const GOptionEntry entries[] = {
        GUEST_SOURCE_ENTRIES(options.source),
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output,
         "the picture; - for standard output", "FILE"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.json,
         "the numbers as a JSON object, and no picture", NULL},
        {"threads", 0, 0, G_OPTION_ARG_INT, &options.threads,
         "threads that read (default: one per CPU)", "N"},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &options.quiet,
         "print only warnings and errors", NULL},
        G_OPTION_ENTRY_NULL};
    bool ok =
        command_parse(&argc, &argv, "[FILE…]", description, entries, error) &&
        run_with(&options, argv + 1, argc - 1, error);

    guest_source_clear(&options.source);
    g_free(options.output);
    return ok;
}

const Command command_map = {
    .name = "map",
    .summary = "draw what a guest uses its memory for",
    .run = run,
};
