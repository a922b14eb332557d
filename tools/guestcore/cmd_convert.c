/* SPDX-License-Identifier: MIT */
/* guestcore convert: a dump into another format, and put right. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "guestcore/dump.h"

#include "command.h"

#define DEFAULT_FORMAT "kdump-raw-zlib"
#define ALL_CPUS (-1)
#define MAX_THREADS 1024
#define NO_LEVEL G_MAXINT

typedef struct Options {
    char *format;
    char *begin;
    char *length;
    int threads;
    int level;
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
    "keeps it.  IN is never changed.\n\n"
    "Formats: ";

static void print_result(const char *out, const char *format,
                         const GcDumpStats *stats)
{
    fprintf(stderr,
            "%s: %s, %" PRIu64 " pages (%" PRIu64 " of zeros, %" PRIu64
            " absent)\n",
            out, format, stats->pages, stats->zero_pages, stats->absent_pages);
    if (stats->other_bytes != 0) {
        fprintf(stderr,
                "%s: left out %" PRIu64 " bytes that are not the kernel's "
                "memory; --all-memory keeps them\n",
                out, stats->other_bytes);
    }
}

static bool set_up(GcDumpJob *job, const Options *options, GError **error)
{
    uint64_t begin = 0;
    uint64_t length = 0;

    if (!gc_dump_job_set_format(job, options->format, error) ||
        !command_parse_number("--begin", options->begin, &begin, error) ||
        !command_parse_number("--length", options->length, &length, error) ||
        (options->level != NO_LEVEL &&
         !gc_dump_job_set_level(job, options->level, error))) {
        return false;
    }
    if (options->threads != ALL_CPUS) {
        gc_dump_job_set_threads(job, (unsigned)options->threads);
    }
    gc_dump_job_set_range(job, begin, length);
    gc_dump_job_set_ram_only(job, !options->all_memory);
    return true;
}

static bool write_out(GcDumpJob *job, const char *out, GError **error)
{
    if (strcmp(out, "-") != 0) {
        return gc_dump_job_run(job, out, error);
    }
    if (!gc_dump_job_run_fd(job, STDOUT_FILENO, error)) {
        g_prefix_error(error, "standard output: ");
        return false;
    }
    return true;
}

static bool convert(const Options *options, const char *const *in,
                    const char *out, GError **error)
{
    g_autoptr(GcGuest) guest = NULL;
    g_autoptr(GcDumpJob) job = NULL;
    GcDumpInfo info;
    GcDumpStats stats;

    guest = gc_guest_open_files(in, &info, error);
    if (guest == NULL) {
        return false;
    }
    if (info.is_incomplete) {
        fprintf(stderr, "guestcore: warning: %s was not written to its end\n",
                in[0]);
    }
    job = gc_dump_job_new(guest);
    if (!set_up(job, options, error) || !write_out(job, out, error)) {
        return false;
    }
    if (!options->quiet) {
        stats = gc_dump_job_get_stats(job);
        print_result(out, options->format, &stats);
    }
    return true;
}

static bool check_options(const Options *options, int argc, char **argv,
                          GError **error)
{
    const char *wrong = NULL;

    if (argc < 3) {
        wrong = "it takes IN and OUT";
    } else if (options->threads < ALL_CPUS || options->threads > MAX_THREADS) {
        wrong = "--threads takes a number from 0 to 1024";
    } else if (strcmp(argv[argc - 1], "-") == 0 && isatty(STDOUT_FILENO)) {
        wrong = "it does not write a dump to a terminal";
    }
    if (wrong != NULL) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "convert: %s; see 'guestcore convert --help'", wrong);
    }
    return wrong == NULL;
}

static char *describe(void)
{
    g_auto(GStrv) formats = gc_dump_get_formats();
    g_autofree char *list = g_strjoinv(", ", formats);

    return g_strconcat(description, list, NULL);
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
    Options options = {.threads = ALL_CPUS, .level = NO_LEVEL};
    const GOptionEntry entries[] = {
        {"format", 0, 0, G_OPTION_ARG_STRING, &options.format,
         "format of OUT (default: " DEFAULT_FORMAT ")", "FORMAT"},
        {"level", 0, 0, G_OPTION_ARG_INT, &options.level,
         "how hard to compress (default: fast)", "N"},
        {"threads", 0, 0, G_OPTION_ARG_INT, &options.threads,
         "threads that read and compress (default: one per CPU)", "N"},
        {"begin", 0, 0, G_OPTION_ARG_STRING, &options.begin,
         "first physical address of the memory wanted", "ADDRESS"},
        {"length", 0, 0, G_OPTION_ARG_STRING, &options.length,
         "how much memory from there on", "BYTES"},
        {"all-memory", 0, 0, G_OPTION_ARG_NONE, &options.all_memory,
         "keep memory that is not the guest kernel's", NULL},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &options.quiet,
         "print only warnings and errors", NULL},
        G_OPTION_ENTRY_NULL};
    g_autofree char *about = describe();
    bool ok;

    ok = command_parse(&argc, &argv, "IN… OUT", about, entries, error);
    if (options.format == NULL) {
        options.format = g_strdup(DEFAULT_FORMAT);
    }
    ok = ok && check_options(&options, argc, argv, error) &&
         convert_arguments(&options, argc, argv, error);
    g_free(options.format);
    g_free(options.begin);
    g_free(options.length);
    return ok;
}

const Command command_convert = {
    .name = "convert",
    .summary = "write a dump in another format, and put it right",
    .run = run,
};
