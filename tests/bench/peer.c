/* SPDX-License-Identifier: MIT */
#include "tests/bench/peer.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* The pages as a file. */
static int make_file(const BenchPages *pages)
{
    int fd = memfd_create("pages", MFD_CLOEXEC);
    size_t size = pages->n * BENCH_PAGE;
    size_t at = 0;

    while (fd >= 0 && at < size) {
        ssize_t n = write(fd, pages->bytes + at, size - at);

        if (n <= 0) {
            return -1;
        }
        at += (size_t)n;
    }
    return fd;
}

/* The program lies beside this one. */
static char *find_program(void)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = g_path_get_dirname(self != NULL ? self : "");

    return g_build_filename(folder, "compress2", NULL);
}

static char **make_environment(PeerMalloc how)
{
    char **environment = g_get_environ();

    environment = g_environ_unsetenv(environment, "GLIBC_TUNABLES");
    environment = g_environ_unsetenv(environment, "MALLOC_PERTURB_");
    if (how == PEER_MALLOC_KEEPS) {
        environment = g_environ_setenv(environment, "MALLOC_TRIM_THRESHOLD_",
                                       "1000000000", TRUE);
        environment = g_environ_setenv(environment, "MALLOC_MMAP_THRESHOLD_",
                                       "30000000", TRUE);
    }
    return environment;
}

PeerResult peer_compress2(const BenchPages *pages, PeerMalloc how)
{
    g_autofree char *program = find_program();
    char *argv[] = {program, NULL};
    g_auto(GStrv) environment = make_environment(how);
    g_autoptr(GError) error = NULL;
    PeerResult result = {0};
    int in = make_file(pages);
    int out = -1;
    FILE *said;

    if (!g_spawn_async_with_pipes_and_fds(
            NULL, (const char *const *)argv, (const char *const *)environment,
            G_SPAWN_DEFAULT, NULL, NULL, in, -1, -1, NULL, NULL, 0, NULL, NULL,
            &out, NULL, &error)) {
        fprintf(stderr, "%s\n", error->message);
        exit(EXIT_FAILURE);
    }
    close(in);
    said = fdopen(out, "r");
    if (said == NULL || fscanf(said, "%lf %" G_GUINT64_FORMAT, &result.seconds,
                               &result.packed) != 2) {
        fprintf(stderr, "%s: no answer\n", program);
        exit(EXIT_FAILURE);
    }
    fclose(said);
    return result;
}
