/* SPDX-License-Identifier: MIT */
/* Runs a fuzz target over the files of a corpus, as an ordinary test: what
 * was found once stays found.  Also over the empty input and every prefix of
 * each file, which costs nothing. */
#include <glib.h>
#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_PREFIX 512

static void run_file(const char *path)
{
    g_autofree char *data = NULL;
    size_t size;
    GError *error = NULL;

    if (!g_file_get_contents(path, &data, &size, &error)) {
        g_error("%s", error->message);
    }
    for (size_t i = 0; i < MIN(size, MAX_PREFIX); i++) {
        /* a copy of that very size, so that reading past it is seen */
        g_autofree uint8_t *prefix = g_memdup2(data, i);

        LLVMFuzzerTestOneInput(prefix, i);
    }
    LLVMFuzzerTestOneInput((const uint8_t *)data, size);
}

int main(int argc, char **argv)
{
    unsigned n = 0;

    for (int i = 1; i < argc; i++) {
        GError *error = NULL;
        g_autoptr(GDir) folder = g_dir_open(argv[i], 0, &error);
        const char *name;

        if (folder == NULL) {
            g_error("%s", error->message);
        }
        while ((name = g_dir_read_name(folder)) != NULL) {
            g_autofree char *path = g_build_filename(argv[i], name, NULL);

            run_file(path);
            n++;
        }
    }
    LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    printf("%u inputs\n", n);
    return n > 0 ? 0 : 1;
}
