/* SPDX-License-Identifier: MIT */
#include "job_settings.h"

#include <string.h>
#include <unistd.h>

#define MAX_THREADS 1024

char *job_settings_describe(const char *text)
{
    g_auto(GStrv) formats = gc_dump_get_formats();
    g_autofree char *list = g_strjoinv(", ", formats);

    return g_strconcat(text, "\n\nFormats: ", list, NULL);
}

bool job_output_is_stdout(const char *output)
{
    return strcmp(output, "-") == 0;
}

const char *job_settings_find_wrong(const JobSettings *settings,
                                    const char *output)
{
    if (settings->threads < ALL_CPUS || settings->threads > MAX_THREADS) {
        return "--threads takes a number from 0 to 1024";
    }
    if (settings->level < 0 || settings->level > (int)GC_DUMP_LEVEL_MAX) {
        return "--level takes a number from 0 to 31";
    }
    if (job_output_is_stdout(output) && isatty(STDOUT_FILENO)) {
        return "it does not write a dump to a terminal";
    }
    return NULL;
}

bool job_settings_apply(const JobSettings *settings, GcDumpJob *job,
                        GError **error)
{
    if (!gc_dump_job_set_format(job, settings->format, error) ||
        (settings->compression != USUAL_COMPRESSION &&
         !gc_dump_job_set_compression(job, settings->compression, error)) ||
        !gc_dump_job_set_dump_level(job, (unsigned)settings->level, error)) {
        return false;
    }
    if (settings->threads != ALL_CPUS) {
        gc_dump_job_set_threads(job, (unsigned)settings->threads);
    }
    gc_dump_job_set_range(job, settings->begin, settings->length);
    gc_dump_job_set_keep_partial(job, settings->keep_partial);
    return true;
}

static bool run_to(GcDumpJob *job, const char *output, GError **error)
{
    if (!job_output_is_stdout(output)) {
        return gc_dump_job_run(job, output, error);
    }
    if (!gc_dump_job_run_fd(job, STDOUT_FILENO, error)) {
        g_prefix_error(error, "standard output: ");
        return false;
    }
    return true;
}

bool job_run_to(GcDumpJob *job, const char *output, GError **error)
{
    if (run_to(job, output, error)) {
        return true;
    }
    if (gc_dump_job_get_stats(job).is_partial) {
        g_prefix_error(error, "the dump is incomplete: ");
    }
    return false;
}

void job_explain_cancel(const char *output, bool is_partial, const char *reason,
                        GError **error)
{
    if (error == NULL ||
        !g_error_matches(*error, GC_ERROR, GC_ERROR_CANCELLED)) {
        return;
    }
    g_clear_error(error);
    g_set_error(error, GC_ERROR, GC_ERROR_CANCELLED, "%s: %s: %s", output,
                is_partial ? "the dump is incomplete" : "no dump was made",
                reason);
}
