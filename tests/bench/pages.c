/* SPDX-License-Identifier: MIT */
#include "tests/bench/pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guestcore/dump.h"

#include "tests/bench/guestlike.h"

#define RUN 64u /* pages that are taken together */

static size_t mib_to_pages(size_t mib)
{
    return mib * 1024 * 1024 / BENCH_PAGE;
}

static bool is_zero(const uint8_t *page)
{
    static const uint8_t zeros[BENCH_PAGE];

    return memcmp(page, zeros, BENCH_PAGE) == 0;
}

void bench_pages_make(BenchPages *pages, size_t mib)
{
    pages->n = mib_to_pages(mib);
    pages->bytes = guestlike_new(pages->n);
}

/* Takes every @step-th run of the pages that are not zeros, or, without @to,
 * counts them. */
static size_t take(GcMemory *memory, size_t step, uint8_t *to)
{
    uint8_t page[BENCH_PAGE];
    size_t seen = 0;
    size_t taken = 0;
    GcPaddr start;
    GcPaddr end;

    for (GcPaddr at = 0; at < UINT64_MAX; at = end) {
        gc_memory_next_data(memory, at, UINT64_MAX, &start, &end, NULL);
        for (; start < end; start += BENCH_PAGE) {
            gc_memory_read_padded(memory, start, page, BENCH_PAGE, NULL);
            if (is_zero(page)) {
                continue;
            }
            if (seen / RUN % step == 0) {
                if (to != NULL) {
                    memcpy(to + taken * BENCH_PAGE, page, BENCH_PAGE);
                }
                taken++;
            }
            seen++;
        }
    }
    return taken;
}

void bench_pages_load(BenchPages *pages, size_t max_mib, const char *dump)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GcGuest) guest = gc_guest_open(dump, NULL, &error);
    size_t max = mib_to_pages(max_mib);
    GcMemory *memory;
    size_t step;

    if (guest == NULL) {
        fprintf(stderr, "%s\n", error->message);
        exit(EXIT_FAILURE);
    }
    memory = gc_guest_get_memory(guest);
    step = MAX((take(memory, 1, NULL) + max - 1) / max, 1);
    pages->n = take(memory, step, NULL);
    pages->bytes = g_malloc(pages->n * BENCH_PAGE);
    take(memory, step, pages->bytes);
}

void bench_pages_drop_zeros(BenchPages *pages)
{
    size_t n = 0;

    for (size_t i = 0; i < pages->n; i++) {
        const uint8_t *page = pages->bytes + i * BENCH_PAGE;

        if (!is_zero(page)) {
            memmove(pages->bytes + n * BENCH_PAGE, page, BENCH_PAGE);
            n++;
        }
    }
    pages->n = n;
}

void bench_pages_clear(BenchPages *pages)
{
    g_free(pages->bytes);
}
