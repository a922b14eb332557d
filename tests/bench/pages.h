/* SPDX-License-Identifier: MIT */
/* The pages that a benchmark packs or writes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BENCH_PAGE 4096u

typedef struct BenchPages {
    uint8_t *bytes;
    size_t n;
} BenchPages;

/* Pages of no guest but like those of one, zeros among them; or, of the pages
 * of a dump that are not all zeros, at most so many MiB, in runs from all over
 * it.  Says on stderr what is wrong with the dump and exits. */
void bench_pages_make(BenchPages *pages, size_t mib);
void bench_pages_load(BenchPages *pages, size_t max_mib, const char *dump);

/* Takes the pages of zeros out. */
void bench_pages_drop_zeros(BenchPages *pages);

void bench_pages_clear(BenchPages *pages);
