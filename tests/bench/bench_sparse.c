/* SPDX-License-Identifier: MIT */
/* A guest of 1 TiB that uses 1 GiB, dumped in each format given: how long it
 * takes, and how much memory. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "guestcore/dump.h"

#define GIB (UINT64_C(1) << 30)

/* Fills 1 GiB in 1024 places with what compresses about as memory does. */
static void fill(int fd, uint64_t size)
{
    enum { PIECE = 1 << 20 };
    g_autoptr(GRand) rand = g_rand_new_with_seed(1);
    g_autofree uint32_t *words = g_malloc(PIECE);

    for (uint64_t i = 0; i < 1024; i++) {
        for (size_t j = 0; j < PIECE / sizeof(*words); j++) {
            words[j] = j % 3 == 0 ? g_rand_int(rand) : (uint32_t)j;
        }
        if (pwrite(fd, words, PIECE, (off_t)(i * (size / 1024))) != PIECE) {
            abort();
        }
    }
}

static void dump(GcGuest *guest, const char *format, const char *path)
{
    g_autoptr(GcDumpJob) job = gc_dump_job_new(guest);
    g_autoptr(GError) error = NULL;
    gint64 start = g_get_monotonic_time();
    struct rusage usage;

    if (!gc_dump_job_set_format(job, format, &error) ||
        !gc_dump_job_run(job, path, &error)) {
        fprintf(stderr, "%s: %s\n", format, error->message);
        exit(EXIT_FAILURE);
    }
    getrusage(RUSAGE_SELF, &usage);
    printf("%-16s %6.2f s, %4ld MiB resident at most, %6" PRIu64
           " MiB on disk\n",
           format,
           (double)(g_get_monotonic_time() - start) / (double)G_USEC_PER_SEC,
           usage.ru_maxrss / 1024, gc_dump_job_get_stats(job).file_used >> 20);
    unlink(path);
}

int main(int argc, char **argv)
{
    int fd = memfd_create("guest", MFD_CLOEXEC);
    g_autoptr(GcMemory) memory = gc_memory_new();
    g_autoptr(GcGuest) guest = NULL;
    uint64_t size = 1024 * GIB;

    if (argc < 3) {
        fprintf(stderr, "usage: bench_sparse FILE FORMAT...\n");
        return EXIT_FAILURE;
    }
    if (fd < 0 || ftruncate(fd, (off_t)size) != 0) {
        return EXIT_FAILURE;
    }
    fill(fd, size);
    gc_memory_add_fd(memory, 0, size, fd, 0, NULL);
    guest = gc_guest_new("x86_64", memory, NULL);
    for (int i = 2; i < argc; i++) {
        dump(guest, argv[i], argv[1]);
    }
    close(fd);
    return EXIT_SUCCESS;
}
