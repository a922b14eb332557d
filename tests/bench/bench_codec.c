/* SPDX-License-Identifier: MIT */
/* What packing costs, on the pages of a dump, or made ones: every codec of this
 * build, and zlib's compress2() page by page, which is what QEMU and
 * makedumpfile do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "guestcore/dump.h"

#include "dump/codec/codec.h"
#include "tests/bench/guestlike.h"

#define PAGE 4096u
#define MAX_PAGES 65536u
#define MADE_PAGES 32768u

typedef struct Pages {
    uint8_t *bytes;
    size_t n;
} Pages;

/* The first pages of the dump that are not all zeros. */
static void load(Pages *pages, const char *path)
{
    static const uint8_t zeros[PAGE];
    g_autoptr(GError) error = NULL;
    g_autoptr(GcGuest) guest = gc_guest_open(path, NULL, &error);
    GcMemory *memory;
    GcPaddr start;
    GcPaddr end;

    if (guest == NULL) {
        fprintf(stderr, "%s\n", error->message);
        exit(EXIT_FAILURE);
    }
    memory = gc_guest_get_memory(guest);
    pages->bytes = g_malloc((size_t)MAX_PAGES * PAGE);
    for (GcPaddr at = 0; pages->n < MAX_PAGES && at < UINT64_MAX; at = end) {
        gc_memory_next_present(memory, at, UINT64_MAX, &start, &end, NULL);
        for (; start < end && pages->n < MAX_PAGES; start += PAGE) {
            uint8_t *page = pages->bytes + pages->n * PAGE;

            gc_memory_read_padded(memory, start, page, PAGE, NULL);
            pages->n += memcmp(page, zeros, PAGE) != 0;
        }
    }
}

static void report(const char *name, const Pages *pages, gint64 start,
                   uint64_t packed)
{
    double bytes = (double)(pages->n * PAGE);
    double seconds =
        (double)(g_get_monotonic_time() - start) / (double)G_USEC_PER_SEC;

    printf("%-12s %6.0f MB/s  %.3f of the size\n", name, bytes / seconds / 1e6,
           (double)packed / bytes);
}

static void run_codec(const GcCodec *codec, const Pages *pages)
{
    void *state = codec->new_state(PAGE, codec->default_level);
    gint64 start = g_get_monotonic_time();
    uint64_t packed = 0;
    uint8_t out[PAGE];

    for (size_t i = 0; i < pages->n; i++) {
        size_t size = codec->compress(state, pages->bytes + i * PAGE, PAGE, out,
                                      PAGE - 1);

        packed += size != 0 ? size : PAGE;
    }
    report(codec->name, pages, start, packed);
    codec->free_state(state);
}

static void run_compress2(const Pages *pages)
{
    gint64 start = g_get_monotonic_time();
    uint64_t packed = 0;
    uint8_t out[2 * PAGE];

    for (size_t i = 0; i < pages->n; i++) {
        uLongf size = sizeof(out);

        compress2(out, &size, pages->bytes + i * PAGE, PAGE, 1);
        packed += MIN(size, PAGE);
    }
    report("compress2()", pages, start, packed);
}

/* Pages of no guest, but like those of one. */
static void make(Pages *pages)
{
    static const uint8_t zeros[PAGE];

    pages->bytes = guestlike_new(MADE_PAGES);
    for (size_t i = 0; i < MADE_PAGES; i++) {
        const uint8_t *page = pages->bytes + i * PAGE;

        if (memcmp(page, zeros, PAGE) != 0) {
            memmove(pages->bytes + pages->n * PAGE, page, PAGE);
            pages->n++;
        }
    }
}

int main(int argc, char **argv)
{
    Pages pages = {.n = 0};

    if (argc > 2) {
        fprintf(stderr, "usage: bench_codec [DUMP]\n");
        return EXIT_FAILURE;
    }
    if (argc == 2) {
        load(&pages, argv[1]);
    } else {
        make(&pages);
    }
    printf("%zu pages that are not all zeros\n", pages.n);
    run_compress2(&pages);
    for (const GcCodec *const *codec = gc_codecs; *codec != NULL; codec++) {
        run_codec(*codec, &pages);
    }
    g_free(pages.bytes);
    return EXIT_SUCCESS;
}
