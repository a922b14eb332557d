/* SPDX-License-Identifier: MIT */
/* What guestcore info says of a dump. */
#pragma once

#include "guestcore/dump.h"
#include "guestcore/inspect.h"

typedef struct InfoReport {
    const GcGuest *guest;
    const GcDumpInfo *info;
    const GcDumpInspection *inspection;
    uint64_t present; /* bytes of memory that can be read */
} InfoReport;

/* Lines for people.  (transfer full) */
char *info_report_to_text(const InfoReport *report);

/* One JSON object.  (transfer full) */
char *info_report_to_json(const InfoReport *report);
