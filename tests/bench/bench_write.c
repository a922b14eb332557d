/* SPDX-License-Identifier: MIT */
/* What a whole dump costs, as ratios that hold on any machine: ELF against
 * copying the memory, kdump against packing the same pages by zlib's
 * compress2() one by one in one thread, which is what QEMU and makedumpfile
 * do.  All of it on the same memory, the best of several runs, as tables. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guestcore/dump.h"

#include "tests/bench/pages.h"
#include "tests/bench/peer.h"

#define RUNS 5
#define MAX_THREADS 2u
#define MAX_MIB 256   /* of a dump */
#define DESC_SIZE 24u /* of a kdump's page descriptor */

typedef struct Bench {
    BenchPages pages;
    size_t size; /* of the memory */
    GcGuest *guest;
    const char *path;
} Bench;

/* What a dump is compared with. */
typedef struct Peer {
    const char *name;
    double seconds;
    double size; /* of what it makes, as part of the memory */
} Peer;

static double now(void)
{
    return (double)g_get_monotonic_time() / (double)G_USEC_PER_SEC;
}

static double copy_once(const Bench *bench, uint8_t *to)
{
    double start = now();

    memcpy(to, bench->pages.bytes, bench->size);
    start = now() - start;
    /* so that the copy is of use */
    g_assert(memcmp(to, bench->pages.bytes, bench->size) == 0);
    return start;
}

/* Into memory that is there already, as fast as can be, or into new memory:
 * what a tmpfs is made of does not come for nothing either. */
static double copy_best(const Bench *bench, bool to_new)
{
    g_autofree uint8_t *old = g_malloc(bench->size);
    double best = 0;

    memset(old, 1, bench->size);
    for (int i = 0; i < RUNS; i++) {
        g_autofree uint8_t *new = g_malloc(bench->size);
        double seconds = copy_once(bench, to_new ? new : old);

        best = i == 0 ? seconds : MIN(best, seconds);
    }
    return best;
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

static void print_head(const char *what, const Peer *peers, size_t n)
{
    printf("\n| %s | threads | MB/s |", what);
    for (size_t i = 0; i < n; i++) {
        printf(" × %s |", peers[i].name);
    }
    printf(" × 1 thread | size |\n|---|---|---|");
    for (size_t i = 0; i < n; i++) {
        printf("---|");
    }
    printf("---|---|\n");
}

/* @name: by whom or as what; @one: what one thread took */
static void print_row(const Bench *bench, const Peer *peers, size_t n,
                      const char *name, unsigned threads, double seconds,
                      double one, double size)
{
    printf("| %s | %u | %.0f |", name, threads,
           (double)bench->size / seconds / 1e6);
    for (size_t i = 0; i < n; i++) {
        printf(" %.2f |", peers[i].seconds / seconds);
    }
    printf(" %.2f | %.3f |\n", one / seconds, size);
    fflush(stdout);
}

/* A table of the formats given that are, or are not, ELF. */
static void compare(const Bench *bench, const char *what, const Peer *peers,
                    size_t n, char *const *formats, bool elf)
{
    print_head(what, peers, n);
    for (size_t i = 0; i < n; i++) {
        print_row(bench, peers, n, peers[i].name, 1, peers[i].seconds,
                  peers[i].seconds, peers[i].size);
    }
    for (; *formats != NULL; formats++) {
        double one = 0.0;

        if ((strcmp(*formats, "elf") == 0) != elf) {
            continue;
        }
        for (unsigned threads = 1; threads <= MAX_THREADS; threads++) {
            uint64_t used;
            double best = dump_best(bench, *formats, threads, &used);

            one = threads == 1 ? best : one;
            print_row(bench, peers, n, *formats, threads, best, one,
                      (double)used / (double)bench->size);
        }
    }
}

static void compare_copies(const Bench *bench, char *const *formats)
{
    const Peer peers[] = {
        {"memcpy()", copy_best(bench, false), 1.0},
        {"memcpy() to new memory", copy_best(bench, true), 1.0},
    };

    compare(bench, "copied", peers, G_N_ELEMENTS(peers), formats, true);
}

static Peer make_packer(const Bench *bench, const char *name, PeerMalloc how)
{
    PeerResult result = peer_compress2(&bench->pages, how);
    uint64_t packed = result.packed + bench->pages.n * DESC_SIZE;

    return (Peer){name, result.seconds, (double)packed / (double)bench->size};
}

static void compare_packers(const Bench *bench, char *const *formats)
{
    const Peer peers[] = {
        make_packer(bench, "compress2()", PEER_MALLOC_PLAIN),
        make_packer(bench, "compress2(), malloc keeps", PEER_MALLOC_KEEPS),
    };

    compare(bench, "packed", peers, G_N_ELEMENTS(peers), formats, false);
}

/* @memory: so many MiB of made pages, or the dump to take pages of */
static void init(Bench *bench, const char *memory, const char *path)
{
    g_autoptr(GcMemory) mapped = gc_memory_new();
    guint64 mib;

    if (g_ascii_string_to_unsigned(memory, 10, 1, G_MAXUINT16, &mib, NULL)) {
        bench_pages_make(&bench->pages, mib);
    } else {
        bench_pages_load(&bench->pages, MAX_MIB, memory);
    }
    bench->size = bench->pages.n * BENCH_PAGE;
    bench->path = path;
    gc_memory_add_host(mapped, 0, bench->size, bench->pages.bytes, NULL);
    bench->guest = gc_guest_new("x86_64", mapped, NULL);
}

int main(int argc, char **argv)
{
    Bench bench = {.path = NULL};

    if (argc < 4) {
        fprintf(stderr, "usage: bench_write MIB|DUMP FILE FORMAT...\n");
        return EXIT_FAILURE;
    }
    init(&bench, argv[1], argv[2]);
    printf("%zu MiB of %s, to %s\n", bench.size >> 20, argv[1], argv[2]);
    if (g_strv_contains((const char *const *)argv + 3, "elf")) {
        compare_copies(&bench, argv + 3);
    }
    if (argc > 4 || strcmp(argv[3], "elf") != 0) {
        compare_packers(&bench, argv + 3);
    }
    gc_guest_free(bench.guest);
    bench_pages_clear(&bench.pages);
    return EXIT_SUCCESS;
}
