/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define SHOW_EVERY (G_USEC_PER_SEC / 5)

/* Before that, what is left can only be guessed wrongly. */
#define MIN_SECONDS 0.5

#define BAR_WIDTH 20
#define SECONDS_PER_MINUTE 60

void progress_start(Progress *progress, bool quiet)
{
    *progress = (Progress){
        .is_shown = !quiet && isatty(STDERR_FILENO),
        .started_at = g_get_monotonic_time(),
    };
}

static char *format_left(double share, double seconds)
{
    uint64_t left;

    if (seconds < MIN_SECONDS || share <= 0.0) {
        return g_strdup("");
    }
    left = (uint64_t)(seconds / share - seconds + 0.5);
    return g_strdup_printf("  %" PRIu64 ":%02" PRIu64 " left",
                           left / SECONDS_PER_MINUTE,
                           left % SECONDS_PER_MINUTE);
}

char *progress_format(uint64_t done, uint64_t total, double seconds)
{
    static const char bar[] = "====================";
    double share = total != 0 ? (double)done / (double)total : 1.0;
    int filled = (int)(share * BAR_WIDTH);
    g_autofree char *left = format_left(share, seconds);

    return g_strdup_printf(
        "[%.*s%*s] %3.0f %%  %" PRIu64 " of %" PRIu64 " MiB  %.0f MiB/s%s",
        filled, bar, BAR_WIDTH - filled, "", 100.0 * share, done >> 20,
        total >> 20, seconds > 0.0 ? (double)(done >> 20) / seconds : 0.0,
        left);
}

void progress_show(Progress *progress, uint64_t done, uint64_t total)
{
    gint64 now = g_get_monotonic_time();
    g_autofree char *line = NULL;

    if (!progress->is_shown || now - progress->shown_at < SHOW_EVERY) {
        return;
    }
    line = progress_format(done, total,
                           (double)(now - progress->started_at) /
                               (double)G_USEC_PER_SEC);
    progress->shown_at = now;
    fprintf(stderr, "\r%s\033[K", line);
}

void progress_end(Progress *progress)
{
    if (progress->shown_at != 0) {
        progress->shown_at = 0;
        fprintf(stderr, "\r\033[K");
    }
}
