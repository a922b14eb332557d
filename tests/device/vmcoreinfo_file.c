/* SPDX-License-Identifier: MIT */
/* etc/vmcoreinfo as a guest sees it.  Whether the host took the note is
 * asked over QMP elsewhere. */
#include "tests/device/device_test.h"

FwCfgTransport transport;

/* What Linux writes: host format 0, ELF, 4132 bytes. */
static const uint8_t linux_bytes[16] = {0, 0, 1, 0,    0x24, 0x10,
                                        0, 0, 0, 0x60, 0x4e, 0x1f};

static uint32_t write_file(FwCfgClient *client, uint32_t offset,
                           const void *bytes, uint32_t len)
{
    uint32_t key = require_file(client, "etc/vmcoreinfo", 16);
    uint64_t buffer = client->ram + 0x1000;

    fwcfg_dma(client, key << 16 | FWCFG_SELECT | FWCFG_SKIP, offset, 0);
    qtest_set_memory(client->qtest, buffer, bytes, len);
    return fwcfg_dma(client, FWCFG_WRITE, len, buffer);
}

static void expect_file(FwCfgClient *client, const uint8_t *bytes,
                        uint8_t host_format)
{
    uint8_t expected[16];

    memcpy(expected, bytes, sizeof(expected));
    expected[0] = host_format;
    expect_item(client, require_file(client, "etc/vmcoreinfo", 16), expected,
                sizeof(expected));
}

static void test_first_content(void **state)
{
    static const uint8_t first[16] = {1};
    g_autoptr(FwCfgClient) client =
        fwcfg_client_new(transport, "-device vmcoreinfo");

    (void)state;
    expect_file(client, first, 1);
}

static void test_what_linux_writes(void **state)
{
    g_autoptr(FwCfgClient) client =
        fwcfg_client_new(transport, "-device vmcoreinfo");

    (void)state;
    assert_int_equal(write_file(client, 0, linux_bytes, 16), 0);
    expect_file(client, linux_bytes, differs(DIFFERENCE_HOST_FORMAT) ? 0 : 1);
}

static void test_parts_can_be_written(void **state)
{
    uint8_t expected[16];
    g_autoptr(FwCfgClient) client =
        fwcfg_client_new(transport, "-device vmcoreinfo");

    (void)state;
    memcpy(expected, linux_bytes, sizeof(expected));
    assert_int_equal(write_file(client, 2, linux_bytes + 2, 14), 0);
    expect_file(client, expected, 1);
    expected[15] = 7;
    assert_int_equal(write_file(client, 15, expected + 15, 1), 0);
    expect_file(client, expected, 1);
    assert_int_equal(write_file(client, 15, "12", 2), FWCFG_ERROR);
    expect_file(client, expected, 1);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_content),
        cmocka_unit_test(test_what_linux_writes),
        cmocka_unit_test(test_parts_can_be_written),
    };

    transport = fwcfg_parse_transport(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
