/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "guestcore/error.h"

#include "base/trace.h"
#include "tests/unit/cmocka_all.h"

static void collect(void *opaque, GcTraceCategory category, const char *line)
{
    g_string_append_printf(opaque, "%s:%s|", gc_trace_get_name(category), line);
}

static int must_not_be_evaluated(void)
{
    fail();
    return 0;
}

static void test_only_what_is_on_is_traced(void **state)
{
    g_autoptr(GString) lines = g_string_new(NULL);

    (void)state;
    gc_trace_set_output(collect, lines, 0);
    assert_true(gc_trace_set_categories("guest,dump", NULL));
    gc_trace(GUEST, "a %d", 1);
    gc_trace(FW_CFG, "b %d", must_not_be_evaluated());
    gc_trace(DUMP, "c");
    assert_true(gc_trace_set_categories("", NULL));
    gc_trace(GUEST, "d");
    assert_string_equal(lines->str, "guest:a 1|dump:c|");
}

static void test_unknown_categories_change_nothing(void **state)
{
    g_autoptr(GError) error = NULL;

    (void)state;
    assert_true(gc_trace_set_categories("bus", NULL));
    assert_false(gc_trace_set_categories("guest,nonsense", &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_INVALID));
    assert_int_equal(gc_trace_mask, 1u << GC_TRACE_BUS);
}

static void test_lines_are_bounded_in_length(void **state)
{
    g_autoptr(GString) lines = g_string_new(NULL);
    g_autofree char *longest = g_strnfill(100000, 'x');

    (void)state;
    gc_trace_set_output(collect, lines, 0);
    gc_trace_set_categories("guest", NULL);
    gc_trace(GUEST, "%s", longest);
    assert_true(lines->len > 100 && lines->len < 1000);
}

static void test_lines_are_bounded_in_number(void **state)
{
    g_autoptr(GString) lines = g_string_new(NULL);
    unsigned n = 0;

    (void)state;
    gc_trace_set_output(collect, lines, 3);
    gc_trace_set_categories("guest", NULL);
    for (unsigned i = 0; i < 10000; i++) {
        gc_trace(GUEST, "x");
    }
    for (const char *at = lines->str; (at = strchr(at, '|')) != NULL; at++) {
        n++;
    }
    /* a few more if the clock passed a second meanwhile */
    assert_true(n >= 3 && n <= 12);
    gc_trace_set_output(NULL, NULL, 0);
    gc_trace(GUEST, "lost");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_what_is_on_is_traced),
        cmocka_unit_test(test_unknown_categories_change_nothing),
        cmocka_unit_test(test_lines_are_bounded_in_length),
        cmocka_unit_test(test_lines_are_bounded_in_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
