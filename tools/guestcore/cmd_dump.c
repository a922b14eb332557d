/* SPDX-License-Identifier: MIT */
/* guestcore dump: a running QEMU's guest into a file. */
#include <stdio.h>
#include <string.h>

#include "guestcore/attach.h"
#include "guestcore/dump.h"

#include "command.h"
#include "dump_report.h"
#include "interrupt.h"
#include "job_settings.h"
#include "progress.h"

typedef struct Options {
    char *qmp;
    char *output;
    JobSettings job;
    char *begin_text;
    char *length_text;
    gboolean paging;
    int pid;
    int timeout;
    gboolean copy_first;
    gboolean no_pause;
    gboolean keep_paused;
    gboolean force;
    gboolean json;
    gboolean quiet;
} Options;

#define DEFAULT_PIPE_FORMAT "kdump-zlib"

/* What a dump has at hand while it goes on. */
typedef struct Dump {
    const Options *options;
    gint64 deadline; /* monotonic time; 0 if there is none */
    GcAttach *attach;
    Progress progress;
    bool is_partial; /* there is a dump, of which something is missing */
    GError *resume_error;
} Dump;

static bool is_over(void *user_data)
{
    const Dump *dump = user_data;

    return interrupt_get() != 0 ||
           (dump->deadline != 0 && g_get_monotonic_time() >= dump->deadline);
}

static bool show_progress(uint64_t done, uint64_t total, void *user_data)
{
    Dump *dump = user_data;

    progress_show(&dump->progress, done, total);
    return !is_over(dump);
}

/* The guest need not wait until the file is on the disk. */
static void resume(void *user_data)
{
    Dump *dump = user_data;

    if (!dump->options->keep_paused) {
        gc_attach_resume(dump->attach, &dump->resume_error);
    }
}

static void print_warning(const char *text)
{
    fprintf(stderr, "guestcore: warning: %s\n", text);
}

static void print_warnings(const GcAttach *attach)
{
    for (const char *const *warning = gc_attach_get_warnings(attach);
         *warning != NULL; warning++) {
        print_warning(*warning);
    }
}

static void print_report(const Dump *dump, const GcDumpJob *job)
{
    const Options *options = dump->options;
    DumpReport report = {
        .path = options->output,
        .format = options->job.format,
        .guest = gc_attach_get_guest(dump->attach),
        .stats = gc_dump_job_get_stats(job),
        .pause = gc_attach_get_pause(dump->attach),
        .n_unreadable = gc_attach_get_n_unreadable(dump->attach),
        .warnings = gc_attach_get_warnings(dump->attach),
        .job_warnings = gc_dump_job_get_warnings(job),
    };
    g_autofree char *text = options->json ? dump_report_to_json(&report)
                                          : dump_report_to_text(&report);

    for (const char *const *warning = report.job_warnings; *warning != NULL;
         warning++) {
        print_warning(*warning);
    }
    if (report.n_unreadable > 0) {
        g_autofree char *warning =
            g_strdup_printf("%" G_GUINT64_FORMAT " pages could not be read "
                            "and are zeros in the dump",
                            report.n_unreadable);

        print_warning(warning);
    }
    if (options->json || !options->quiet) {
        fputs(text, job_output_is_stdout(options->output) ? stderr : stdout);
    }
}

/* Says what ended the dump, instead of that something did. */
static void explain_cancel(const Dump *dump, GError **error)
{
    const Options *options = dump->options;
    g_autofree char *late =
        g_strdup_printf("it was not complete after %d s", options->timeout);

    job_explain_cancel(options->output, dump->is_partial,
                       interrupt_get() != 0 ? strsignal(interrupt_get()) : late,
                       error);
}

static GcDumpJob *make_job(Dump *dump, GError **error)
{
    const Options *options = dump->options;
    g_autoptr(GcDumpJob) job =
        gc_dump_job_new(gc_attach_get_guest(dump->attach));

    if (!job_settings_apply(&options->job, job, error)) {
        return NULL;
    }
    gc_dump_job_set_paging(job, options->paging);
    gc_dump_job_set_copy_first(job, options->copy_first);
    gc_dump_job_set_progress(job, show_progress, dump);
    gc_dump_job_set_memory_done(job, resume, dump);
    return g_steal_pointer(&job);
}

static bool write_dump(Dump *dump, GError **error)
{
    g_autoptr(GcDumpJob) job = make_job(dump, error);
    bool ok;

    if (job == NULL) {
        return false;
    }
    progress_start(&dump->progress, dump->options->quiet);
    ok = job_run_to(job, dump->options->output, error);
    progress_end(&dump->progress);
    if (!ok) {
        dump->is_partial = gc_dump_job_get_stats(job).is_partial;
        return false;
    }
    if (dump->options->keep_paused) {
        gc_attach_keep_paused(dump->attach);
    }
    print_report(dump, job);
    if (dump->resume_error != NULL) {
        g_propagate_prefixed_error(
            error, g_steal_pointer(&dump->resume_error),
            "the dump is complete, but the guest could not be resumed: ");
        return false;
    }
    return true;
}

static GcAttach *attach_guest(Dump *dump, GError **error)
{
    const Options *options = dump->options;
    g_autoptr(GcAttachOptions) how = gc_attach_options_new();

    gc_attach_options_set_pid(how, options->pid);
    gc_attach_options_set_pause(how, !options->no_pause);
    gc_attach_options_set_force(how, options->force);
    gc_attach_options_set_timeout(how, (unsigned)options->timeout);
    gc_attach_options_set_cancel(how, is_over, dump);
    return gc_attach_qemu(options->qmp, how, error);
}

