/* SPDX-License-Identifier: MIT */
#include "guestcore/error.h"

#include "system/options/keyval.h"
#include "tests/unit/cmocka_all.h"

static void test_parts_are_split_at_single_commas(void **state)
{
    g_autoptr(GcKeyval) keyval =
        gc_keyval_new("socket,path=/a,,b=c,server,nowait", "backend", NULL);

    (void)state;
    assert_non_null(keyval);
    assert_string_equal(gc_keyval_get(keyval, "backend"), "socket");
    assert_string_equal(gc_keyval_get(keyval, "path"), "/a,b=c");
    assert_string_equal(gc_keyval_get(keyval, "server"), "on");
    assert_string_equal(gc_keyval_get(keyval, "wait"), "off");
    assert_null(gc_keyval_get(keyval, "id"));
    assert_true(gc_keyval_finish(keyval, NULL));
}

static void test_what_nobody_asked_for_is_an_error(void **state)
{
    g_autoptr(GcKeyval) keyval = gc_keyval_new("a=1,b=2", NULL, NULL);
    g_autoptr(GError) error = NULL;

    (void)state;
    gc_keyval_peek(keyval, "b");
    gc_keyval_get(keyval, "a");
    assert_false(gc_keyval_finish(keyval, &error));
    assert_string_equal(error->message, "unknown parameter 'b'");
    gc_keyval_know_all(keyval);
    assert_true(gc_keyval_finish(keyval, NULL));
}

static void test_a_key_needs_a_name_and_comes_once(void **state)
{
    static const char *const texts[] = {"=1", "a=1,=2", "a=1,a=2", "a,a=1"};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;

        assert_null(gc_keyval_new(texts[i], NULL, &error));
        assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_INVALID));
    }
}

static void test_sizes(void **state)
{
    static const struct {
        const char *text;
        uint64_t value; /* UINT64_MAX: refused */
    } cases[] = {
        {"0", 0},
        {"1", 1 << 20},
        {"1b", 1},
        {"1k", 1024},
        {"1K", 1024},
        {"2M", 2 << 20},
        {"1G", 1 << 30},
        {"16T", UINT64_C(16) << 40},
        {"15E", UINT64_C(15) << 60},
        {"0x10", 16 << 20},
        {"0x10k", 16 << 10},
        {"1.5G", UINT64_C(3) << 29},
        {"0.5", 1 << 19},
        {"1.25k", 1280},
        {"0.000000001b", 0},
        {"16E", UINT64_MAX},
        {"17592186044416", UINT64_MAX},
        {"99999999999999999999", UINT64_MAX},
        {"", UINT64_MAX},
        {"-1", UINT64_MAX},
        {"+1", UINT64_MAX},
        {" 1", UINT64_MAX},
        {"1 ", UINT64_MAX},
        {"1x", UINT64_MAX},
        {"1MM", UINT64_MAX},
        {"M", UINT64_MAX},
        {"1.5.5", UINT64_MAX},
        {"0x1.5", UINT64_MAX},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        uint64_t value = 0;
        bool ok = gc_parse_size(cases[i].text, 'M', &value, NULL);

        assert_int_equal(ok, cases[i].value != UINT64_MAX);
        assert_int_equal(value, ok ? cases[i].value : 0);
    }
}

static void test_numbers_and_switches(void **state)
{
    static const char *const wrong[] = {"",  "x",  "-1", "+1", "1x",
                                        "4", "11", " 5", "0x"};
    uint64_t number = 0;
    bool value = false;

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        assert_false(gc_parse_number(wrong[i], 5, 10, &number, NULL));
        assert_false(gc_parse_bool(wrong[i], &value, NULL));
    }
    assert_true(gc_parse_number("0xa", 5, 10, &number, NULL));
    assert_int_equal(number, 10);
    assert_true(gc_parse_bool("on", &value, NULL));
    assert_true(value);
    assert_true(gc_parse_bool("off", &value, NULL));
    assert_false(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts_are_split_at_single_commas),
        cmocka_unit_test(test_what_nobody_asked_for_is_an_error),
        cmocka_unit_test(test_a_key_needs_a_name_and_comes_once),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_numbers_and_switches),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
