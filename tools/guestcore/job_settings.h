/* SPDX-License-Identifier: MIT */
/* What every command that writes a dump lets its user choose. */
#pragma once

#include "guestcore/dump.h"

#define DEFAULT_FORMAT "kdump-raw-zlib"
#define USUAL_COMPRESSION G_MAXINT
#define ALL_CPUS (-1)

typedef struct JobSettings {
    char *format;
    int compression; /* USUAL_COMPRESSION: the codec's own */
    int level;       /* what is left out */
    int threads;     /* ALL_CPUS: one per CPU */
    uint64_t begin;
    uint64_t length; /* 0: all memory */
    gboolean keep_partial;
} JobSettings;

/* Returns: (transfer full): @text, then the names of all formats */
char *job_settings_describe(const char *text);

/* What is wrong with @settings, or with a dump to @output, that can be known
 * beforehand; NULL if nothing is. */
const char *job_settings_find_wrong(const JobSettings *settings,
                                    const char *output);

/* Sets @job up.  Errors: as the setters of GcDumpJob. */
bool job_settings_apply(const JobSettings *settings, GcDumpJob *job,
                        GError **error);

/* Whether @output is "-", standard output. */
bool job_output_is_stdout(const char *output);

/* Runs @job into @output.  Errors: as gc_dump_job_run(), _run_fd(), and what
 * is left of the dump, if something is. */
bool job_run_to(GcDumpJob *job, const char *output, GError **error);

/* Says in place of GC_ERROR_CANCELLED for what @reason there is no dump in
 * @output, or only part of one. */
void job_explain_cancel(const char *output, bool is_partial, const char *reason,
                        GError **error);
