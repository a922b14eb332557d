/* SPDX-License-Identifier: MIT */
/* How long it takes to tell what each page of a guest is used for, by the
 * number of threads: nanoseconds per page, the median of a few runs.
 *
 *     bench_page_map                    # two generated guests
 *     bench_page_map DUMP THREADS...    # a dump, as tests/bench/filter does
 *
 * Of the generated guests the one has memory in use, so that each struct page
 * is looked at, and the other nearly all free; a copy of the struct pages
 * stands beside them.  In both the struct pages lie scattered, in pages of 4
 * KiB each of which is a read of its own: a kernel has them in 2 MiB. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guestcore/dump.h"
#include "guestcore/filter.h"

#include "tests/lib/pagegen.h"

#define RUNS 9
#define RAM_MIB 4096u
#define FREE_ORDER 10

static int compare(const void *left, const void *right)
{
    gint64 a = *(const gint64 *)left;
    gint64 b = *(const gint64 *)right;

    return (a > b) - (a < b);
}

static void report(const char *what, gint64 *microseconds, uint64_t pages)
{
    qsort(microseconds, RUNS, sizeof(*microseconds), compare);
    printf("%s: %.1f ns per page, %" PRIu64 " pages\n", what,
           (double)microseconds[RUNS / 2] * 1000.0 / (double)pages, pages);
}

static bool time_map(const GcGuest *guest, unsigned threads, GError **error)
{
    g_autofree char *what = g_strdup_printf("%u threads", threads);
    gint64 taken[RUNS];
    uint64_t pages = 0;

    for (int run = 0; run < RUNS; run++) {
        gint64 start = g_get_monotonic_time();
        g_autoptr(GcPageMap) map =
            gc_page_map_new(guest, threads, NULL, NULL, error);

        taken[run] = g_get_monotonic_time() - start;
        if (map == NULL) {
            return false;
        }
        pages = 0;
        for (unsigned kind = GC_PAGE_UNKNOWN; kind < GC_PAGE_KINDS; kind++) {
            pages += gc_page_map_count(map, (GcPageKind)kind);
        }
    }
    report(what, taken, pages);
    return true;
}

static bool time_dump(const char *path, char **threads, GError **error)
{
    g_autoptr(GcGuest) guest = gc_guest_open(path, NULL, error);
    bool ok = guest != NULL;

    for (; ok && *threads != NULL; threads++) {
        ok = time_map(guest, (unsigned)strtoul(*threads, NULL, 10), error);
    }
    return ok;
}

static void time_copy(Pagegen *pages)
{
    size_t size = pages->n_pages * pages->kernel->size;
    g_autofree uint8_t *to = g_malloc(size);
    gint64 taken[RUNS];

    for (int run = 0; run < RUNS; run++) {
        gint64 start = g_get_monotonic_time();

        memcpy(to, guestgen_at(pages->gen, PAGEGEN_PAGES), size);
        taken[run] = g_get_monotonic_time() - start;
    }
    report("a copy of the struct pages", taken, pages->n_pages);
}

static bool time_generated(const char *name, Pagegen *pages, GError **error)
{
    g_autoptr(GcGuest) guest = pagegen_make_guest(pages);
    bool ok = true;

    printf("generated, %s, %u MiB:\n", name, RAM_MIB);
    time_copy(pages);
    for (unsigned threads = 0; ok && threads <= 4; threads++) {
        ok = time_map(guest, threads, error);
    }
    return ok;
}

static bool time_both_generated(GError **error)
{
    PagegenKernel kernel = pagegen_kernels[0];
    g_autoptr(Pagegen) pages = NULL;

    for (size_t i = 0; strcmp(kernel.release, "6.1.0") != 0; i++) {
        kernel = pagegen_kernels[i];
    }
    kernel.ram_mib = RAM_MIB;
    pages = pagegen_new(&kernel);
    if (!time_generated("all in use", pages, error)) {
        return false;
    }
    for (GcPfn pfn = 1u << 15; pfn < pages->n_pages; pfn += 1u << FREE_ORDER) {
        pagegen_put_free(pages, pfn, FREE_ORDER);
    }
    return time_generated("nearly all free", pages, error);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    if (argc == 2) {
        fprintf(stderr, "usage: bench_page_map [DUMP THREADS...]\n");
        return EXIT_FAILURE;
    }
    if (argc == 1 ? !time_both_generated(&error)
                  : !time_dump(argv[1], argv + 2, &error)) {
        fprintf(stderr, "bench_page_map: %s\n", error->message);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
