/* SPDX-License-Identifier: MIT */
#include "base/ranges.h"
#include "tests/unit/cmocka_all.h"

static void assert_range(const GcRanges *ranges, size_t i, uint64_t start,
                         uint64_t end)
{
    assert_int_equal(gc_ranges_get(ranges, i).start, start);
    assert_int_equal(gc_ranges_get(ranges, i).end, end);
}

static void test_empty_range_changes_nothing(void **state)
{
    g_autoptr(GcRanges) ranges = gc_ranges_new();

    (void)state;
    gc_ranges_add(ranges, 5, 5);
    gc_ranges_add(ranges, 7, 5);
    assert_int_equal(gc_ranges_get_n(ranges), 0);
}

static void test_ranges_are_sorted_and_merged(void **state)
{
    g_autoptr(GcRanges) ranges = gc_ranges_new();

    (void)state;
    gc_ranges_add(ranges, 20, 30);
    gc_ranges_add(ranges, 0, 5);
    gc_ranges_add(ranges, 40, 50);
    assert_int_equal(gc_ranges_get_n(ranges), 3);
    gc_ranges_add(ranges, 5, 20); /* touches both neighbours */
    assert_int_equal(gc_ranges_get_n(ranges), 2);
    assert_range(ranges, 0, 0, 30);
    assert_range(ranges, 1, 40, 50);
    assert_int_equal(gc_ranges_count(ranges), 40);
    gc_ranges_add(ranges, 0, UINT64_MAX);
    assert_int_equal(gc_ranges_get_n(ranges), 1);
}

static void test_find_gives_the_range_that_ends_after(void **state)
{
    g_autoptr(GcRanges) ranges = gc_ranges_new();

    (void)state;
    gc_ranges_add(ranges, 10, 20);
    gc_ranges_add(ranges, 30, 40);
    assert_int_equal(gc_ranges_find(ranges, 0), 0);
    assert_int_equal(gc_ranges_find(ranges, 19), 0);
    assert_int_equal(gc_ranges_find(ranges, 20), 1);
    assert_int_equal(gc_ranges_find(ranges, 40), 2);
}

static void test_gaps_are_what_is_not_in_the_set(void **state)
{
    g_autoptr(GcRanges) ranges = gc_ranges_new();
    GcRange gap;

    (void)state;
    gc_ranges_add(ranges, 10, 20);
    gc_ranges_add(ranges, 30, 40);
    assert_true(gc_ranges_next_gap(ranges, 0, 100, &gap));
    assert_int_equal(gap.start, 0);
    assert_int_equal(gap.end, 10);
    assert_true(gc_ranges_next_gap(ranges, 12, 100, &gap));
    assert_int_equal(gap.start, 20);
    assert_int_equal(gap.end, 30);
    assert_true(gc_ranges_next_gap(ranges, 35, 100, &gap));
    assert_int_equal(gap.start, 40);
    assert_int_equal(gap.end, 100);
    assert_false(gc_ranges_next_gap(ranges, 10, 20, &gap));
    assert_false(gc_ranges_next_gap(ranges, 50, 50, &gap));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty_range_changes_nothing),
        cmocka_unit_test(test_ranges_are_sorted_and_merged),
        cmocka_unit_test(test_find_gives_the_range_that_ends_after),
        cmocka_unit_test(test_gaps_are_what_is_not_in_the_set),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
