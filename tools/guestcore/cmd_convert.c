/* SPDX-License-Identifier: MIT */
/* guestcore convert: a dump into another format, and put right. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "guestcore/dump.h"

#include "command.h"
#include "interrupt.h"
#include "job_settings.h"
#include "left_out.h"
#include "progress.h"

typedef struct Options {
    JobSettings job;
    char *begin_text;
    char *length_text;
    gboolean all_memory;
    gboolean quiet;
} Options;

static const char *const description =
    "Writes a dump in another format: IN is a dump, or all parts of a kdump\n"
    "that was split; OUT is a file, which appears when it is complete, or '-'\n"
    "for standard output.  What QEMU writes wrongly comes out right:\n"
    "phys_base, utsname, where VMCOREINFO is, the program headers.\n\n"
    "Memory that is not the guest kernel's, such as video memory and ROM, is\n"
    "left out, because readers take it for RAM and fail over it; --all-memory\n"
    "keeps it.  IN is never changed.";

static void print_result(const char *out, const char *format,
                         const GcDumpStats *stats)
{
    g_autofree char *left_out = left_out_to_text(stats);

    fprintf(stderr,
            "%s: %s, %" PRIu64 " pages (%" PRIu64 " of zeros, %" PRIu64
            " absent)\n",
            out, format, stats->pages, stats->zero_pages, stats->absent_pages);
    if (left_out != NULL) {
        fprintf(stderr, "%s: %s\n", out, left_out);
    }
    if (stats->other_bytes != 0) {
        fprintf(stderr,
                "%s: left out %" PRIu64 " bytes that are not the kernel's "
                "memory; --all-memory keeps them\n",
                out, stats->other_bytes);
    }
}

static bool show_progress(uint64_t done, uint64_t total, void *user_data)
{
    Progress *progress = user_data;

    progress_show(progress, done, total);
    return interrupt_get() == 0;
}

/* Runs @job, until it ends or a signal comes. */
static bool write_dump(const Options *options, GcDumpJob *job, const char *out,
                       GError **error)
{
    Progress progress;
    bool ok;

    gc_dump_job_set_progress(job, show_progress, &progress);
    progress_start(&progress, options->quiet);
    ok = job_run_to(job, out, error);
    progress_end(&progress);
    if (!ok && interrupt_get() != 0) {
        job_explain_cancel(out, gc_dump_job_get_stats(job).is_partial,
                           strsignal(interrupt_get()), error);
    }
    return ok;
}

static bool convert(const Options *options, const char *const *in,
                    const char *out, GError **error)
{
    g_autoptr(GcGuest) guest = NULL;
    g_autoptr(GcDumpJob) job = NULL;
    GcDumpInfo info;
    GcDumpStats stats;

    interrupt_catch();
    guest = gc_guest_open_files(in, &info, error);
    if (guest == NULL) {
        return false;
    }
    if (info.is_incomplete) {
        fprintf(stderr, "guestcore: warning: %s was not written to its end\n",
                in[0]);
    }
    job = gc_dump_job_new(guest);
    if (!job_settings_apply(&options->job, job, error)) {
        return false;
    }
    gc_dump_job_set_ram_only(job, !options->all_memory);
    if (!write_dump(options, job, out, error)) {
        return false;
    }
    for (const char *const *warning = gc_dump_job_get_warnings(job);
         *warning != NULL; warning++) {
        fprintf(stderr, "guestcore: warning: %s\n", *warning);
    }
    if (!options->quiet) {
        stats = gc_dump_job_get_stats(job);
        print_result(out, options->job.format, &stats);
    }
    return true;
}

static bool check_options(const Options *options, int argc, char **argv,
                          GError **error)
{
    const char *wrong =
        argc < 3 ? "it takes IN and OUT"
                 : job_settings_find_wrong(&options->job, argv[argc - 1]);

    if (wrong != NULL) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "convert: %s; see 'guestcore convert --help'", wrong);
    }
    return wrong == NULL;
}

/* The arguments are IN ... OUT; the rest becomes a list of its own. */
static bool convert_arguments(const Options *options, int argc, char **argv,
                              GError **error)
{
    g_autofree const char **in = g_new0(const char *, (gsize)argc);

    for (int i = 1; i < argc - 1; i++) {
        in[i - 1] = argv[i];
    }
    return convert(options, in, argv[argc - 1], error);
}

static bool run(int argc, char **argv, GError **error)
{
    Options options = {
        .job = {.threads = ALL_CPUS, .compression = USUAL_COMPRESSION}};
    const GOptionEntry entries[] = {
        {"format", 0, 0, G_OPTION_ARG_STRING, &options.job.format,
         "format of OUT (default: " DEFAULT_FORMAT ")", "FORMAT"},
        {"level", 0, 0, G_OPTION_ARG_INT, &options.job.level,
         "leave out: 1 zeros, 2 page cache, 4 all of it, 8 user, 16 free; "
         "31 for all (default: 0)",
         "N"},
        {"compression", 0, 0, G_OPTION_ARG_INT, &options.job.compression,
         "how hard to compress (default: fast)", "N"},
        {"threads", 0, 0, G_OPTION_ARG_INT, &options.job.threads,
         "threads that read and compress (default: one per CPU)", "N"},
        {"begin", 0, 0, G_OPTION_ARG_STRING, &options.begin_text,
         "first physical address of the memory wanted", "ADDRESS"},
        {"length", 0, 0, G_OPTION_ARG_STRING, &options.length_text,
         "how much memory from there on", "BYTES"},
        {"all-memory", 0, 0, G_OPTION_ARG_NONE, &options.all_memory,
         "keep memory that is not the guest kernel's", NULL},
        {"keep-partial", 0, 0, G_OPTION_ARG_NONE, &options.job.keep_partial,
         "keep what there is of a dump that fails", NULL},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &options.quiet,
         "print only warnings and errors", NULL},
        G_OPTION_ENTRY_NULL};
    g_autofree char *about = job_settings_describe(description);
    bool ok;

    ok = command_parse(&argc, &argv, "IN… OUT", about, entries, error);
    if (options.job.format == NULL) {
        options.job.format = g_strdup(DEFAULT_FORMAT);
    }
    ok = ok && check_options(&options, argc, argv, error) &&
         command_parse_number("--begin", options.begin_text, &options.job.begin,
                              error) &&
         command_parse_number("--length", options.length_text,
                              &options.job.length, error) &&
         convert_arguments(&options, argc, argv, error);
    g_free(options.job.format);
    g_free(options.begin_text);
    g_free(options.length_text);
    return ok;
}

const Command command_convert = {
    .name = "convert",
    .summary = "write a dump in another format, and put it right",
    .run = run,
};
