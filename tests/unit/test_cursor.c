/* SPDX-License-Identifier: MIT */
#include "base/cursor.h"
#include "tests/unit/cmocka_all.h"

static const uint8_t bytes[] = {0x01, 0x02, 0x03, 0x04, 0x05,
                                0x06, 0x07, 0x08, 0x09};

static void test_integers_in_both_byte_orders(void **state)
{
    GcCursor cursor;

    (void)state;
    gc_cursor_init(&cursor, bytes, sizeof(bytes), false);
    assert_int_equal(gc_cursor_get_u16(&cursor), 0x0201);
    assert_int_equal(gc_cursor_get_u32(&cursor), 0x06050403);
    gc_cursor_init(&cursor, bytes, sizeof(bytes), true);
    assert_int_equal(gc_cursor_get_u64(&cursor), 0x0102030405060708);
    assert_int_equal(gc_cursor_get_rest(&cursor), 1);
    assert_false(cursor.failed);
}

static void test_reading_past_the_end_fails_for_good(void **state)
{
    GcCursor cursor;

    (void)state;
    gc_cursor_init(&cursor, bytes, 3, false);
    assert_int_equal(gc_cursor_get_u32(&cursor), 0);
    assert_true(cursor.failed);
    assert_int_equal(gc_cursor_get_u16(&cursor), 0);
    assert_null(gc_cursor_get_bytes(&cursor, 0));
    assert_int_equal(gc_cursor_get_rest(&cursor), 0);
}

static void test_align_stops_at_the_end(void **state)
{
    GcCursor cursor;

    (void)state;
    gc_cursor_init(&cursor, bytes, sizeof(bytes), false);
    assert_non_null(gc_cursor_get_bytes(&cursor, 1));
    gc_cursor_align(&cursor, 4);
    assert_ptr_equal(gc_cursor_get_bytes(&cursor, 5), bytes + 4);
    gc_cursor_align(&cursor, 4);
    assert_int_equal(cursor.pos, sizeof(bytes));
    assert_false(cursor.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers_in_both_byte_orders),
        cmocka_unit_test(test_reading_past_the_end_fails_for_good),
        cmocka_unit_test(test_align_stops_at_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
