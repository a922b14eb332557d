/* SPDX-License-Identifier: MIT */
/* guestcore resume: a guest that was left paused goes on. */
#include <stdio.h>
#include <string.h>

#include "guestcore/attach.h"

#include "command.h"

typedef struct Options {
    char *qmp;
    int timeout;
    gboolean force;
    gboolean quiet;
} Options;

static bool check_options(const Options *options, int argc, GError **error)
{
    const char *wrong = NULL;

    if (argc != 1) {
        wrong = "it takes options only";
    } else if (options->qmp == NULL) {
        wrong = "--qmp SOCKET is missing";
    } else if (options->timeout < 0) {
        wrong = "--timeout takes a number of seconds";
    }
    if (wrong != NULL) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "resume: %s; see 'guestcore resume --help'", wrong);
    }
    return wrong == NULL;
}

static void print_report(const Options *options, const char *found)
{
    if (options->quiet) {
        return;
    }
    if (strcmp(found, "running") == 0) {
        printf("%s: the guest runs already\n", options->qmp);
    } else {
        printf("%s: the guest stood still (%s) and runs again\n", options->qmp,
               found);
    }
}

static bool resume_guest(const Options *options, GError **error)
{
    g_autoptr(GcAttachOptions) how = gc_attach_options_new();
    g_autofree char *found = NULL;

    gc_attach_options_set_force(how, options->force);
    gc_attach_options_set_timeout(how, (unsigned)options->timeout);
    found = gc_attach_resume_qemu(options->qmp, how, error);
    if (found == NULL) {
        return false;
    }
    print_report(options, found);
    return true;
}

static bool run(int argc, char **argv, GError **error)
{
    Options options = {0};
    const GOptionEntry entries[] = {
        {"qmp", 0, 0, G_OPTION_ARG_FILENAME, &options.qmp,
         "unix socket on which QEMU serves QMP", "SOCKET"},
        {"force", 0, 0, G_OPTION_ARG_NONE, &options.force,
         "resume also a guest that stands still for another reason", NULL},
        {"timeout", 0, 0, G_OPTION_ARG_INT, &options.timeout,
         "give up if QEMU has not answered by then", "SECONDS"},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &options.quiet,
         "print only errors", NULL},
        G_OPTION_ENTRY_NULL};
    bool ok = command_parse(
                  &argc, &argv, NULL,
                  "Lets the guest of a QEMU go on if it is paused.  A guest "
                  "that stands still for\nanother reason, such as a panic or a "
                  "migration, is left as it is.",
                  entries, error) &&
              check_options(&options, argc, error) &&
              resume_guest(&options, error);

    g_free(options.qmp);
    return ok;
}

const Command command_resume = {
    .name = "resume",
    .summary = "let a guest that was left paused go on",
    .run = run,
};
