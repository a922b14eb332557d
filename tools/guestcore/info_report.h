/* SPDX-License-Identifier: MIT */
/* What guestcore info says of a dump. */
#pragma once

#include "guestcore/dump.h"
#include "guestcore/filter.h"
#include "guestcore/inspect.h"

/* (kinds and why_no_kinds are NULL if nobody asked; else one of them is.) */
typedef struct InfoReport {
    const GcGuest *guest;
    const GcDumpInfo *info;
    const GcDumpInspection *inspection;
    uint64_t present;           /* bytes of memory that can be read */
    const GcPageMap *kinds;     /* (nullable): what pages are used for */
    const GError *why_no_kinds; /* (nullable) */
} InfoReport;

/* Lines for people.  (transfer full) */
char *info_report_to_text(const InfoReport *report);

/* One JSON object.  (transfer full) */
char *info_report_to_json(const InfoReport *report);
