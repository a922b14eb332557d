/* SPDX-License-Identifier: MIT */
#include "tests/bench/guestlike.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#define RUN_SIZE ((size_t)GUESTLIKE_RUN * GUESTLIKE_PAGE)
#define MIX 20 /* runs */

/* Where programs and libraries are. */
static const char *const folders[] = {"/usr/bin", "/usr/lib",
                                      "/usr/lib/x86_64-linux-gnu",
                                      "/usr/lib/aarch64-linux-gnu"};

/* Files one after the other, from the first again when there are no more. */
typedef struct Files {
    GPtrArray *paths; /* of char *, sorted */
    guint next;
    GMappedFile *file; /* NULL at the end of one */
    size_t at;
} Files;

static gint compare_paths(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_folder(Files *files, const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        char *path = g_build_filename(folder, name, NULL);

        if (g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
            g_ptr_array_add(files->paths, path);
        } else {
            g_free(path);
        }
    }
}

static void init_files(Files *files)
{
    *files = (Files){.paths = g_ptr_array_new_with_free_func(g_free)};
    for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
        add_folder(files, folders[i]);
    }
    g_ptr_array_sort(files->paths, compare_paths);
    if (files->paths->len == 0) {
        g_error("no programs in %s", folders[0]);
    }
}

static void clear_files(Files *files)
{
    g_clear_pointer(&files->file, g_mapped_file_unref);
    g_ptr_array_unref(files->paths);
}

static void next_file(Files *files)
{
    const char *path = g_ptr_array_index(files->paths, files->next);

    g_clear_pointer(&files->file, g_mapped_file_unref);
    files->file = g_mapped_file_new(path, FALSE, NULL);
    files->next = (files->next + 1) % files->paths->len;
    files->at = 0;
}

/* Files begin on pages, as in a page cache; the end of the last one's page is
 * zeros. */
static void fill_page(Files *files, uint8_t *page)
{
    size_t left = 0;
    size_t part;

    while (files->file == NULL ||
           (left = g_mapped_file_get_length(files->file) - files->at) == 0) {
        next_file(files);
    }
    part = MIN(left, GUESTLIKE_PAGE);
    memcpy(page, g_mapped_file_get_contents(files->file) + files->at, part);
    files->at += part;
}

static void fill_heap(GRand *rand, uint8_t *run)
{
    uint64_t *words = (uint64_t *)(void *)run;
    uint64_t base = UINT64_C(0xffff888000000000) | (uint64_t)g_rand_int(rand)
                                                       << 12;

    for (size_t i = 0; i < RUN_SIZE / sizeof(*words); i++) {
        switch (g_rand_int_range(rand, 0, 4)) {
        case 0:
            words[i] = base + 64 * (uint64_t)g_rand_int_range(rand, 0, 16384);
            break;
        case 1:
            words[i] = (uint64_t)g_rand_int_range(rand, 0, 256);
            break;
        default:
            break; /* zero */
        }
    }
}

static void fill_noise(GRand *rand, uint8_t *run)
{
    uint32_t *words = (uint32_t *)(void *)run;

    for (size_t i = 0; i < RUN_SIZE / sizeof(*words); i++) {
        words[i] = g_rand_int(rand);
    }
}

static void fill_run(Files *files, GRand *rand, size_t number, uint8_t *run)
{
    /* A factor that has none in common with the mix spreads the kinds. */
    switch (number * 7 % MIX) {
    case 0:
        fill_noise(rand, run);
        break;
    case 1:
    case 2:
    case 3:
        fill_heap(rand, run);
        break;
    case 4:
    case 5:
    case 6:
    case 7:
        break; /* zeros */
    default:
        for (size_t i = 0; i < GUESTLIKE_RUN; i++) {
            fill_page(files, run + i * GUESTLIKE_PAGE);
        }
    }
}

uint8_t *guestlike_new(size_t n_pages)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(1);
    uint8_t *memory = g_malloc0(n_pages * GUESTLIKE_PAGE);
    Files files;

    g_assert(n_pages % GUESTLIKE_RUN == 0);
    init_files(&files);
    for (size_t i = 0; i < n_pages / GUESTLIKE_RUN; i++) {
        fill_run(&files, rand, i, memory + i * RUN_SIZE);
    }
    clear_files(&files);
    return memory;
}
