/* SPDX-License-Identifier: MIT */
/* How long it takes to tell what each page of a guest is used for, by the
 * number of threads, beside a copy of the struct pages.  Of the two guests the
 * one has memory in use, so that each struct page is looked at, and the other
 * nearly all free.  In both the struct pages lie scattered, in pages of 4 KiB
 * each of which is a read of its own: a kernel has them in 2 MiB. */
#include <stdio.h>
#include <string.h>

#include "guestcore/filter.h"

#include "tests/lib/pagegen.h"

#define ROUNDS 5
#define RAM_MIB 4096u
#define FREE_ORDER 10

static double now(void)
{
    return (double)g_get_monotonic_time() / (double)G_USEC_PER_SEC;
}

static void report(const char *what, const Pagegen *pages, double seconds)
{
    printf("%-24s %6.2f ms, %5.1f ns a page\n", what, seconds * 1e3,
           seconds * 1e9 / (double)pages->n_pages);
}

/* The best of several rounds. */
static double time_map(const GcGuest *guest, unsigned threads)
{
    double best = G_MAXDOUBLE;

    for (unsigned i = 0; i < ROUNDS; i++) {
        g_autoptr(GError) error = NULL;
        double start = now();
        g_autoptr(GcPageMap) map =
            gc_page_map_new(guest, threads, NULL, NULL, &error);

        if (map == NULL) {
            g_error("%s", error->message);
        }
        best = MIN(best, now() - start);
    }
    return best;
}

static double time_copy(Pagegen *pages)
{
    size_t size = pages->n_pages * pages->kernel->size;
    g_autofree uint8_t *to = g_malloc(size);
    double best = G_MAXDOUBLE;

    for (unsigned i = 0; i < ROUNDS; i++) {
        double start = now();

        memcpy(to, guestgen_at(pages->gen, PAGEGEN_PAGES), size);
        best = MIN(best, now() - start);
    }
    return best;
}

static void measure(const char *name, Pagegen *pages)
{
    static const unsigned counts[] = {0, 1, 2, 4, 8};
    g_autoptr(GcGuest) guest = pagegen_make_guest(pages);

    printf("%s, %u MiB\n", name, RAM_MIB);
    report("  copy of struct pages", pages, time_copy(pages));
    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
        g_autofree char *what = g_strdup_printf("  %u threads", counts[i]);

        report(what, pages, time_map(guest, counts[i]));
    }
}

int main(void)
{
    PagegenKernel kernel = pagegen_kernels[0];
    g_autoptr(Pagegen) pages = NULL;

    for (size_t i = 0; strcmp(kernel.release, "6.1.0") != 0; i++) {
        kernel = pagegen_kernels[i];
    }
    kernel.ram_mib = RAM_MIB;
    pages = pagegen_new(&kernel);
    measure("all in use", pages);
    for (GcPfn pfn = 1u << 15; pfn < pages->n_pages; pfn += 1u << FREE_ORDER) {
        pagegen_put_free(pages, pfn, FREE_ORDER);
    }
    measure("nearly all free", pages);
    return 0;
}
