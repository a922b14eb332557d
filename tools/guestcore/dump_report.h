/* SPDX-License-Identifier: MIT */
/* What guestcore dump says when the dump is there. */
#pragma once

#include "guestcore/attach.h"
#include "guestcore/dump.h"

typedef struct DumpReport {
    const char *path;
    const char *format;
    const GcGuest *guest;
    GcDumpStats stats;
    int64_t pause; /* microseconds for which the guest stood still */
    uint64_t n_unreadable;
    const char *const *warnings;
    const char *const *job_warnings; /* more of them */
} DumpReport;

/* A line for people.  (transfer full) */
char *dump_report_to_text(const DumpReport *report);

/* One JSON object.  (transfer full) */
char *dump_report_to_json(const DumpReport *report);
