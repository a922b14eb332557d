/* SPDX-License-Identifier: MIT */
#include "base/bitmap.h"
#include "tests/unit/cmocka_all.h"

#define N_BITS 200

/* What the bitmap must be, one bool per bit. */
static void assert_bits(const GcBitmap *bitmap, const bool *expected)
{
    for (uint64_t i = 0; i < N_BITS; i++) {
        assert_int_equal(gc_bitmap_test(bitmap, i), expected[i]);
    }
    assert_false(gc_bitmap_test(bitmap, N_BITS));
}

static void test_set_and_clear_every_range(void **state)
{
    (void)state;
    for (uint64_t start = 0; start <= N_BITS; start += 7) {
        for (uint64_t end = start; end <= N_BITS; end += 5) {
            g_autoptr(GcBitmap) bitmap = gc_bitmap_new(N_BITS);
            bool expected[N_BITS] = {false};

            gc_bitmap_set_range(bitmap, start, end);
            for (uint64_t i = start; i < end; i++) {
                expected[i] = true;
            }
            assert_bits(bitmap, expected);
            assert_int_equal(gc_bitmap_count_range(bitmap, 0, N_BITS),
                             end - start);
            gc_bitmap_set_range(bitmap, 0, N_BITS);
            gc_bitmap_clear_range(bitmap, start, end);
            for (uint64_t i = 0; i < N_BITS; i++) {
                expected[i] = i < start || i >= end;
            }
            assert_bits(bitmap, expected);
        }
    }
}

static void test_next_set_and_next_clear(void **state)
{
    g_autoptr(GcBitmap) bitmap = gc_bitmap_new(N_BITS);

    (void)state;
    assert_int_equal(gc_bitmap_next_set(bitmap, 0, N_BITS), N_BITS);
    assert_int_equal(gc_bitmap_next_clear(bitmap, 3, N_BITS), 3);
    gc_bitmap_set_range(bitmap, 63, 130);
    assert_int_equal(gc_bitmap_next_set(bitmap, 0, N_BITS), 63);
    assert_int_equal(gc_bitmap_next_set(bitmap, 0, 63), 63);
    assert_int_equal(gc_bitmap_next_set(bitmap, 64, N_BITS), 64);
    assert_int_equal(gc_bitmap_next_clear(bitmap, 63, N_BITS), 130);
    assert_int_equal(gc_bitmap_next_clear(bitmap, 63, 100), 100);
    assert_int_equal(gc_bitmap_next_set(bitmap, 130, N_BITS), N_BITS);
    assert_int_equal(gc_bitmap_next_set(bitmap, N_BITS, N_BITS), N_BITS);
}

static void test_bytes_are_lowest_bit_first(void **state)
{
    g_autoptr(GcBitmap) bitmap = gc_bitmap_new(N_BITS);
    g_autoptr(GcBitmap) copy = gc_bitmap_new(N_BITS);
    uint8_t bytes[32];

    (void)state;
    gc_bitmap_set_range(bitmap, 0, 1);
    gc_bitmap_set_range(bitmap, 15, 17);
    gc_bitmap_set_range(bitmap, 199, 200);
    gc_bitmap_get_bytes(bitmap, 0, bytes, sizeof(bytes));
    assert_int_equal(bytes[0], 0x01);
    assert_int_equal(bytes[1], 0x80);
    assert_int_equal(bytes[2], 0x01);
    assert_int_equal(bytes[24], 0x80);
    assert_int_equal(bytes[25], 0x00);
    assert_int_equal(bytes[31], 0x00);
    gc_bitmap_or_bytes(copy, 0, bytes, sizeof(bytes));
    for (uint64_t i = 0; i < N_BITS; i++) {
        assert_int_equal(gc_bitmap_test(copy, i), gc_bitmap_test(bitmap, i));
    }
}

static void test_bits_past_the_end_are_ignored(void **state)
{
    g_autoptr(GcBitmap) bitmap = gc_bitmap_new(3);
    const uint8_t all[] = {0xff, 0xff};

    (void)state;
    gc_bitmap_or_bytes(bitmap, 0, all, sizeof(all));
    gc_bitmap_or_bytes(bitmap, 100, all, sizeof(all));
    assert_int_equal(gc_bitmap_count_range(bitmap, 0, 3), 3);
    assert_false(gc_bitmap_test(bitmap, 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_and_clear_every_range),
        cmocka_unit_test(test_next_set_and_next_clear),
        cmocka_unit_test(test_bytes_are_lowest_bit_first),
        cmocka_unit_test(test_bits_past_the_end_are_ignored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
