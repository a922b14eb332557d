/* SPDX-License-Identifier: MIT */
/* How long it takes to look at the struct page of every page of a dump, for
 * each number of threads given: nanoseconds per page, the median of a few runs.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "guestcore/dump.h"
#include "guestcore/filter.h"

#define RUNS 9

static void die(const GError *error)
{
    fprintf(stderr, "bench_page_map: %s\n", error->message);
    exit(EXIT_FAILURE);
}

static int compare(const void *left, const void *right)
{
    gint64 a = *(const gint64 *)left;
    gint64 b = *(const gint64 *)right;

    return (a > b) - (a < b);
}

/* Microseconds. */
static gint64 time_map(const GcGuest *guest, unsigned threads,
                       uint64_t *ret_pages)
{
    gint64 start = g_get_monotonic_time();
    g_autoptr(GError) error = NULL;
    g_autoptr(GcPageMap) map =
        gc_page_map_new(guest, threads, NULL, NULL, &error);
    gint64 end = g_get_monotonic_time();

    if (map == NULL) {
        die(error);
    }
    *ret_pages = 0;
    for (unsigned kind = GC_PAGE_UNKNOWN; kind < GC_PAGE_KINDS; kind++) {
        *ret_pages += gc_page_map_count(map, (GcPageKind)kind);
    }
    return end - start;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GcGuest) guest = NULL;

    if (argc < 3) {
        fprintf(stderr, "usage: bench_page_map DUMP THREADS...\n");
        return EXIT_FAILURE;
    }
    guest = gc_guest_open(argv[1], NULL, &error);
    if (guest == NULL) {
        die(error);
    }
    for (int i = 2; i < argc; i++) {
        unsigned threads = (unsigned)strtoul(argv[i], NULL, 10);
        gint64 taken[RUNS];
        uint64_t pages;

        for (int run = 0; run < RUNS; run++) {
            taken[run] = time_map(guest, threads, &pages);
        }
        qsort(taken, RUNS, sizeof(*taken), compare);
        printf("%u threads: %.1f ns per page, %" PRIu64 " pages\n", threads,
               (double)taken[RUNS / 2] * 1000.0 / (double)pages, pages);
    }
    return EXIT_SUCCESS;
}
