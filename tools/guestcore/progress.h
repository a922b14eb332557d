/* SPDX-License-Identifier: MIT */
/* How far a long run is: one line on a terminal that is written over. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Progress {
    bool is_shown;
    gint64 started_at; /* monotonic times, in microseconds */
    gint64 shown_at;   /* 0 if nothing is on the line */
} Progress;

/* Nothing is shown if stderr is no terminal, or @quiet is set. */
void progress_start(Progress *progress, bool quiet);

/* Shows how far it is; not more often than people can read. */
void progress_show(Progress *progress, uint64_t done, uint64_t total);

/* Wipes the line, so that something else can be printed. */
void progress_end(Progress *progress);

/**
 * progress_format:
 * @done: bytes that are done
 * @total: bytes that there are
 * @seconds: since the start
 *
 * Returns: (transfer full): a line such as
 *     "[=====>    ]  52 %  2132 of 4096 MiB  1066 MiB/s  0:02 left"
 */
char *progress_format(uint64_t done, uint64_t total, double seconds);
