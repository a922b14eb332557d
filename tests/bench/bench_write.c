/* SPDX-License-Identifier: MIT */
/* What a whole dump costs, as ratios that hold on any machine: ELF against
 * copying the memory, kdump against packing the same pages by zlib's
 * compress2() one by one in one thread, which is what QEMU and makedumpfile
 * do.  All of it on the same memory, the best of several runs, as a table. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "guestcore/dump.h"

#include "tests/bench/guestlike.h"

#define PAGE GUESTLIKE_PAGE
#define RUNS 3

typedef struct Bench {
    uint8_t *memory;
    size_t n_pages;
    size_t size; /* of the memory */
    GcGuest *guest;
    const char *path;
    double copy;      /* seconds */
    double compress2; /* seconds */
} Bench;

static double now(void)
{
    return (double)g_get_monotonic_time() / (double)G_USEC_PER_SEC;
}

/* Into memory that is there already: as fast as can be. */
static double copy_once(const Bench *bench, uint8_t *to)
{
    double start = now();

    memcpy(to, bench->memory, bench->size);
    return now() - start;
}

static void measure_copy(Bench *bench)
{
    g_autofree uint8_t *to = g_malloc(bench->size);

    memset(to, 1, bench->size);
    bench->copy = copy_once(bench, to);
    for (int i = 1; i < RUNS; i++) {
        bench->copy = MIN(bench->copy, copy_once(bench, to));
    }
    /* so that the copy is of use */
    g_assert(memcmp(to, bench->memory, bench->size) == 0);
    printf("| memcpy() | 1 | %.0f | 1.00 | | | |\n",
           (double)bench->size / bench->copy / 1e6);
}

static double compress_once(const Bench *bench, uint64_t *ret_packed)
{
    static const uint8_t zeros[PAGE];
    double start = now();
    uint8_t out[2 * PAGE];

    *ret_packed = 0;
    for (size_t i = 0; i < bench->n_pages; i++) {
        const uint8_t *page = bench->memory + i * PAGE;
        uLongf size = sizeof(out);

        if (memcmp(page, zeros, PAGE) != 0) {
            compress2(out, &size, page, PAGE, Z_BEST_SPEED);
            *ret_packed += MIN(size, PAGE);
        }
    }
    return now() - start;
}

static void measure_compress2(Bench *bench)
{
    uint64_t packed;

    bench->compress2 = compress_once(bench, &packed);
    for (int i = 1; i < RUNS; i++) {
        bench->compress2 = MIN(bench->compress2, compress_once(bench, &packed));
    }
    printf("| compress2() | 1 | %.0f | | 1.00 | | %.3f |\n",
           (double)bench->size / bench->compress2 / 1e6,
           (double)packed / (double)bench->size);
}

static double dump_once(const Bench *bench, const char *format,
                        unsigned threads, uint64_t *ret_used)
{
    g_autoptr(GcDumpJob) job = gc_dump_job_new(bench->guest);
    g_autoptr(GError) error = NULL;
    double start = now();

    gc_dump_job_set_threads(job, threads);
    if (!gc_dump_job_set_format(job, format, &error) ||
        !gc_dump_job_run(job, bench->path, &error)) {
        g_printerr("%s: %s\n", format, error->message);
        exit(EXIT_FAILURE);
    }
    *ret_used = gc_dump_job_get_stats(job).file_used;
    start = now() - start;
    unlink(bench->path);
    return start;
}

static double dump_best(const Bench *bench, const char *format,
                        unsigned threads, uint64_t *ret_used)
{
    double best = dump_once(bench, format, threads, ret_used);

    for (int i = 1; i < RUNS; i++) {
        best = MIN(best, dump_once(bench, format, threads, ret_used));
    }
    return best;
}

static void measure_format(const Bench *bench, const char *format)
{
    double one = 0.0;

    for (unsigned threads = 1; threads <= 2; threads++) {
        uint64_t used;
        double best = dump_best(bench, format, threads, &used);

        one = threads == 1 ? best : one;
        printf("| %s | %u | %.0f | %.2f | %.2f | %.2f | %.3f |\n", format,
               threads, (double)bench->size / best / 1e6, bench->copy / best,
               bench->compress2 / best, one / best,
               (double)used / (double)bench->size);
        fflush(stdout);
    }
}

static bool init(Bench *bench, const char *mib, const char *path)
{
    g_autoptr(GcMemory) memory = gc_memory_new();

    bench->size = (size_t)g_ascii_strtoull(mib, NULL, 10) << 20;
    if (bench->size == 0) {
        return false;
    }
    bench->n_pages = bench->size / PAGE;
    bench->memory = guestlike_new(bench->n_pages);
    bench->path = path;
    gc_memory_add_host(memory, 0, bench->size, bench->memory, NULL);
    bench->guest = gc_guest_new("x86_64", memory, NULL);
    return true;
}

int main(int argc, char **argv)
{
    Bench bench = {.n_pages = 0};

    if (argc < 4 || !init(&bench, argv[1], argv[2])) {
        fprintf(stderr, "usage: bench_write MIB FILE FORMAT...\n");
        return EXIT_FAILURE;
    }
    printf("%s MiB as in tests/bench/guestlike.h, to %s\n\n"
           "| what | threads | MB/s | × memcpy() | × compress2() | × 1 thread "
           "| size |\n"
           "|---|---|---|---|---|---|---|\n",
           argv[1], argv[2]);
    measure_copy(&bench);
    measure_compress2(&bench);
    for (int i = 3; i < argc; i++) {
        measure_format(&bench, argv[i]);
    }
    gc_guest_free(bench.guest);
    g_free(bench.memory);
    return EXIT_SUCCESS;
}
