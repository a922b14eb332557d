/* SPDX-License-Identifier: MIT */
#include "hw/access.h"
#include "tests/unit/cmocka_all.h"

static void test_accesses_are_aligned_and_cover(void **state)
{
    (void)state;
    for (unsigned max = 1; max <= 8; max *= 2) {
        for (uint64_t offset = 0; offset < 32; offset++) {
            for (uint64_t rest = 1; rest < 32; rest++) {
                unsigned width = gc_access_get_width(offset, rest, max);

                assert_true(width >= 1 && width <= max && width <= rest);
                assert_int_equal(width & (width - 1), 0);
                assert_int_equal(offset % width, 0);
                /* none wider would do */
                assert_true(width == max || 2 * width > rest ||
                            offset % (2 * width) != 0);
            }
        }
    }
}

/* A window whose every byte is its offset. */
static uint64_t read_offsets(void *opaque, uint64_t offset, unsigned width)
{
    uint64_t value = UINT64_MAX; /* what is too high must be cut off */

    ++*(unsigned *)opaque;
    for (unsigned i = 0; i < width; i++) {
        value &= ~(UINT64_C(0xff) << 8 * i);
        value |= (offset + i) << 8 * i;
    }
    return value;
}

static void test_read_composes_little_endian(void **state)
{
    unsigned n = 0;

    (void)state;
    assert_int_equal(gc_access_read(read_offsets, &n, 1, 8, 8),
                     UINT64_C(0x0807060504030201));
    assert_int_equal(n, 4); /* 1, 2, 4, 1 */
    assert_int_equal(gc_access_read(read_offsets, &n, 0, 8, 4),
                     UINT64_C(0x0706050403020100));
    assert_int_equal(n, 6);
    assert_int_equal(gc_access_read(read_offsets, &n, 6, 1, 8), 6);
}

static void write_bytes(void *opaque, uint64_t offset, unsigned width,
                        uint64_t value)
{
    assert_true(width == 8 || value >> 8 * width == 0);
    for (unsigned i = 0; i < width; i++) {
        ((uint8_t *)opaque)[offset + i] = (uint8_t)(value >> 8 * i);
    }
}

static void test_write_decomposes_little_endian(void **state)
{
    uint8_t bytes[16] = {0};

    (void)state;
    gc_access_write(write_bytes, bytes, 3, 8, UINT64_C(0x0807060504030201), 8);
    assert_memory_equal(bytes, "\0\0\0\1\2\3\4\5\6\7\10\0", 12);
    gc_access_write(write_bytes, bytes, 0, 2, UINT64_MAX, 4);
    assert_memory_equal(bytes, "\xff\xff\0\1", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accesses_are_aligned_and_cover),
        cmocka_unit_test(test_read_composes_little_endian),
        cmocka_unit_test(test_write_decomposes_little_endian),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
