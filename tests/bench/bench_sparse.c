/* SPDX-License-Identifier: MIT */
/* A guest of 1 TiB that uses 1 GiB, and one that has no more than that, dumped
 * in each format given: how long it takes, and how much memory. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guestcore/dump.h"

#include "tests/bench/pages.h"

#define GIB (UINT64_C(1) << 30)
#define USED_MIB 1024u
#define PIECE ((size_t)1 << 20)

static void fill(int fd, uint64_t size)
{
    BenchPages pages;

    bench_pages_make(&pages, USED_MIB);
    for (uint64_t i = 0; i < USED_MIB; i++) {
        if (pwrite(fd, pages.bytes + i * PIECE, PIECE,
                   (off_t)(i * (size / USED_MIB))) != (ssize_t)PIECE) {
            abort();
        }
    }
    bench_pages_clear(&pages);
}

/* A file as large as the guest, with 1 GiB in pieces all over it.  Another
 * process makes it, so that what it needs is not counted here. */
static int make_file(uint64_t size)
{
    int fd = memfd_create("guest", MFD_CLOEXEC);
    int status = -1;
    pid_t child;

    if (fd < 0 || ftruncate(fd, (off_t)size) != 0) {
        abort();
    }
    child = fork();
    if (child == 0) {
        fill(fd, size);
        _exit(EXIT_SUCCESS);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
        abort();
    }
    return fd;
}

static void dump(GcGuest *guest, const char *format, uint64_t size,
                 const char *path)
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
    printf("| %s | %" PRIu64 " | %.2f | %ld | %" PRIu64 " |\n", format,
           size / GIB,
           (double)(g_get_monotonic_time() - start) / (double)G_USEC_PER_SEC,
           usage.ru_maxrss / 1024, gc_dump_job_get_stats(job).file_used >> 20);
    fflush(stdout);
    unlink(path);
}

static void measure(uint64_t size, const char *path, char *const *formats)
{
    g_autoptr(GcMemory) memory = gc_memory_new();
    g_autoptr(GcGuest) guest = NULL;
    int fd = make_file(size);

    gc_memory_add_fd(memory, 0, size, fd, 0, NULL);
    guest = gc_guest_new("x86_64", memory, NULL);
    for (; *formats != NULL; formats++) {
        dump(guest, *formats, size, path);
    }
    close(fd);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: bench_sparse FILE FORMAT...\n");
        return EXIT_FAILURE;
    }
    printf("| format | guest, GiB | seconds | resident at most, MiB "
           "| on disk, MiB |\n|---|---|---|---|---|\n");
    measure(GIB, argv[1], argv + 2);
    measure(1024 * GIB, argv[1], argv + 2);
    return EXIT_SUCCESS;
}
