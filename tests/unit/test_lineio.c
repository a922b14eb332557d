/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/lineio.h"
#include "tests/unit/cmocka_all.h"

static void push(GcLineReader *reader, const char *text)
{
    gc_line_reader_push(reader, text, strlen(text));
}

static void expect_line(GcLineReader *reader, const char *expected)
{
    const char *line = NULL;
    size_t len = 0;

    assert_int_equal(gc_line_reader_pull(reader, &line, &len), GC_LINE_READY);
    assert_int_equal(len, strlen(expected));
    assert_string_equal(line, expected);
}

static void expect(GcLineReader *reader, GcLineResult expected)
{
    const char *line = NULL;
    size_t len = 0;

    assert_int_equal(gc_line_reader_pull(reader, &line, &len), expected);
    assert_null(line);
}

static void test_lines_come_whole_whatever_the_pieces(void **state)
{
    g_autoptr(GcLineReader) reader = gc_line_reader_new(100);
    const char *text = "one\n\ntwo\n";

    (void)state;
    push(reader, text);
    expect_line(reader, "one");
    expect_line(reader, "");
    expect_line(reader, "two");
    expect(reader, GC_LINE_NONE);
    for (size_t i = 0; i < 3; i++) {
        gc_line_reader_push(reader, text + i, 1);
        expect(reader, GC_LINE_NONE);
    }
    push(reader, "\ntail");
    expect_line(reader, "one");
    expect(reader, GC_LINE_NONE);
    push(reader, "\n");
    expect_line(reader, "tail");
}

static void test_a_line_may_be_as_long_as_the_limit(void **state)
{
    g_autoptr(GcLineReader) reader = gc_line_reader_new(4);

    (void)state;
    push(reader, "1234");
    expect(reader, GC_LINE_NONE);
    push(reader, "\n12345\n1\n");
    expect_line(reader, "1234");
    expect(reader, GC_LINE_TOO_LONG);
    expect_line(reader, "1");
}

static void test_an_endless_line_is_said_once_and_dropped(void **state)
{
    g_autoptr(GcLineReader) reader = gc_line_reader_new(4);

    (void)state;
    push(reader, "aaaaaa");
    expect(reader, GC_LINE_TOO_LONG);
    for (int i = 0; i < 1000; i++) {
        push(reader, "aaaaaaaa");
        expect(reader, GC_LINE_NONE);
    }
    push(reader, "aa\nok\n");
    expect_line(reader, "ok");
    expect(reader, GC_LINE_NONE);
}

static void test_zero_bytes_are_part_of_a_line(void **state)
{
    g_autoptr(GcLineReader) reader = gc_line_reader_new(100);
    const char *line = NULL;
    size_t len = 0;

    (void)state;
    gc_line_reader_push(reader, "a\0b\n", 4);
    assert_int_equal(gc_line_reader_pull(reader, &line, &len), GC_LINE_READY);
    assert_int_equal(len, 3);
    assert_memory_equal(line, "a\0b", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_come_whole_whatever_the_pieces),
        cmocka_unit_test(test_a_line_may_be_as_long_as_the_limit),
        cmocka_unit_test(test_an_endless_line_is_said_once_and_dropped),
        cmocka_unit_test(test_zero_bytes_are_part_of_a_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
