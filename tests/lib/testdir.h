/* SPDX-License-Identifier: MIT */
/* An empty directory of its own for a test that writes files. */
#pragma once

#include <glib.h>

/* As cmocka's setup and teardown; *state is the directory's path.  The
 * teardown removes the files in it. */
int testdir_setup(void **state);
int testdir_teardown(void **state);

/* The path of @name in @dir; to be freed. */
char *testdir_path(const char *dir, const char *name);

/* How many files are in @dir, hidden ones too. */
unsigned testdir_count(const char *dir);
