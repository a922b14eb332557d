/* SPDX-License-Identifier: MIT */
#include "dump/plan.h"
#include "tests/lib/guestgen.h"
#include "tests/unit/cmocka_all.h"

#define PAGE GUESTGEN_PAGE

static GcPlan *plan_of(Guestgen *gen)
{
    g_autoptr(GcGuest) guest = guestgen_make_guest(gen);
    GcPlan *plan = gc_plan_new(guest, NULL);

    assert_non_null(plan);
    assert_int_equal(plan->page_size, PAGE);
    return plan;
}

static void test_pages_that_are_partly_memory_are_kept(void **state)
{
    g_autoptr(Guestgen) gen = guestgen_new();
    g_autoptr(GcPlan) plan = NULL;

    (void)state;
    guestgen_add_ram(gen, PAGE + 1, PAGE, GUESTGEN_HOST); /* 1 and 2 */
    guestgen_add_ram(gen, 5 * PAGE, 1, GUESTGEN_HOST);
    guestgen_add_ram(gen, 8 * PAGE - 1, 1, GUESTGEN_HOST);
    plan = plan_of(gen);
    assert_int_equal(plan->end_pfn, 8);
    assert_int_equal(plan->n_keep, 4);
    assert_int_equal(plan->n_data, 4);
    for (GcPfn pfn = 0; pfn < 8; pfn++) {
        bool is_memory = pfn == 1 || pfn == 2 || pfn == 5 || pfn == 7;

        assert_int_equal(gc_bitmap_test(plan->keep, pfn), is_memory);
    }
}

static void test_two_blocks_in_a_page_are_one_page(void **state)
{
    g_autoptr(Guestgen) gen = guestgen_new();
    g_autoptr(GcPlan) plan = NULL;

    (void)state;
    guestgen_add_ram(gen, 0x100, 0x100, GUESTGEN_HOST);
    guestgen_add_ram(gen, 0x800, 0x100, GUESTGEN_FD);
    plan = plan_of(gen);
    assert_int_equal(plan->n_keep, 1);
    assert_int_equal(plan->n_data, 1);
    assert_int_equal(plan->end_pfn, 1);
}

static void test_holes_are_kept_but_are_not_data(void **state)
{
    static const GuestgenBacking backings[] = {GUESTGEN_FD, GUESTGEN_CUSTOM};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(backings); i++) {
        g_autoptr(Guestgen) gen = guestgen_new();
        g_autoptr(GcPlan) plan = NULL;

        guestgen_add_ram(gen, 16 * PAGE, 64 * PAGE, backings[i]);
        *guestgen_at(gen, 20 * PAGE + 5) = 1;
        *guestgen_at(gen, 22 * PAGE) = 1;
        *guestgen_at(gen, 79 * PAGE) = 1;
        plan = plan_of(gen);
        assert_int_equal(plan->end_pfn, 80);
        assert_int_equal(plan->n_keep, 64);
        assert_int_equal(plan->n_data, 3);
        assert_true(gc_bitmap_test(plan->data, 20));
        assert_false(gc_bitmap_test(plan->data, 21));
        assert_true(gc_bitmap_test(plan->data, 22));
        assert_true(gc_bitmap_test(plan->data, 79));
        assert_int_equal(guestgen_get_hole_reads(gen), 0);
    }
}

static void test_a_guest_without_memory_has_no_plan(void **state)
{
    g_autoptr(Guestgen) gen = guestgen_new();
    g_autoptr(GcGuest) guest = guestgen_make_guest(gen);
    g_autoptr(GError) error = NULL;

    (void)state;
    assert_null(gc_plan_new(guest, &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_NO_DATA));
}

static void test_memory_that_ends_too_high_is_refused(void **state)
{
    static const uint8_t byte[1];
    static const struct {
        GcPaddr at;
        bool fits;
    } cases[] = {
        {(GC_PLAN_MAX_PAGES << 12) - 1, true},
        {GC_PLAN_MAX_PAGES << 12, false},
        {UINT64_MAX - 2, false},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GcMemory) memory = gc_memory_new();
        g_autoptr(GcGuest) guest = gc_guest_new("x86_64", memory, NULL);
        g_autoptr(GError) error = NULL;
        g_autoptr(GcPlan) plan = NULL;

        assert_true(gc_memory_add_host(memory, cases[i].at, 1, byte, NULL));
        plan = gc_plan_new(guest, &error);
        assert_int_equal(plan != NULL, cases[i].fits);
        if (plan == NULL) {
            assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_UNSUPPORTED));
        } else {
            assert_int_equal(plan->n_keep, 1);
        }
    }
}

static bool broken_next_data(void *opaque, uint64_t offset, uint64_t end,
                             uint64_t *ret_start, uint64_t *ret_end,
                             GError **error)
{
    (void)opaque, (void)offset, (void)end, (void)ret_start, (void)ret_end;
    g_set_error(error, GC_ERROR, GC_ERROR_IO, "no answer");
    return false;
}

static void test_memory_that_does_not_say_where_it_has_data_fails(void **state)
{
    static const GcMemoryOps ops = {.next_data = broken_next_data};
    g_autoptr(GcMemory) memory = gc_memory_new();
    g_autoptr(GcGuest) guest = gc_guest_new("x86_64", memory, NULL);
    g_autoptr(GError) error = NULL;

    (void)state;
    assert_true(gc_memory_add(memory, 0, PAGE, &ops, NULL, NULL));
    assert_null(gc_plan_new(guest, &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_IO));
}

/* Has all but the first and the last 100 bytes. */
static bool has_the_middle(void *opaque, uint64_t offset, uint64_t end,
                           uint64_t *ret_start, uint64_t *ret_end,
                           GError **error)
{
    (void)opaque, (void)error;
    *ret_start = CLAMP(100, offset, end);
    *ret_end = CLAMP(4 * PAGE - 100, *ret_start, end);
    if (*ret_start == *ret_end) {
        *ret_start = *ret_end = end;
    }
    return true;
}

static void test_a_page_of_which_something_is_missing_is_absent(void **state)
{
    static const GcMemoryOps ops = {.next_present = has_the_middle};
    g_autoptr(GcMemory) memory = gc_memory_new();
    g_autoptr(GcGuest) guest = gc_guest_new("x86_64", memory, NULL);
    g_autoptr(GcPlan) plan = NULL;

    (void)state;
    assert_true(gc_memory_add(memory, 0, 4 * PAGE, &ops, NULL, NULL));
    plan = gc_plan_new(guest, NULL);
    assert_int_equal(plan->n_exist, 4);
    assert_int_equal(plan->n_absent, 2);
    assert_int_equal(plan->n_data, 2);
    for (GcPfn pfn = 0; pfn < 4; pfn++) {
        bool is_whole = pfn == 1 || pfn == 2;

        assert_int_equal(gc_bitmap_test(plan->keep, pfn), is_whole);
        assert_int_equal(gc_bitmap_test(plan->data, pfn), is_whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages_that_are_partly_memory_are_kept),
        cmocka_unit_test(test_two_blocks_in_a_page_are_one_page),
        cmocka_unit_test(test_holes_are_kept_but_are_not_data),
        cmocka_unit_test(test_a_guest_without_memory_has_no_plan),
        cmocka_unit_test(test_memory_that_ends_too_high_is_refused),
        cmocka_unit_test(test_memory_that_does_not_say_where_it_has_data_fails),
        cmocka_unit_test(test_a_page_of_which_something_is_missing_is_absent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
