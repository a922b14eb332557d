/* SPDX-License-Identifier: MIT */
/* What packing costs, on the pages of a dump, or made ones: every codec of this
 * build, and zlib's compress2() page by page, which is what QEMU and
 * makedumpfile do.  Pages of zeros are left out. */
#include <stdio.h>
#include <stdlib.h>

#include "dump/codec/codec.h"
#include "tests/bench/pages.h"
#include "tests/bench/peer.h"

#define RUNS 3
#define MAX_MIB 256 /* of a dump */
#define MADE_MIB 128

static void report(const char *name, const BenchPages *pages, double seconds,
                   uint64_t packed)
{
    double bytes = (double)(pages->n * BENCH_PAGE);

    printf("| %s | %.0f | %.4f |\n", name, bytes / seconds / 1e6,
           (double)packed / bytes);
    fflush(stdout);
}

static void run_compress2(const BenchPages *pages, const char *name,
                          PeerMalloc how)
{
    PeerResult result = peer_compress2(pages, how);

    report(name, pages, result.seconds, result.packed);
}

static uint64_t pack(const GcCodec *codec, void *state, const BenchPages *pages)
{
    uint64_t packed = 0;
    uint8_t out[BENCH_PAGE];

    for (size_t i = 0; i < pages->n; i++) {
        size_t size = codec->compress(state, pages->bytes + i * BENCH_PAGE,
                                      BENCH_PAGE, out, BENCH_PAGE - 1);

        packed += size != 0 ? size : BENCH_PAGE;
    }
    return packed;
}

static void run_codec(const GcCodec *codec, const BenchPages *pages)
{
    void *state = codec->new_state(BENCH_PAGE, codec->default_level);
    gint64 best = G_MAXINT64;
    uint64_t packed = 0;

    for (int i = 0; i < RUNS; i++) {
        gint64 start = g_get_monotonic_time();

        packed = pack(codec, state, pages);
        best = MIN(best, g_get_monotonic_time() - start);
    }
    report(codec->name, pages, (double)best / (double)G_USEC_PER_SEC, packed);
    codec->free_state(state);
}

int main(int argc, char **argv)
{
    BenchPages pages = {.n = 0};

    if (argc > 2) {
        fprintf(stderr, "usage: bench_codec [DUMP]\n");
        return EXIT_FAILURE;
    }
    if (argc == 2) {
        bench_pages_load(&pages, MAX_MIB, argv[1]);
    } else {
        bench_pages_make(&pages, MADE_MIB);
        bench_pages_drop_zeros(&pages);
    }
    printf("%zu pages that are not all zeros\n\n"
           "| codec | MB/s | of the size |\n|---|---|---|\n",
           pages.n);
    run_compress2(&pages, "compress2()", PEER_MALLOC_PLAIN);
    run_compress2(&pages, "compress2(), malloc keeps", PEER_MALLOC_KEEPS);
    for (const GcCodec *const *codec = gc_codecs; *codec != NULL; codec++) {
        run_codec(*codec, &pages);
    }
    bench_pages_clear(&pages);
    return EXIT_SUCCESS;
}
