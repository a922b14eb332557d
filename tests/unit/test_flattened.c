/* SPDX-License-Identifier: MIT */
/* Flattened files, written and read; the bytes expected are from
 * docs/formats/flattened.md. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "dump/image/flattened_index.h"
#include "dump/image/image_writer.h"
#include "tests/unit/cmocka_all.h"

#define HEADER 4096

/* A file made by hand, and how it is read. */
typedef struct Stream {
    GByteArray *bytes;
    GcFile file;
} Stream;

static bool stream_read(void *opaque, uint64_t offset, void *buf, size_t len,
                        GError **error)
{
    const Stream *stream = opaque;

    if (offset > stream->bytes->len || len > stream->bytes->len - offset) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT, "too short");
        return false;
    }
    memcpy(buf, stream->bytes->data + offset, len);
    return true;
}

static void append_be64(GByteArray *bytes, uint64_t value)
{
    uint64_t disk = GUINT64_TO_BE(value);

    g_byte_array_append(bytes, (const uint8_t *)&disk, sizeof(disk));
}

static void init(Stream *stream)
{
    static const uint8_t zeros[HEADER - 32];

    stream->bytes = g_byte_array_new();
    g_byte_array_append(stream->bytes, (const uint8_t *)"makedumpfile\0\0\0\0",
                        16);
    append_be64(stream->bytes, 1);
    append_be64(stream->bytes, 1);
    g_byte_array_append(stream->bytes, zeros, sizeof(zeros));
}

static void append(Stream *stream, uint64_t offset, const char *text)
{
    append_be64(stream->bytes, offset);
    append_be64(stream->bytes, strlen(text));
    g_byte_array_append(stream->bytes, (const uint8_t *)text,
                        (guint)strlen(text));
}

static void end(Stream *stream)
{
    append_be64(stream->bytes, UINT64_MAX);
    append_be64(stream->bytes, UINT64_MAX);
}

static GcFlattenedIndex *open_stream(Stream *stream, GError **error)
{
    stream->file = (GcFile){stream_read, stream, stream->bytes->len};
    return gc_flattened_index_new(&stream->file, error);
}

static void clear(Stream *stream)
{
    g_byte_array_unref(stream->bytes);
}

static void assert_reads(GcFlattenedIndex *index, const char *text, size_t size)
{
    GcFile file = gc_flattened_index_get_file(index);
    char buf[64];

    assert_int_equal(file.size, size);
    for (size_t from = 0; from <= size; from++) {
        for (size_t to = from; to <= size; to++) {
            assert_true(file.read(file.opaque, from, buf, to - from, NULL));
            assert_memory_equal(buf, text + from, to - from);
        }
    }
    assert_false(file.read(file.opaque, size, buf, 1, NULL));
}

static void test_records_are_put_where_they_belong(void **state)
{
    g_autoptr(GcFlattenedIndex) index = NULL;
    Stream stream;

    (void)state;
    init(&stream);
    append(&stream, 6, "world");
    append(&stream, 0, "hello");
    end(&stream);
    index = open_stream(&stream, NULL);
    assert_true(gc_flattened_index_is_complete(index));
    assert_reads(index, "hello\0world", 11);
    clear(&stream);
}

static void test_later_records_count(void **state)
{
    g_autoptr(GcFlattenedIndex) index = NULL;
    Stream stream;

    (void)state;
    init(&stream);
    append(&stream, 0, "aaaaaaaaaa");
    append(&stream, 2, "bbbb");
    append(&stream, 3, "c");
    append(&stream, 8, "dddd");
    append(&stream, 0, "e");
    append(&stream, 4, "ff");
    end(&stream);
    index = open_stream(&stream, NULL);
    assert_reads(index, "eabcffaadddd", 12);
    clear(&stream);
}

static void test_any_order_of_any_records_is_as_if_written(void **state)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);

    (void)state;
    for (int round = 0; round < 200; round++) {
        g_autoptr(GcFlattenedIndex) index = NULL;
        char expected[64] = {0};
        size_t size = 0;
        Stream stream;

        init(&stream);
        for (int i = g_rand_int_range(rand, 1, 20); i > 0; i--) {
            size_t at = (size_t)g_rand_int_range(rand, 0, 40);
            size_t len = (size_t)g_rand_int_range(rand, 1, 20);
            char text[21] = {0};

            memset(text, 'a' + i, len);
            memset(expected + at, 'a' + i, len);
            size = MAX(size, at + len);
            append(&stream, at, text);
        }
        end(&stream);
        index = open_stream(&stream, NULL);
        assert_reads(index, expected, size);
        clear(&stream);
    }
}

