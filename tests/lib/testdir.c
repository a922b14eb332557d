/* SPDX-License-Identifier: MIT */
#include "tests/lib/testdir.h"

#include <glib/gstdio.h>

int testdir_setup(void **state)
{
    *state = g_dir_make_tmp("guestcore-XXXXXX", NULL);
    return *state != NULL ? 0 : -1;
}

int testdir_teardown(void **state)
{
    g_autofree char *path = *state;
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *file = g_build_filename(path, name, NULL);

        g_remove(file);
    }
    return g_rmdir(path);
}

char *testdir_path(const char *dir, const char *name)
{
    return g_build_filename(dir, name, NULL);
}

unsigned testdir_count(const char *dir)
{
    g_autoptr(GDir) entries = g_dir_open(dir, 0, NULL);
    unsigned n = 0;

    g_assert(entries != NULL);
    while (g_dir_read_name(entries) != NULL) {
        n++;
    }
    return n;
}
