/* SPDX-License-Identifier: MIT */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guestcore/error.h"

#include "base/output.h"
#include "tests/unit/cmocka_all.h"

static int make_dir(void **state)
{
    *state = g_dir_make_tmp("guestcore-XXXXXX", NULL);
    return *state != NULL ? 0 : -1;
}

static unsigned count_entries(const char *dir)
{
    GDir *entries = g_dir_open(dir, 0, NULL);
    unsigned n = 0;

    while (g_dir_read_name(entries) != NULL) {
        n++;
    }
    g_dir_close(entries);
    return n;
}

static int remove_dir(void **state)
{
    g_autofree char *dir = *state;
    GDir *entries = g_dir_open(dir, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(entries)) != NULL) {
        g_autofree char *path = g_build_filename(dir, name, NULL);

        g_remove(path);
    }
    g_dir_close(entries);
    return g_rmdir(dir);
}

static void test_discarded_output_leaves_nothing(void **state)
{
    g_autofree char *path = g_build_filename(*state, "vmcore", NULL);
    GcOutput *output = gc_output_new(path, NULL);

    assert_non_null(output);
    assert_int_equal(write(gc_output_get_fd(output), "x", 1), 1);
    gc_output_free(output);
    assert_int_equal(count_entries(*state), 0);
}

static void test_commit_replaces_the_file_and_keeps_it_private(void **state)
{
    g_autofree char *path = g_build_filename(*state, "vmcore", NULL);
    g_autoptr(GcOutput) output = NULL;
    g_autofree char *content = NULL;
    struct stat st;

    assert_true(g_file_set_contents(path, "old", -1, NULL));
    output = gc_output_new(path, NULL);
    assert_non_null(output);
    assert_int_equal(write(gc_output_get_fd(output), "new", 3), 3);
    assert_true(g_file_get_contents(path, &content, NULL, NULL));
    assert_string_equal(content, "old");
    g_free(content);
    assert_true(gc_output_commit(output, NULL));
    assert_true(g_file_get_contents(path, &content, NULL, NULL));
    assert_string_equal(content, "new");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(count_entries(*state), 1);
}

static void test_what_is_no_file_is_refused(void **state)
{
    g_autofree char *nowhere = g_build_filename(*state, "no", "vmcore", NULL);
    g_autoptr(GError) error = NULL;

    assert_null(gc_output_new("", &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_INVALID));
    g_clear_error(&error);
    assert_null(gc_output_new("/dev/null", &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_INVALID));
    g_clear_error(&error);
    assert_null(gc_output_new(*state, &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_INVALID));
    g_clear_error(&error);
    assert_null(gc_output_new(nowhere, &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_IO));
    assert_non_null(strstr(error->message, nowhere));
}

static void test_a_link_is_followed(void **state)
{
    g_autofree char *target = g_build_filename(*state, "target", NULL);
    g_autofree char *link = g_build_filename(*state, "link", NULL);
    g_autoptr(GcOutput) output = NULL;
    g_autofree char *content = NULL;

    assert_true(g_file_set_contents(target, "old", -1, NULL));
    assert_int_equal(symlink("target", link), 0);
    output = gc_output_new(link, NULL);
    assert_non_null(output);
    assert_int_equal(write(gc_output_get_fd(output), "new", 3), 3);
    assert_true(gc_output_commit(output, NULL));
    assert_true(g_file_test(link, G_FILE_TEST_IS_SYMLINK));
    assert_true(g_file_get_contents(target, &content, NULL, NULL));
    assert_string_equal(content, "new");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_discarded_output_leaves_nothing,
                                        make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(
            test_commit_replaces_the_file_and_keeps_it_private, make_dir,
            remove_dir),
        cmocka_unit_test_setup_teardown(test_what_is_no_file_is_refused,
                                        make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(test_a_link_is_followed, make_dir,
                                        remove_dir),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
