/* SPDX-License-Identifier: MIT */
/* The serial port's registers, as a driver and a hostile guest see them, and
 * what comes out of it. */
#include <glib/gstdio.h>
#include <unistd.h>

#include "tests/lib/qtest_client.h"
#include "tests/unit/cmocka_all.h"

#define PORT 0x3f8

enum { DATA, IER, IIR, LCR, MCR, LSR, MSR, SCR };
#define FCR IIR

static uint8_t in(QtestClient *client, unsigned offset)
{
    return (uint8_t)qtest_in(client, 'b', PORT + offset);
}

static void out(QtestClient *client, unsigned offset, uint8_t value)
{
    qtest_out(client, 'b', PORT + offset, value);
}

static void test_state_after_reset(void **state)
{
    static const uint8_t values[] = {0, 0, 0x01, 0, 0x08, 0x60, 0xb0, 0};
    g_autoptr(QtestClient) client = qtest_client_new("x86_64", "-serial null");

    (void)state;
    for (unsigned i = 0; i < G_N_ELEMENTS(values); i++) {
        assert_int_equal(in(client, i), values[i]);
    }
    out(client, LCR, 0x80);
    assert_int_equal(in(client, DATA), 12);
    assert_int_equal(in(client, IER), 0);
}

/* Which bits of each register stay. */
static void test_what_is_written_is_read(void **state)
{
    static const struct {
        unsigned offset;
        uint8_t mask;
    } cases[] = {{IER, 0x0f}, {LCR, 0xff}, {MCR, 0x1f}, {SCR, 0xff}};
    g_autoptr(QtestClient) client = qtest_client_new("x86_64", "-serial null");

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        for (unsigned value = 0; value < 0x100; value += 0x11) {
            out(client, LCR, 0);
            out(client, cases[i].offset, (uint8_t)value);
            assert_int_equal(in(client, cases[i].offset),
                             value & cases[i].mask);
        }
    }
}

static void test_interrupts_in_their_order(void **state)
{
    g_autoptr(QtestClient) client = qtest_client_new("x86_64", "-serial null");

    (void)state;
    out(client, MCR, 0x10);
    out(client, IER, 0x07);
    assert_int_equal(in(client, IIR), 0x02);
    assert_int_equal(in(client, IIR), 0x01); /* having been asked */
    out(client, DATA, 'a');
    assert_int_equal(in(client, IIR), 0x04);
    out(client, DATA, 'b'); /* before the first one was read */
    assert_int_equal(in(client, IIR), 0x06);
    assert_int_equal(in(client, LSR) & 0x03, 0x03);
    assert_int_equal(in(client, IIR), 0x04);
    in(client, DATA);
    assert_int_equal(in(client, IIR), 0x02);
    assert_int_equal(in(client, LSR), 0x60);
}

static void test_modem_lines_in_loopback(void **state)
{
    static const uint8_t values[][2] = {
        {0x10, 0x00}, {0x11, 0x20}, {0x12, 0x10}, {0x14, 0x40}, {0x18, 0x80}};
    g_autoptr(QtestClient) client = qtest_client_new("x86_64", "-serial null");

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        out(client, MCR, values[i][0]);
        assert_int_equal(in(client, MSR), values[i][1]);
    }
}

static void test_a_fifo_of_16_bytes(void **state)
{
    g_autoptr(QtestClient) client = qtest_client_new("x86_64", "-serial null");

    (void)state;
    out(client, FCR, 0xc1);
    assert_int_equal(in(client, IIR), 0xc1);
    out(client, MCR, 0x10);
    for (unsigned i = 0; i < 13; i++) {
        out(client, DATA, (uint8_t)('a' + i));
    }
    assert_int_equal(in(client, LSR), 0x61);
    out(client, DATA, 'a' + 13); /* reaches the trigger */
    out(client, IER, 0x01);
    assert_int_equal(in(client, IIR), 0xc4);
    for (unsigned i = 14; i < 17; i++) {
        out(client, DATA, (uint8_t)('a' + i));
    }
    assert_int_equal(in(client, LSR) & 0x02, 0x02); /* one too many */
    for (unsigned i = 0; i < 16; i++) {
        assert_int_equal(in(client, DATA), 'a' + i);
    }
    assert_int_equal(in(client, LSR), 0x60);
}

static void test_what_is_sent_comes_out(void **state)
{
    g_autofree char *path =
        g_build_filename(g_get_tmp_dir(), "serialXXXXXX", NULL);
    int fd = g_mkstemp(path);
    g_autofree char *args = g_strdup_printf("-serial file:%s", path);
    QtestClient *client = qtest_client_new("x86_64", args);
    g_autofree char *text = NULL;

    (void)state;
    for (const char *c = "Hello!\n"; *c != '\0'; c++) {
        while ((in(client, LSR) & 0x20) == 0) {
        }
        out(client, DATA, (uint8_t)*c);
    }
    qtest_client_free(client);
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    assert_string_equal(text, "Hello!\n");
    close(fd);
    g_unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_state_after_reset),
        cmocka_unit_test(test_what_is_written_is_read),
        cmocka_unit_test(test_interrupts_in_their_order),
        cmocka_unit_test(test_modem_lines_in_loopback),
        cmocka_unit_test(test_a_fifo_of_16_bytes),
        cmocka_unit_test(test_what_is_sent_comes_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
