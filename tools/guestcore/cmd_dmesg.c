/* SPDX-License-Identifier: MIT */
/* guestcore dmesg: the log of a guest's kernel. */
#include <inttypes.h>
#include <stdio.h>

#include "command.h"
#include "guest_source.h"
#include "log_text.h"

typedef struct Options {
    GuestSource source;
    gboolean json;
    gboolean caller;
} Options;

/* The guest may stand still meanwhile, so all is collected, and printed when
 * it runs again: who reads our output can take as long as he likes. */
typedef struct Log {
    const Options *options;
    GString *text;
    JsonArray *records;
} Log;

static bool add_record(const GcLogRecord *record, void *user_data)
{
    Log *log = user_data;

    if (log->options->json) {
        json_array_add_object_element(log->records, log_text_to_json(record));
    } else {
        log_text_append(log->text, record, log->options->caller);
    }
    return true;
}

static void take_json(Log *log)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_ARRAY);
    g_autofree char *text = NULL;

    json_node_set_array(node, log->records);
    text = json_to_string(node, TRUE);
    g_string_append(log->text, text);
    g_string_append_c(log->text, '\n');
}

static bool collect(Options *options, Log *log, char **files, int n_files,
                    GError **error)
{
    const GcGuest *guest =
        guest_source_open(&options->source, files, n_files, error);
    uint64_t lost = 0;
    bool ok = guest != NULL &&
              gc_guest_read_log(guest, add_record, log, &lost, error);

    if (!guest_source_close(&options->source, error) || !ok) {
        return false;
    }
    if (lost > 0) {
        fprintf(stderr,
                "guestcore: warning: %" PRIu64
                " records of the log are not whole and are left out\n",
                lost);
    }
    return true;
}

static bool print_log(Options *options, char **files, int n_files,
                      GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(JsonArray) records = json_array_new();
    Log log = {options, text, records};

    if (!collect(options, &log, files, n_files, error)) {
        return false;
    }
    if (options->json) {
        take_json(&log);
    }
    return command_print(text->str, text->len, error);
}

static const char *const description =
    "Prints the log of the guest's kernel, of any kernel since 2.6.24, as\n"
    "dmesg and makedumpfile --dump-dmesg do.  FILE is a dump; several files\n"
    "are parts of a kdump that was split.  Bytes that are not printable\n"
    "become \\xNN.";

static bool run(int argc, char **argv, GError **error)
{
    Options options = {0};
    const GOptionEntry entries[] = {
        GUEST_SOURCE_ENTRIES(options.source),
        {"caller", 0, 0, G_OPTION_ARG_NONE, &options.caller,
         "show who logged each record: T and a task, or C and a CPU", NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.json,
         "print the records as a JSON array", NULL},
        G_OPTION_ENTRY_NULL};
    bool ok =
        command_parse(&argc, &argv, "[FILE…]", description, entries, error) &&
        print_log(&options, argv + 1, argc - 1, error);

    guest_source_clear(&options.source);
    return ok;
}

const Command command_dmesg = {
    .name = "dmesg",
    .summary = "print the log of a guest's kernel",
    .run = run,
};
