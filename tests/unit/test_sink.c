/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "dump/sink.h"
#include "tests/lib/testdir.h"
#include "tests/unit/cmocka_all.h"

static GcOutputFormat find_format(const char *name)
{
    GcOutputFormat format;

    assert_true(gc_output_format_find(name, &format, NULL));
    return format;
}

static int open_file(const char *dir, int flags)
{
    g_autofree char *path = testdir_path(dir, "sink");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | flags, 0600);

    assert_true(fd >= 0);
    return fd;
}

static GcImageOrder get_order(int fd, const char *name)
{
    GcOutputFormat format = find_format(name);
    g_autoptr(GcImageWriter) image = gc_sink_open(fd, &format, NULL);

    assert_non_null(image);
    return gc_image_writer_get_order(image);
}

static void test_a_file_takes_bytes_in_any_order(void **state)
{
    int fd = open_file(*state, 0);

    assert_int_equal(get_order(fd, "elf"), GC_IMAGE_ORDER_ANY);
    assert_int_equal(get_order(fd, "kdump-raw-zlib"), GC_IMAGE_ORDER_ANY);
    assert_int_equal(get_order(fd, "kdump-zlib"), GC_IMAGE_ORDER_SERIAL);
    close(fd);
}

/* Every write goes to its end, whatever the offset. */
static void test_a_file_that_is_appended_to_is_a_stream(void **state)
{
    int fd = open_file(*state, O_APPEND);
    GcOutputFormat raw = find_format("kdump-raw-zlib");
    g_autoptr(GError) error = NULL;

    assert_int_equal(get_order(fd, "elf"), GC_IMAGE_ORDER_FORWARD);
    assert_null(gc_sink_open(fd, &raw, &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_INVALID));
    close(fd);
}

static void test_a_pipe_takes_what_can_be_streamed(void **state)
{
    GcOutputFormat raw = find_format("kdump-raw-zlib");
    g_autoptr(GError) error = NULL;
    int fds[2];

    (void)state;
    assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
    assert_int_equal(get_order(fds[1], "elf"), GC_IMAGE_ORDER_FORWARD);
    assert_int_equal(get_order(fds[1], "kdump-zlib"), GC_IMAGE_ORDER_SERIAL);
    assert_null(gc_sink_open(fds[1], &raw, &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_INVALID));
    assert_non_null(strstr(error->message, "seekable"));
    assert_true(gc_sink_close(fds[1], NULL)); /* cannot be made durable */
    close(fds[0]);
    close(fds[1]);
}

static void test_a_descriptor_that_cannot_be_written_to_fails(void **state)
{
    static const char *const formats[] = {"elf", "kdump-zlib"};
    int writable = open_file(*state, 0);
    g_autofree char *path = testdir_path(*state, "sink");
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        GcOutputFormat format = find_format(formats[i]);
        g_autoptr(GError) error = NULL;

        assert_null(gc_sink_open(fd, &format, &error));
        assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_IO));
    }
    close(fd);
    close(writable);
}

/* The image begins where the descriptor stands; what is before that stays,
 * what is behind it does not show through. */
static void test_an_image_begins_where_the_descriptor_stands(void **state)
{
    static const char expected[] = "before\0\0\0\0image\0\0";
    GcOutputFormat elf = find_format("elf");
    int fd = open_file(*state, 0);
    g_autoptr(GcImageWriter) image = NULL;
    char found[64];

    assert_int_equal(write(fd, "before, and what is behind", 26), 26);
    assert_int_equal(lseek(fd, 6, SEEK_SET), 6);
    image = gc_sink_open(fd, &elf, NULL);
    assert_non_null(image);
    assert_true(gc_image_writer_write(image, 4, "image", 5, NULL));
    assert_true(gc_image_writer_finish(image, 11, NULL));
    assert_true(gc_sink_close(fd, NULL));
    assert_int_equal(lseek(fd, 0, SEEK_CUR), 17); /* for who comes next */
    assert_int_equal(pread(fd, found, sizeof(found), 0), 17);
    assert_memory_equal(found, expected, 17);
    close(fd);
}

static void test_room_that_is_reserved_is_taken(void **state)
{
    GcOutputFormat elf = find_format("elf");
    int fd = open_file(*state, 0);
    g_autoptr(GcImageWriter) image = gc_sink_open(fd, &elf, NULL);
    struct stat st;

    assert_true(gc_image_writer_reserve(image, 8192, 65536, NULL));
    assert_int_equal(fstat(fd, &st), 0);
    assert_true(st.st_blocks * 512 >= 65536);
    assert_true(gc_image_writer_reserve(image, 0, 0, NULL));
    close(fd);
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, testdir_setup, testdir_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_a_file_takes_bytes_in_any_order),
        TEST(test_a_file_that_is_appended_to_is_a_stream),
        TEST(test_a_pipe_takes_what_can_be_streamed),
        TEST(test_a_descriptor_that_cannot_be_written_to_fails),
        TEST(test_an_image_begins_where_the_descriptor_stands),
        TEST(test_room_that_is_reserved_is_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
