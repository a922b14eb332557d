/* SPDX-License-Identifier: MIT */
/* guestcore dump: a running QEMU's guest into a file. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "guestcore/attach.h"
#include "guestcore/dump.h"

#include "command.h"

typedef struct Options {
    char *qmp;
    char *output;
    char *format;
    int threads;
    gboolean quiet;
} Options;

#define ALL_CPUS (-1)
#define MAX_THREADS 1024

/* Set by a signal: the dump ends, the guest goes on. */
static volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
    interrupted = number;
}

static void catch_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = interrupt, .sa_flags = SA_RESTART};

    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        sigaction(numbers[i], &action, NULL);
    }
}

/* What a dump needs to tell, in the order in which it goes on. */
typedef struct Dump {
    GcAttach *attach;
    gint64 stopped_at;
    gint64 stood_still; /* microseconds */
    gint64 shown_at;
    bool show_progress;
    GError *resume_error;
} Dump;

#define SHOW_EVERY (G_USEC_PER_SEC / 5)

static bool show_progress(uint64_t done, uint64_t total, void *user_data)
{
    Dump *dump = user_data;
    gint64 now = g_get_monotonic_time();

    if (interrupted) {
        return false;
    }
    if (dump->show_progress &&
        (done == total || now - dump->shown_at >= SHOW_EVERY)) {
        double seconds =
            (double)(now - dump->stopped_at) / (double)G_USEC_PER_SEC;

        dump->shown_at = now;
        fprintf(stderr,
                "\r%3.0f %%  %" PRIu64 " of %" PRIu64 " MiB  %.0f MiB/s \033[K",
                total != 0 ? 100.0 * (double)done / (double)total : 0.0,
                done >> 20, total >> 20,
                seconds > 0 ? (double)(done >> 20) / seconds : 0.0);
    }
    return true;
}

static void end_progress(const Dump *dump)
{
    if (dump->show_progress && dump->shown_at != 0) {
        fprintf(stderr, "\r\033[K");
    }
}

/* The guest need not wait until the file is on the disk. */
static void resume(void *user_data)
{
    Dump *dump = user_data;

    gc_attach_resume(dump->attach, &dump->resume_error);
    dump->stood_still = g_get_monotonic_time() - dump->stopped_at;
}

static void print_warnings(const GcAttach *attach)
{
    for (const char *const *warning = gc_attach_get_warnings(attach);
         *warning != NULL; warning++) {
        fprintf(stderr, "guestcore: warning: %s\n", *warning);
    }
}

static void print_result(const Options *options, const Dump *dump,
                         const GcDumpJob *job)
{
    GcDumpStats stats = gc_dump_job_get_stats(job);

    printf("%s: %s, %" PRIu64 " pages (%" PRIu64 " of zeros), %" PRIu64
           " bytes (%" PRIu64 " on disk), guest stood still %.3f s\n",
           options->output, options->format, stats.pages, stats.zero_pages,
           stats.file_size, stats.file_used,
           (double)dump->stood_still / (double)G_USEC_PER_SEC);
}

static bool write_dump(const Options *options, Dump *dump, GError **error)
{
    g_autoptr(GcDumpJob) job =
        gc_dump_job_new(gc_attach_get_guest(dump->attach));

    if (!gc_dump_job_set_format(job, options->format, error)) {
        return false;
    }
    if (options->threads != ALL_CPUS) {
        gc_dump_job_set_threads(job, (unsigned)options->threads);
    }
    gc_dump_job_set_progress(job, show_progress, dump);
    gc_dump_job_set_memory_done(job, resume, dump);
    if (!gc_dump_job_run(job, options->output, error)) {
        end_progress(dump);
        return false;
    }
    end_progress(dump);
    if (!options->quiet) {
        print_result(options, dump, job);
    }
    if (dump->resume_error != NULL) {
        g_propagate_prefixed_error(
            error, g_steal_pointer(&dump->resume_error),
            "the dump is complete, but the guest could not be resumed: ");
        return false;
    }
    return true;
}

static bool dump_guest(const Options *options, GError **error)
{
    g_autoptr(GcAttach) attach = NULL;
    Dump dump = {
        .stopped_at = g_get_monotonic_time(),
        .show_progress = !options->quiet && isatty(STDERR_FILENO),
    };
    bool ok;

    catch_signals();
    attach = gc_attach_qemu(options->qmp, NULL, error);
    if (attach == NULL) {
        return false;
    }
    dump.attach = attach;
    print_warnings(attach);
    ok = write_dump(options, &dump, error);
    g_clear_error(&dump.resume_error);
    return ok;
}

static bool is_known_format(const char *format)
{
    g_auto(GStrv) formats = gc_dump_get_formats();

    return g_strv_contains((const char *const *)formats, format);
}

/* What can be known to be wrong before the guest is stopped. */
static bool check_options(const Options *options, int argc, GError **error)
{
    const char *wrong = NULL;

    if (argc != 1) {
        wrong = "it takes options only";
    } else if (options->qmp == NULL) {
        wrong = "--qmp SOCKET is missing";
    } else if (options->output == NULL) {
        wrong = "-o FILE is missing";
    } else if (!is_known_format(options->format)) {
        wrong = "there is no such format";
    } else if (options->threads < ALL_CPUS || options->threads > MAX_THREADS) {
        wrong = "--threads takes a number from 0 to 1024";
    }
    if (wrong != NULL) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "dump: %s; see 'guestcore dump --help'", wrong);
    }
    return wrong == NULL;
}

static char *describe(void)
{
    g_auto(GStrv) formats = gc_dump_get_formats();
    g_autofree char *list = g_strjoinv(", ", formats);

    return g_strdup_printf(
        "Dumps the guest of a running QEMU.  The guest is stopped, its memory\n"
        "and registers are written, and it goes on if it ran before, also\n"
        "after an error or a signal.\n\nFormats: %s",
        list);
}

static bool run(int argc, char **argv, GError **error)
{
    Options options = {.threads = ALL_CPUS};
    const GOptionEntry entries[] = {
        {"qmp", 0, 0, G_OPTION_ARG_FILENAME, &options.qmp,
         "unix socket on which QEMU serves QMP", "SOCKET"},
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output,
         "the dump; appears when it is complete", "FILE"},
        {"format", 0, 0, G_OPTION_ARG_STRING, &options.format,
         "format of the dump (default: kdump-raw-zlib)", "FORMAT"},
        {"threads", 0, 0, G_OPTION_ARG_INT, &options.threads,
         "threads that read and compress (default: one per CPU)", "N"},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &options.quiet,
         "print only warnings and errors", NULL},
        G_OPTION_ENTRY_NULL};
    g_autofree char *description = describe();
    bool ok;

    ok = command_parse(&argc, &argv, NULL, description, entries, error);
    if (options.format == NULL) {
        options.format = g_strdup("kdump-raw-zlib");
    }
    ok = ok && check_options(&options, argc, error) &&
         dump_guest(&options, error);
    g_free(options.qmp);
    g_free(options.output);
    g_free(options.format);
    return ok;
}

const Command command_dump = {
    .name = "dump",
    .summary = "dump the guest of a running QEMU",
    .run = run,
};