static bool dump_guest(const Options *options, GError **error)
{
    g_autoptr(GcAttach) attach = NULL;
    Dump dump = {.options = options};
    bool ok = false;

    if (options->timeout > 0) {
        dump.deadline =
            g_get_monotonic_time() + options->timeout * G_USEC_PER_SEC;
    }
    interrupt_catch();
    attach = attach_guest(&dump, error);
    if (attach != NULL) {
        dump.attach = attach;
        print_warnings(attach);
        ok = write_dump(&dump, error);
    }
    if (!ok) {
        explain_cancel(&dump, error);
    }
    if (attach != NULL && !gc_attach_resume(attach, &dump.resume_error)) {
        g_prefix_error(error, "the guest could not be resumed (%s) after: ",
                       dump.resume_error->message);
    }
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
    } else if (!is_known_format(options->job.format)) {
        wrong = "there is no such format";
    } else if ((wrong = job_settings_find_wrong(&options->job,
                                                options->output)) != NULL) {
        /* as it says */
    } else if (options->pid < 0) {
        wrong = "--pid takes the number of a process";
    } else if (options->timeout < 0) {
        wrong = "--timeout takes a number of seconds";
    } else if (options->copy_first && options->keep_paused) {
        wrong = "--copy-first and --keep-paused contradict each other";
    } else if (options->no_pause && options->keep_paused) {
        wrong = "--no-pause and --keep-paused contradict each other";
    }
    if (wrong != NULL) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "dump: %s; see 'guestcore dump --help'", wrong);
    }
    return wrong == NULL;
}

static const char *const description =
    "Dumps the guest of a running QEMU.  The guest is stopped, its memory\n"
    "and registers are written, and it goes on if it ran before, also\n"
    "after an error or a signal.";

static void clear_options(Options *options)
{
    g_free(options->qmp);
    g_free(options->output);
    g_free(options->job.format);
    g_free(options->begin_text);
    g_free(options->length_text);
}

static bool run(int argc, char **argv, GError **error)
{
    Options options = {
        .job = {.threads = ALL_CPUS, .compression = USUAL_COMPRESSION}};
    const GOptionEntry entries[] = {
        {"qmp", 0, 0, G_OPTION_ARG_FILENAME, &options.qmp,
         "unix socket on which QEMU serves QMP", "SOCKET"},
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output,
         "the dump, which appears when it is complete; - for standard output",
         "FILE"},
        {"format", 0, 0, G_OPTION_ARG_STRING, &options.job.format,
         "format of the dump (default: " DEFAULT_FORMAT
         ", and " DEFAULT_PIPE_FORMAT " to standard output)",
         "FORMAT"},
        {"level", 0, 0, G_OPTION_ARG_INT, &options.job.level,
         "leave out: 1 zeros, 2 page cache, 4 all of it, 8 user, 16 free; "
         "31 for all (default: 0)",
         "N"},
        {"compression", 0, 0, G_OPTION_ARG_INT, &options.job.compression,
         "how hard to compress (default: fast)", "N"},
        {"begin", 0, 0, G_OPTION_ARG_STRING, &options.begin_text,
         "first physical address of the memory wanted", "ADDRESS"},
        {"length", 0, 0, G_OPTION_ARG_STRING, &options.length_text,
         "how much memory from there on", "BYTES"},
        {"paging", 0, 0, G_OPTION_ARG_NONE, &options.paging,
         "give an ELF dump the kernel's virtual addresses", NULL},
        {"threads", 0, 0, G_OPTION_ARG_INT, &options.job.threads,
         "threads that read and compress (default: one per CPU)", "N"},
        {"keep-partial", 0, 0, G_OPTION_ARG_NONE, &options.job.keep_partial,
         "keep what there is of a dump that fails", NULL},
        {"pid", 0, 0, G_OPTION_ARG_INT, &options.pid,
         "QEMU's process (default: the one that made the socket)", "PID"},
        {"timeout", 0, 0, G_OPTION_ARG_INT, &options.timeout,
         "give up if the dump is not complete by then", "SECONDS"},
        {"copy-first", 0, 0, G_OPTION_ARG_NONE, &options.copy_first,
         "copy the guest's memory, and let it go on while the dump is written",
         NULL},
        {"no-pause", 0, 0, G_OPTION_ARG_NONE, &options.no_pause,
         "let the guest run; the dump is then not consistent", NULL},
        {"keep-paused", 0, 0, G_OPTION_ARG_NONE, &options.keep_paused,
         "leave the guest stopped when the dump is complete", NULL},
        {"force", 0, 0, G_OPTION_ARG_NONE, &options.force,
         "dump also a guest that is being migrated or is encrypted", NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.json,
         "print the result as a JSON object", NULL},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &options.quiet,
         "print only warnings and errors", NULL},
        G_OPTION_ENTRY_NULL};
    g_autofree char *about = job_settings_describe(description);
    bool ok;

    ok = command_parse(&argc, &argv, NULL, about, entries, error);
    if (options.job.format == NULL) {
        options.job.format =
            g_strdup(g_strcmp0(options.output, "-") == 0 ? DEFAULT_PIPE_FORMAT
                                                         : DEFAULT_FORMAT);
    }
    ok = ok && check_options(&options, argc, error) &&
         command_parse_number("--begin", options.begin_text, &options.job.begin,
                              error) &&
         command_parse_number("--length", options.length_text,
                              &options.job.length, error) &&
         dump_guest(&options, error);
    clear_options(&options);
    return ok;
}

const Command command_dump = {
    .name = "dump",
    .summary = "dump the guest of a running QEMU",
    .run = run,
};
