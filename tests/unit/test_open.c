/* SPDX-License-Identifier: MIT */
/* Files that nobody vouches for: whatever bytes there are, gc_guest_open()
 * gives a guest that can be looked at, or an error that it announces. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/dumprun.h"
#include "tests/lib/testdir.h"
#include "tests/unit/cmocka_all.h"

static void assert_refused(const char *path, int code)
{
    g_autoptr(GError) error = NULL;

    assert_null(gc_guest_open(path, NULL, &error));
    assert_true(g_error_matches(error, GC_ERROR, code));
    assert_non_null(strstr(error->message, path));
}

static void test_what_is_no_dump_is_refused(void **state)
{
    static const char *const contents[] = {
        "",
        "\177ELF",
        "KDUMP   ",
        "just a text that is no dump at all\n",
        "\177ELF\2\1\1 and then nothing that makes sense, for 64 bytes or so",
    };
    g_autofree char *path = testdir_path(*state, "file");
    g_autofree char *missing = testdir_path(*state, "missing");

    for (size_t i = 0; i < G_N_ELEMENTS(contents); i++) {
        assert_true(g_file_set_contents(path, contents[i], -1, NULL));
        assert_refused(path, GC_ERROR_FORMAT);
    }
    assert_refused(missing, GC_ERROR_IO);
}

/* A pipe that nobody writes to must not be waited for. */
static void test_what_is_no_file_is_refused(void **state)
{
    g_autofree char *fifo = testdir_path(*state, "fifo");

    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_refused(fifo, GC_ERROR_INVALID);
    assert_refused(*state, GC_ERROR_INVALID);
    assert_refused("/dev/null", GC_ERROR_INVALID);
}

static void test_the_format_is_told(void **state)
{
    static const char *const formats[][2] = {
        {"elf", "elf"}, {"kdump-zlib", "kdump"}, {"kdump-raw-zlib", "kdump"}};
    g_autoptr(Guestgen) gen = guestgen_new_tiny();

    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_autofree char *path = dumprun_write(gen, *state, formats[i][0], 0);
        const char *format = NULL;
        g_autoptr(GcGuest) guest = gc_guest_open(path, &format, NULL);

        assert_non_null(guest);
        assert_string_equal(format, formats[i][1]);
    }
}

/* Cuts one byte after the other off the end.  Only the data of the last page
 * may go without notice, for it is read when it is asked for. */
static void test_every_prefix_of_a_file_is_safe(void **state)
{
    g_auto(GStrv) formats = gc_dump_get_formats();

    for (char **format = formats; *format != NULL; format++) {
        g_autoptr(Guestgen) gen = guestgen_new_tiny();
        g_autofree char *path = dumprun_write(gen, *state, *format, 0);
        int fd = open(path, O_RDWR | O_CLOEXEC);
        off_t size = lseek(fd, 0, SEEK_END);

        assert_true(size > 0);
        while (size-- > 0) {
            assert_int_equal(ftruncate(fd, size), 0);
            dumprun_try_open(path);
        }
        close(fd);
    }
}

/* Each byte of the file's head, and some of the rest, takes some values that
 * hurt. */
static void test_every_changed_byte_of_the_head_is_safe(void **state)
{
    static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    g_auto(GStrv) formats = gc_dump_get_formats();

    for (char **format = formats; *format != NULL; format++) {
        g_autoptr(Guestgen) gen = guestgen_new_tiny();
        g_autofree char *path = dumprun_write(gen, *state, *format, 0);
        int fd = open(path, O_RDWR | O_CLOEXEC);
        off_t size = lseek(fd, 0, SEEK_END);

        for (off_t at = 0; at < size; at += at < 600 ? 1 : 7) {
            uint8_t old;

            assert_int_equal(pread(fd, &old, 1, at), 1);
            for (size_t i = 0; i < sizeof(values); i++) {
                assert_int_equal(pwrite(fd, &values[i], 1, at), 1);
                dumprun_try_open(path);
            }
            assert_int_equal(pwrite(fd, &old, 1, at), 1);
        }
        close(fd);
        assert_true(dumprun_try_open(path));
    }
}

/* Several random words at once, so that lies agree with one another. */
static void test_random_changes_are_safe(void **state)
{
    g_auto(GStrv) formats = gc_dump_get_formats();
    g_autoptr(GRand) rand = g_rand_new_with_seed(20240607);

    for (char **format = formats; *format != NULL; format++) {
        g_autoptr(Guestgen) gen = guestgen_new_tiny();
        g_autofree char *path = dumprun_write(gen, *state, *format, 0);
        g_autofree char *whole = NULL;
        gsize size;

        assert_true(g_file_get_contents(path, &whole, &size, NULL));
        for (unsigned run = 0; run < 1500; run++) {
            g_autofree char *bytes = g_memdup2(whole, size);
            int changes = g_rand_int_range(rand, 1, 12);
            int fd = open(path, O_WRONLY | O_CLOEXEC);

            for (int i = 0; i < changes; i++) {
                gint32 near = g_rand_boolean(rand) ? 512 : (gint32)size - 8;
                gint32 at = g_rand_int_range(rand, 0, near);
                guint64 word = (guint64)g_rand_int(rand) << 32 |
                               g_rand_int_range(rand, 0, 70000);

                memcpy(bytes + at, &word, 1u << g_rand_int_range(rand, 0, 4));
            }
            assert_int_equal(pwrite(fd, bytes, size, 0), size);
            close(fd);
            dumprun_try_open(path);
        }
    }
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, testdir_setup, testdir_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_what_is_no_dump_is_refused),
        TEST(test_what_is_no_file_is_refused),
        TEST(test_the_format_is_told),
        TEST(test_every_prefix_of_a_file_is_safe),
        TEST(test_every_changed_byte_of_the_head_is_safe),
        TEST(test_random_changes_are_safe),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
