/* SPDX-License-Identifier: MIT */
/* The port of the pvpanic device, and the file that says where it is.  What
 * the host does when the guest has panicked is asked over QMP elsewhere. */
#include "tests/device/device_test.h"

FwCfgTransport transport;

#define PORT 0x505

static FwCfgClient *start(void)
{
    return fwcfg_client_new(transport, "-device pvpanic -action panic=none");
}

static void test_file_says_where_the_port_is(void **state)
{
    static const uint8_t port[] = {0x05, 0x05};
    g_autoptr(FwCfgClient) client = start();

    (void)state;
    expect_item(client, require_file(client, "etc/pvpanic-port", 2), port, 2);
}

static void test_port_reads_as_the_events_there_are(void **state)
{
    g_autoptr(FwCfgClient) client = start();

    (void)state;
    assert_int_equal(qtest_in(client->qtest, 'b', PORT), 0x03);
    assert_int_equal(qtest_in(client->qtest, 'w', PORT), 0x0303);
    assert_int_equal(qtest_in(client->qtest, 'l', PORT), 0x03030303);
    assert_int_equal(qtest_in(client->qtest, 'b', PORT - 1), 0xff);
    assert_int_equal(qtest_in(client->qtest, 'b', PORT + 1), 0xff);
}

/* Whatever is written, of whatever width: the machine lives, and reads as
 * before. */
static void test_port_takes_any_value(void **state)
{
    static const char widths[] = {'b', 'w', 'l'};
    g_autoptr(FwCfgClient) client = start();

    (void)state;
    for (uint64_t value = 0; value < 256; value++) {
        for (size_t i = 0; i < sizeof(widths); i++) {
            qtest_out(client->qtest, widths[i], PORT, value * 0x01010101);
        }
    }
    assert_int_equal(qtest_in(client->qtest, 'b', PORT), 0x03);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file_says_where_the_port_is),
        cmocka_unit_test(test_port_reads_as_the_events_there_are),
        cmocka_unit_test(test_port_takes_any_value),
    };

    transport = fwcfg_parse_transport(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
