/* SPDX-License-Identifier: MIT */
/* The items that a machine's fw_cfg device has, whichever way they are read. */
#include "tests/device/device_test.h"

FwCfgTransport transport;

static void test_signature_and_features(void **state)
{
    g_autoptr(FwCfgClient) client = fwcfg_client_new(transport, "");

    (void)state;
    expect_item(client, FWCFG_SIGNATURE, "QEMU\0\0\0\0\0\0\0\0", 12);
    expect_item(client, FWCFG_ID, "\3\0\0\0\0\0", 6);
}

static void test_an_item_can_be_read_in_parts(void **state)
{
    g_autoptr(FwCfgClient) client = fwcfg_client_new(
        transport, "-fw_cfg name=opt/x,string=0123456789abcdef");
    uint16_t key = require_file(client, "opt/x", 16);

    (void)state;
    fwcfg_select(client, key);
    expect_next(client, "0", 1);
    expect_next(client, "12", 2);
    expect_next(client, "3456789", 7);
    expect_next(client, "abcdef\0\0\0", 9);
    expect_next(client, "\0\0\0\0\0\0\0\0\0", 9);
    expect_item(client, key, "0123", 4);
}

static void test_keys_without_an_item_read_zeros(void **state)
{
    static const uint16_t keys[] = {0x0018, 0x0040, 0x3fff, 0x7fff,
                                    0x8005, 0x8040, 0xbfff, 0xffff};
    g_autoptr(FwCfgClient) client = fwcfg_client_new(transport, "");

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        expect_item(client, keys[i], "\0\0\0\0\0\0\0\0", 8);
    }
}

static void test_bit_14_is_ignored(void **state)
{
    g_autoptr(FwCfgClient) client = fwcfg_client_new(transport, "");

    (void)state;
    expect_item(client, 0x4000, "QEMU", 4);
    expect_item(client, 0x4001, "\3", 1);
}

static void test_items_of_the_command_line(void **state)
{
    static const uint8_t uuid[] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55,
                                   0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb,
                                   0xcc, 0xdd, 0xee, 0xff};
    g_autoptr(FwCfgClient) client = fwcfg_client_new(
        transport, "-smp 3,maxcpus=5 -nographic"
                   " -uuid 00112233-4455-6677-8899-aabbccddeeff"
                   " -boot menu=on,splash-time=300,reboot-timeout=500");

    (void)state;
    expect_item(client, 0x02, uuid, sizeof(uuid));
    assert_int_equal(fwcfg_read_uint(client, 0x04, 2), 1);
    assert_int_equal(fwcfg_read_uint(client, 0x05, 2), 3);
    assert_int_equal(fwcfg_read_uint(client, 0x0e, 2), 1);
    expect_item(client, require_file(client, "etc/boot-fail-wait", 4),
                "\xf4\1\0\0\0", 5);
    if (!client->is_mmio) {
        assert_int_equal(fwcfg_read_uint(client, 0x0f, 2), 5);
    }
    expect_item(client, require_file(client, "etc/boot-menu-wait", 2),
                "\x2c\1\0", 3);
}

static void test_items_without_a_command_line(void **state)
{
    g_autoptr(FwCfgClient) client = fwcfg_client_new(transport, "");
    uint32_t size;

    (void)state;
    expect_item(client, 0x02, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
    assert_int_equal(fwcfg_read_uint(client, 0x03, 8),
                     client->is_mmio ? 0 : 128 << 20);
    assert_int_equal(fwcfg_read_uint(client, 0x04, 2), 0);
    assert_int_equal(fwcfg_read_uint(client, 0x05, 2), 1);
    expect_item(client, 0x0d, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
    assert_int_equal(fwcfg_read_uint(client, 0x0e, 2), 0);
    assert_int_equal(fwcfg_read_uint(client, 0x0f, 2), client->is_mmio ? 0 : 1);
    expect_item(client, require_file(client, "etc/boot-fail-wait", 4),
                "\xff\xff\xff\xff\0", 5);
    assert_int_equal(fwcfg_find_file(client, "etc/boot-menu-wait", &size), 0);
    assert_int_equal(fwcfg_find_file(client, "etc/vmcoreinfo", &size), 0);
}

/* The RAM that e820 lists; QEMU has reserved ranges among it. */
static void test_e820_lists_the_ram(void **state)
{
    g_autoptr(FwCfgClient) client = fwcfg_client_new(transport, "");
    uint8_t entry[20];
    uint32_t size = 0;
    uint16_t key;
    uint64_t sum = 0;

    (void)state;
    key = fwcfg_find_file(client, "etc/e820", &size);
    if (client->is_mmio) {
        assert_int_equal(key, 0);
        return;
    }
    assert_int_not_equal(key, 0);
    assert_int_equal(size % sizeof(entry), 0);
    fwcfg_select(client, key);
    for (; size > 0; size -= sizeof(entry)) {
        uint64_t length;

        fwcfg_read(client, entry, sizeof(entry));
        memcpy(&length, entry + 8, sizeof(length));
        sum += entry[16] == 1 ? GUINT64_FROM_LE(length) : 0;
    }
    assert_int_equal(sum, 128 << 20);
}

static uint32_t get_be32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
}

static void test_directory(void **state)
{
    enum { SLOTS = 32, SIZE = 4 + 64 * SLOTS };
    g_autoptr(FwCfgClient) client = fwcfg_client_new(
        transport, "-device vmcoreinfo -fw_cfg name=opt/zz,string=z"
                   " -fw_cfg name=opt/a,string=aa -fw_cfg name=opt/b,string=b");
    g_autofree uint8_t *directory = g_malloc(SIZE);
    const char *previous = "";
    uint32_t n;

    (void)state;
    fwcfg_read_item(client, FWCFG_FILE_DIR, directory, SIZE);
    n = get_be32(directory);
    assert_in_range(n, 5, SLOTS);
    for (uint32_t i = 0; i < n; i++) {
        const uint8_t *entry = directory + 4 + 64 * (size_t)i;
        const char *name = (const char *)entry + 8;

        assert_true(strcmp(previous, name) < 0);
        assert_int_equal(get_be32(entry + 4), (0x20 + i) << 16);
        previous = name;
    }
    for (size_t i = 4 + 64 * (size_t)n; i < SIZE; i++) {
        assert_int_equal(directory[i], 0);
    }
    require_file(client, "opt/a", 2);
    require_file(client, "opt/zz", 1);
    require_file(client, "etc/vmcoreinfo", 16);
}

static void test_a_name_of_55_bytes(void **state)
{
    g_autofree char *name = g_strnfill(51, 'n');
    g_autofree char *full = g_strdup_printf("opt/%s", name);
    g_autofree char *args =
        g_strdup_printf("-fw_cfg name=%s,string=long", full);
    g_autoptr(FwCfgClient) client = fwcfg_client_new(transport, args);

    (void)state;
    expect_item(client, require_file(client, full, 4), "long", 4);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signature_and_features),
        cmocka_unit_test(test_an_item_can_be_read_in_parts),
        cmocka_unit_test(test_keys_without_an_item_read_zeros),
        cmocka_unit_test(test_bit_14_is_ignored),
        cmocka_unit_test(test_items_of_the_command_line),
        cmocka_unit_test(test_items_without_a_command_line),
        cmocka_unit_test(test_e820_lists_the_ram),
        cmocka_unit_test(test_directory),
        cmocka_unit_test(test_a_name_of_55_bytes),
    };

    transport = fwcfg_parse_transport(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
