/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "guestcore/error.h"

#include "guest/vmcoreinfo_text.h"
#include "tests/unit/cmocka_all.h"

/* The text of a kernel that says nothing but @line beside its release. */
static GcVmcoreinfoText *text_with(const char *line)
{
    g_autofree char *raw = g_strdup_printf("OSRELEASE=6.1.0\n%s\n", line);
    GcVmcoreinfoText *text = gc_vmcoreinfo_text_new(raw, strlen(raw), NULL);

    assert_non_null(text);
    return text;
}

static void test_phys_base_is_a_signed_decimal_or_0x_number(void **state)
{
    static const struct {
        const char *value;
        int64_t number;
    } cases[] = {
        {"0", 0},
        {"167772160", 167772160},
        {"-1048576", -1048576},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
        {"0xa000000", 167772160},
        {"0xfffffffff0000000", -0x10000000},
        {"0010", 10},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *line =
            g_strdup_printf("NUMBER(phys_base)=%s", cases[i].value);
        g_autoptr(GcVmcoreinfoText) text = text_with(line);
        int64_t number = 42;

        assert_true(gc_vmcoreinfo_text_get_number(text, "NUMBER", "phys_base",
                                                  &number));
        assert_int_equal(number, cases[i].number);
    }
}

static void test_what_is_not_wholly_a_number_is_none(void **state)
{
    static const char *const values[] = {
        "",
        " 1",
        "1 ",
        "1\r",
        "12x",
        "x",
        "0x",
        "0x-1",
        "--1",
        "1,000",
        "0x0x1",
        "0xfg",
        "1.5",
        "1e3",
        "-0x10",
        "a000000",
        "9223372036854775808",
        "0x10000000000000000",
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        g_autofree char *line =
            g_strdup_printf("NUMBER(phys_base)=%s", values[i]);
        g_autoptr(GcVmcoreinfoText) text = text_with(line);
        int64_t number = 42;

        if (gc_vmcoreinfo_text_get_number(text, "NUMBER", "phys_base",
                                          &number)) {
            fail_msg("\"%s\" was taken for a number", values[i]);
        }
        assert_int_equal(number, 42);
    }
}

static void test_symbols_are_hexadecimal_without_0x(void **state)
{
    g_autoptr(GcVmcoreinfoText) text =
        text_with("SYMBOL(a)=ffffffff81000000\nSYMBOL(b)=0x10\nSYMBOL(c)=-1\n"
                  "SYMBOL(d)=\nSYMBOL(e)=1ffffffff81000000\nSYMBOL(f)=10");
    static const char *const bad[] = {"b", "c", "d", "e", "none"};
    uint64_t address = 42;

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        assert_false(gc_vmcoreinfo_text_get_symbol(text, bad[i], &address));
    }
    assert_int_equal(address, 42);
    assert_true(gc_vmcoreinfo_text_get_symbol(text, "a", &address));
    assert_true(address == UINT64_C(0xffffffff81000000));
    assert_true(gc_vmcoreinfo_text_get_symbol(text, "f", &address));
    assert_int_equal(address, 0x10);
}

static void test_the_first_of_several_wins(void **state)
{
    g_autoptr(GcVmcoreinfoText) text =
        text_with("NUMBER(phys_base)=1\nOSRELEASE=evil\nNUMBER(phys_base)=2");
    int64_t number;

    (void)state;
    assert_string_equal(gc_vmcoreinfo_text_get_string(text, "OSRELEASE"),
                        "6.1.0");
    assert_true(
        gc_vmcoreinfo_text_get_number(text, "NUMBER", "phys_base", &number));
    assert_int_equal(number, 1);
}

static void test_a_key_counts_only_at_the_start_of_a_line(void **state)
{
    g_autoptr(GcVmcoreinfoText) text = text_with(
        "XNUMBER(phys_base)=1\n NUMBER(phys_base)=2\n"
        "A=NUMBER(phys_base)=3\nNUMBER(phys_base)x=4\n"
        "NUMBER(phys_base2)=5\nNUMBER(phys_base)\nnumber(phys_base)=6\n"
        "OFFSET(phys_base)=7");
    int64_t number;

    (void)state;
    assert_false(
        gc_vmcoreinfo_text_get_number(text, "NUMBER", "phys_base", &number));
    assert_string_equal(gc_vmcoreinfo_text_get_string(text, "A"),
                        "NUMBER(phys_base)=3");
    assert_true(
        gc_vmcoreinfo_text_get_number(text, "OFFSET", "phys_base", &number));
    assert_int_equal(number, 7);
}

static void assert_no_kernel(const void *raw, size_t size)
{
    g_autoptr(GError) error = NULL;

    assert_null(gc_vmcoreinfo_text_new(raw, size, &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_FORMAT));
}

static void test_text_without_a_release_is_no_kernel(void **state)
{
    static const char *const texts[] = {
        "",
        "\n\n\n",
        "PAGESIZE=4096\n",
        "OSRELEASE\n",
        "XOSRELEASE=6.1.0",
        "osrelease=6.1.0\n",
        "A=1\n OSRELEASE=6.1.0\n",
        "OSRELEASE=\n",
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        assert_no_kernel(texts[i], strlen(texts[i]));
    }
    assert_no_kernel(NULL, 0);
}

static void test_text_ends_at_its_size_or_at_a_nul(void **state)
{
    static const char raw[] = "OSRELEASE=6.1.0\nA=1\0B=2\nC=3";
    g_autoptr(GcVmcoreinfoText) nul =
        gc_vmcoreinfo_text_new(raw, sizeof(raw) - 1, NULL);
    g_autoptr(GcVmcoreinfoText) cut = gc_vmcoreinfo_text_new(raw, 13, NULL);

    (void)state;
    assert_string_equal(gc_vmcoreinfo_text_get_raw(nul),
                        "OSRELEASE=6.1.0\nA=1");
    assert_string_equal(gc_vmcoreinfo_text_get_string(nul, "A"), "1");
    assert_null(gc_vmcoreinfo_text_get_string(nul, "C"));
    assert_string_equal(gc_vmcoreinfo_text_get_string(cut, "OSRELEASE"), "6.1");
    assert_no_kernel("\0OSRELEASE=6.1.0\n", 17);
}

/* Bytes that are not text must neither crash nor be read past their end. */
static void test_every_prefix_of_a_text_is_looked_at_safely(void **state)
{
    static const char raw[] =
        "OSRELEASE=6\nNUMBER(phys_base)=-0x1\n=\n==\n\xff\xfe=\x80\n()=";

    (void)state;
    for (size_t size = 0; size < sizeof(raw); size++) {
        g_autofree char *exact = g_memdup2(raw, size);
        g_autoptr(GcVmcoreinfoText) text =
            gc_vmcoreinfo_text_new(exact, size, NULL);

        assert_int_equal(text != NULL, size > strlen("OSRELEASE="));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_phys_base_is_a_signed_decimal_or_0x_number),
        cmocka_unit_test(test_what_is_not_wholly_a_number_is_none),
        cmocka_unit_test(test_symbols_are_hexadecimal_without_0x),
        cmocka_unit_test(test_the_first_of_several_wins),
        cmocka_unit_test(test_a_key_counts_only_at_the_start_of_a_line),
        cmocka_unit_test(test_text_without_a_release_is_no_kernel),
        cmocka_unit_test(test_text_ends_at_its_size_or_at_a_nul),
        cmocka_unit_test(test_every_prefix_of_a_text_is_looked_at_safely),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