static void test_a_file_that_breaks_off_is_read_so_far(void **state)
{
    Stream stream;
    guint whole;

    (void)state;
    init(&stream);
    append(&stream, 0, "hello");
    append(&stream, 5, "world");
    end(&stream);
    whole = stream.bytes->len;
    for (guint len = HEADER; len < whole; len++) {
        g_autoptr(GcFlattenedIndex) index = NULL;

        stream.bytes->len = len;
        index = open_stream(&stream, NULL);
        assert_non_null(index);
        assert_false(gc_flattened_index_is_complete(index));
        assert_in_range(gc_flattened_index_get_file(index).size, 0, 10);
    }
    stream.bytes->len = whole;
    clear(&stream);
}

static void test_impossible_records_are_refused(void **state)
{
    static const struct {
        uint64_t offset;
        uint64_t size;
    } cases[] = {
        {UINT64_MAX, 1}, {0, UINT64_MAX}, {UINT64_MAX - 1, 5},
        {0, 0},          {INT64_MAX, 1},  {0, (uint64_t)INT64_MAX + 1},
        {1, INT64_MAX},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        Stream stream;

        init(&stream);
        append_be64(stream.bytes, cases[i].offset);
        append_be64(stream.bytes, cases[i].size);
        append_be64(stream.bytes, 0);
        assert_null(open_stream(&stream, &error));
        assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_FORMAT));
        clear(&stream);
    }
}

static void test_a_writer_makes_records(void **state)
{
    int fd = memfd_create("flat", MFD_CLOEXEC);
    g_autoptr(GcImageWriter) writer = gc_image_writer_new_flattened(fd, NULL);
    uint8_t actual[8192];
    Stream expected;
    ssize_t size;

    (void)state;
    assert_int_equal(gc_image_writer_get_order(writer), GC_IMAGE_ORDER_SERIAL);
    assert_true(gc_image_writer_write(writer, 5, "world", 5, NULL));
    assert_true(gc_image_writer_write(writer, 7, "", 0, NULL));
    assert_true(gc_image_writer_write(writer, 0, "hello", 5, NULL));
    assert_true(gc_image_writer_finish(writer, 10, NULL));
    init(&expected);
    append(&expected, 5, "world");
    append(&expected, 0, "hello");
    end(&expected);
    size = pread(fd, actual, sizeof(actual), 0);
    assert_int_equal(size, expected.bytes->len);
    assert_memory_equal(actual, expected.bytes->data, expected.bytes->len);
    clear(&expected);
    close(fd);
}

static void test_a_stream_has_its_holes_as_zeros(void **state)
{
    int fd = memfd_create("stream", MFD_CLOEXEC);
    g_autoptr(GcImageWriter) writer = gc_image_writer_new_stream(fd);
    g_autofree char *actual = g_malloc(200000);

    (void)state;
    assert_int_equal(gc_image_writer_get_order(writer), GC_IMAGE_ORDER_FORWARD);
    assert_true(gc_image_writer_write(writer, 1, "a", 1, NULL));
    assert_true(gc_image_writer_write(writer, 100000, "b", 1, NULL));
    assert_true(gc_image_writer_finish(writer, 100003, NULL));
    assert_int_equal(pread(fd, actual, 200000, 0), 100003);
    assert_memory_equal(actual, "\0a\0\0", 4);
    assert_memory_equal(actual + 99999, "\0b\0\0", 4);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records_are_put_where_they_belong),
        cmocka_unit_test(test_later_records_count),
        cmocka_unit_test(test_any_order_of_any_records_is_as_if_written),
        cmocka_unit_test(test_a_file_that_breaks_off_is_read_so_far),
        cmocka_unit_test(test_impossible_records_are_refused),
        cmocka_unit_test(test_a_writer_makes_records),
        cmocka_unit_test(test_a_stream_has_its_holes_as_zeros),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
