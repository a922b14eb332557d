/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "hw/aml_writer.h"
#include "tests/unit/cmocka_all.h"

static void assert_code(const GcAml *aml, const void *bytes, size_t size)
{
    g_autoptr(GBytes) code = gc_aml_finish(aml);

    assert_int_equal(g_bytes_get_size(code), size);
    assert_memory_equal(g_bytes_get_data(code, NULL), bytes, size);
}

/* The device as iasl and QEMU have it. */
static void test_a_device_with_ports(void **state)
{
    static const char bytes[] = "\x5b\x82\x2e"
                                "FWCF"
                                "\x08_HID\x0dQEMU0002\0"
                                "\x08_STA\x0a\x0b"
                                "\x08_CRS\x11\x0d\x0a\x0a"
                                "\x47\x01\x10\x05\x10\x05\x01\x0c\x79";
    g_autoptr(GcAml) aml = gc_aml_new();

    (void)state;
    gc_aml_begin_device(aml, "FWCF");
    gc_aml_add_string(aml, "_HID", "QEMU0002");
    gc_aml_add_integer(aml, "_STA", 0x0b);
    gc_aml_begin_resources(aml);
    gc_aml_add_ports(aml, 0x510, 12);
    gc_aml_end(aml);
    gc_aml_end(aml);
    assert_code(aml, bytes, sizeof(bytes)); /* ends with a 0 */
}

static void test_a_device_with_an_interrupt(void **state)
{
    static const uint8_t bytes[] = {
        0x10, 0x41, 0x04, 0x5c, 0x5f, 0x53, 0x42, 0x5f, /* Scope (\_SB) */
        0x5b, 0x82, 0x38, 0x43, 0x4f, 0x4d, 0x31,       /* Device (COM1) */
        0x08, 0x5f, 0x48, 0x49, 0x44, 0x0c, 0x41, 0xd0, 0x05, 0x01, /* _HID */
        0x08, 0x5f, 0x55, 0x49, 0x44, 0x01,                         /* _UID */
        0x08, 0x5f, 0x53, 0x54, 0x41, 0x0a, 0x0f,                   /* _STA */
        0x08, 0x5f, 0x43, 0x52, 0x53, 0x11, 0x16, 0x0a, 0x13,       /* _CRS */
        0x47, 0x01, 0xf8, 0x03, 0xf8, 0x03, 0x01, 0x08,             /* IO */
        0x89, 0x06, 0x00, 0x03, 0x01, 0x04, 0x00, 0x00, 0x00,       /* IRQ */
        0x79, 0x00};
    g_autoptr(GcAml) aml = gc_aml_new();

    (void)state;
    gc_aml_begin_scope(aml, "\\_SB_");
    gc_aml_begin_device(aml, "COM1");
    gc_aml_add_eisa_id(aml, "_HID", "PNP0501");
    gc_aml_add_integer(aml, "_UID", 1);
    gc_aml_add_integer(aml, "_STA", 0x0f);
    gc_aml_begin_resources(aml);
    gc_aml_add_ports(aml, 0x3f8, 8);
    gc_aml_add_interrupt(aml, 4);
    gc_aml_end(aml);
    gc_aml_end(aml);
    gc_aml_end(aml);
    assert_code(aml, bytes, sizeof(bytes));
}

/* As iasl makes it of
 *   Method (_EVT, 1) { If (Arg0 == 16) { Notify (PWRB, 0x80) } }
 *   Method (MAX_, 7) { If (Arg6 == One) { Notify (\DEV0, 0x100) } } */
static void test_methods_that_notify(void **state)
{
    static const char bytes[] = "\x14\x13_EVT\x01"
                                "\xa0\x0c\x93\x68\x0a\x10"
                                "\x86PWRB\x0a\x80"
                                "\x14\x14MAX_\x07"
                                "\xa0\x0d\x93\x6e\x01"
                                "\x86\\DEV0\x0b\x00\x01";
    g_autoptr(GcAml) aml = gc_aml_new();

    (void)state;
    gc_aml_begin_method(aml, "_EVT", 1);
    gc_aml_begin_if_argument(aml, 0, 16);
    gc_aml_add_notify(aml, "PWRB", 0x80);
    gc_aml_end(aml);
    gc_aml_end(aml);
    gc_aml_begin_method(aml, "MAX_", 7);
    gc_aml_begin_if_argument(aml, 6, 1);
    gc_aml_add_notify(aml, "\\DEV0", 0x100);
    gc_aml_end(aml);
    gc_aml_end(aml);
    assert_code(aml, bytes, sizeof(bytes) - 1);
}

static void test_integers_take_what_they_need(void **state)
{
    static const char bytes[] = "\x08"
                                "AAAA\x00"
                                "\x08"
                                "BBBB\x01"
                                "\x08"
                                "CCCC\x0a\xff"
                                "\x08"
                                "DDDD\x0b\x00\x01"
                                "\x08"
                                "EEEE\x0c\x00\x00\x01\x00"
                                "\x08\\_S5_\x12\x06\x03\x0a\x05\x00\x01";
    static const uint32_t values[] = {5, 0, 1};
    g_autoptr(GcAml) aml = gc_aml_new();

    (void)state;
    gc_aml_add_integer(aml, "AAAA", 0);
    gc_aml_add_integer(aml, "BBBB", 1);
    gc_aml_add_integer(aml, "CCCC", 0xff);
    gc_aml_add_integer(aml, "DDDD", 0x100);
    gc_aml_add_integer(aml, "EEEE", 0x10000);
    gc_aml_add_package(aml, "\\_S5_", values, G_N_ELEMENTS(values));
    assert_code(aml, bytes, sizeof(bytes) - 1);
}

/* Lengths on both sides of what one byte and two can say. */
static void test_lengths_count_themselves(void **state)
{
    static const struct {
        size_t text; /* makes 4 + 5 + 1 + 1 bytes more */
        const char *length;
    } cases[] = {
        {51, "\x3f"},
        {52, "\x41\x04"},
        {4095 - 2 - 11, "\x4f\xff"},
        {4096 - 2 - 11, "\x81\x00\x01"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strnfill(cases[i].text, 'x');
        g_autoptr(GcAml) aml = gc_aml_new();
        g_autoptr(GBytes) code = NULL;
        const uint8_t *data;

        gc_aml_begin_scope(aml, "_SB_");
        gc_aml_add_string(aml, "NAME", text);
        gc_aml_end(aml);
        code = gc_aml_finish(aml);
        data = g_bytes_get_data(code, NULL);
        assert_int_equal(data[0], 0x10);
        assert_memory_equal(data + 1, cases[i].length,
                            strlen(cases[i].length) == 1 ? 1 : 2);
        assert_int_equal(g_bytes_get_size(code), 1 +
                                                     (i == 0   ? 1
                                                      : i == 3 ? 3
                                                               : 2) +
                                                     11 + cases[i].text);
    }
}

static void test_what_is_open_is_freed(void **state)
{
    GcAml *aml = gc_aml_new();

    (void)state;
    gc_aml_begin_scope(aml, "_SB_");
    gc_aml_begin_device(aml, "DEV0");
    gc_aml_begin_resources(aml);
    gc_aml_free(aml);
    gc_aml_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_device_with_ports),
        cmocka_unit_test(test_a_device_with_an_interrupt),
        cmocka_unit_test(test_methods_that_notify),
        cmocka_unit_test(test_integers_take_what_they_need),
        cmocka_unit_test(test_lengths_count_themselves),
        cmocka_unit_test(test_what_is_open_is_freed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
