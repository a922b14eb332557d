/* SPDX-License-Identifier: MIT */
/* DMA: priorities, results, what a failed transfer leaves behind. */
#include "tests/device/device_test.h"

#define ARGS "-device vmcoreinfo -fw_cfg name=opt/x,string=0123456789abcdef"

FwCfgTransport transport;

/* A machine with the 16 bytes of opt/x and of etc/vmcoreinfo. */
typedef struct Guest {
    FwCfgClient *client;
    uint32_t select_text;
    uint32_t select_info;
    uint64_t buffer;
} Guest;

static Guest guest_new(void)
{
    Guest guest = {.client = fwcfg_client_new(transport, ARGS)};

    guest.select_text =
        (uint32_t)require_file(guest.client, "opt/x", 16) << 16 | FWCFG_SELECT;
    guest.select_info =
        (uint32_t)require_file(guest.client, "etc/vmcoreinfo", 16) << 16 |
        FWCFG_SELECT;
    guest.buffer = guest.client->ram + 0x1000;
    return guest;
}

static void guest_clear(Guest *guest)
{
    fwcfg_client_free(guest->client);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Guest, guest_clear)

static void expect_buffer(Guest *guest, const void *bytes, size_t len)
{
    uint8_t buf[64];

    qtest_get_memory(guest->client->qtest, guest->buffer, buf, len);
    assert_memory_equal(buf, bytes, len);
}

static void set_buffer(Guest *guest, const void *bytes, size_t len)
{
    qtest_set_memory(guest->client->qtest, guest->buffer, bytes, len);
}

static void expect_control(Guest *guest, uint32_t control, uint32_t length,
                           uint64_t address, uint32_t result)
{
    assert_int_equal(fwcfg_dma(guest->client, control, length, address),
                     result);
}

static void test_read_past_the_end(void **state)
{
    g_auto(Guest) guest = guest_new();

    (void)state;
    set_buffer(&guest, "********************", 20);
    expect_control(&guest, guest.select_text | FWCFG_READ, 18, guest.buffer, 0);
    expect_buffer(&guest, "0123456789abcdef\0\0**", 20);
    expect_control(&guest, FWCFG_READ, 4, guest.buffer, 0);
    expect_buffer(&guest,
                  "\0\0\0\0"
                  "4567",
                  8);
}

static void test_priorities(void **state)
{
    g_auto(Guest) guest = guest_new();

    (void)state;
    set_buffer(&guest, "********", 8);
    expect_control(&guest,
                   guest.select_info | FWCFG_READ | FWCFG_WRITE | FWCFG_SKIP, 4,
                   guest.buffer, 0);
    expect_buffer(&guest, "\1\0\0\0****", 8);
    set_buffer(&guest, "\1\2\3\4", 4);
    expect_control(&guest, FWCFG_WRITE | FWCFG_SKIP, 4, guest.buffer, 0);
    expect_item(guest.client, (uint16_t)(guest.select_info >> 16),
                "\1\0\0\0\1\2\3\4\0", 9);
    expect_control(&guest, guest.select_text | FWCFG_SKIP, 3, 0, 0);
    expect_control(&guest, FWCFG_SKIP, 4, UINT64_MAX, 0);
    expect_next(guest.client, "789", 3);
    expect_control(&guest, FWCFG_SKIP, UINT32_MAX, 0, 0);
    expect_next(guest.client, "\0", 1);
}

static void test_nothing_to_do_succeeds(void **state)
{
    g_auto(Guest) guest = guest_new();

    (void)state;
    expect_control(&guest, 0, UINT32_MAX, UINT64_MAX, 0);
    expect_control(&guest, guest.select_text, UINT32_MAX, UINT64_MAX, 0);
    expect_next(guest.client, "01", 2);
    expect_control(&guest, FWCFG_READ, 0, UINT64_MAX, 0);
    expect_control(&guest, FWCFG_WRITE, 0, UINT64_MAX, 0);
    expect_next(guest.client, "2", 1);
    expect_control(&guest, guest.select_text | FWCFG_WRITE, 0, 0, 0);
    expect_next(guest.client, "0", 1);
}

static void test_unknown_and_error_bits_are_ignored(void **state)
{
    g_auto(Guest) guest = guest_new();

    (void)state;
    expect_control(&guest,
                   guest.select_text | FWCFG_READ | FWCFG_ERROR | 0xffe0, 4,
                   guest.buffer, 0);
    expect_buffer(&guest, "0123", 4);
}

static void test_the_descriptor_keeps_the_rest(void **state)
{
    g_auto(Guest) guest = guest_new();
    uint8_t bytes[16];

    (void)state;
    expect_control(&guest, FWCFG_SKIP, 0x01020304, UINT64_C(0x1122334455667788),
                   0);
    qtest_get_memory(guest.client->qtest, fwcfg_get_descriptor(guest.client),
                     bytes, sizeof(bytes));
    assert_memory_equal(bytes,
                        "\0\0\0\0\1\2\3\4\x11\x22\x33\x44\x55\x66\x77\x88", 16);
}

static void test_invalid_keys(void **state)
{
    static const uint32_t keys[] = {0xffff, 0x3fff, 0x0018, 0x8040};
    g_auto(Guest) guest = guest_new();

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        uint32_t select = keys[i] << 16 | FWCFG_SELECT;

        set_buffer(&guest, "****", 4);
        expect_control(&guest, select | FWCFG_READ, 4, guest.buffer, 0);
        expect_buffer(&guest, "\0\0\0\0", 4);
        expect_control(&guest, select | FWCFG_SKIP, 4, guest.buffer, 0);
        expect_control(&guest, select | FWCFG_WRITE, 4, guest.buffer,
                       FWCFG_ERROR);
    }
}

/* The text is selected and "01" is read; then comes the transfer. */
static void fail_at_2(Guest *guest, uint32_t control, uint32_t length,
                      uint64_t address)
{
    fwcfg_select(guest->client, (uint16_t)(guest->select_text >> 16));
    expect_next(guest->client, "01", 2);
    expect_control(guest, control, length, address, FWCFG_ERROR);
}

static void test_write_of_what_cannot_be_written(void **state)
{
    g_auto(Guest) guest = guest_new();

    (void)state;
    fail_at_2(&guest, FWCFG_WRITE, 4, guest.buffer);
    expect_next(guest.client, differs(DIFFERENCE_FAILED_POSITION) ? "67" : "23",
                2);
    expect_item(guest.client, (uint16_t)(guest.select_text >> 16),
                "0123456789abcdef", 16);
}

static void test_write_of_too_much(void **state)
{
    g_auto(Guest) guest = guest_new();

    (void)state;
    set_buffer(&guest, "*****************", 17);
    fail_at_2(&guest, guest.select_info | FWCFG_WRITE, 17, guest.buffer);
    expect_next(guest.client, differs(DIFFERENCE_FAILED_SELECT) ? "\0\0" : "23",
                2);
    expect_item(guest.client, (uint16_t)(guest.select_info >> 16),
                "\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
}

static void test_write_from_nowhere(void **state)
{
    static const uint8_t given[16] = {1, 0, 1, 0, 5, 6, 7, 8};
    static const uint8_t zeros[16] = {0};
    g_auto(Guest) guest = guest_new();

    (void)state;
    set_buffer(&guest, given, sizeof(given));
    expect_control(&guest, guest.select_info | FWCFG_WRITE, 16, guest.buffer,
                   0);
    fail_at_2(&guest, guest.select_info | FWCFG_WRITE, 16,
              guest.client->ram_end);
    expect_next(guest.client, differs(DIFFERENCE_FAILED_SELECT) ? "\0\0" : "23",
                2);
    expect_item(guest.client, (uint16_t)(guest.select_info >> 16),
                differs(DIFFERENCE_FAILED_WRITE_CONTENT) ? zeros : given, 16);
}

static void test_read_to_nowhere(void **state)
{
    g_auto(Guest) guest = guest_new();

    (void)state;
    fail_at_2(&guest, FWCFG_READ, 4, guest.client->ram_end);
    expect_next(guest.client, differs(DIFFERENCE_FAILED_POSITION) ? "67" : "23",
                2);
    fail_at_2(&guest, guest.select_info | FWCFG_READ, 16,
              guest.client->ram_end);
    expect_next(guest.client, differs(DIFFERENCE_FAILED_SELECT) ? "\0\0" : "23",
                2);
}

static void test_read_over_the_end_of_memory(void **state)
{
    g_auto(Guest) guest = guest_new();

    (void)state;
    guest.buffer = guest.client->ram_end - 4;
    set_buffer(&guest, "****", 4);
    fail_at_2(&guest, guest.select_text | FWCFG_READ, 8, guest.buffer);
    expect_buffer(&guest,
                  differs(DIFFERENCE_FAILED_READ_MEMORY) ? "0123" : "****", 4);
}

/* DMA to the selector of the window itself. */
static void test_dma_into_its_own_window(void **state)
{
    g_auto(Guest) guest = guest_new();

    (void)state;
    if (!guest.client->is_mmio) {
        return; /* the registers do not lie in memory */
    }
    expect_control(&guest, guest.select_text, 0, 0, 0);
    expect_control(&guest, FWCFG_READ, 2, UINT64_C(0x09020008), FWCFG_ERROR);
}

static void test_descriptor_nowhere(void **state)
{
    static const uint64_t nowhere[] = {UINT64_MAX, UINT64_MAX - 15,
                                       UINT64_C(1) << 60};
    g_auto(Guest) guest = guest_new();

    (void)state;
    fwcfg_select(guest.client, (uint16_t)(guest.select_text >> 16));
    for (size_t i = 0; i < G_N_ELEMENTS(nowhere); i++) {
        fwcfg_start(guest.client, nowhere[i]);
    }
    fwcfg_start(guest.client, guest.client->ram_end);
    expect_next(guest.client, "01", 2);
}

static void test_descriptor_cut_by_the_end_of_memory(void **state)
{
    g_auto(Guest) guest = guest_new();
    uint64_t at = guest.client->ram_end - 8;

    (void)state;
    qtest_set_memory(guest.client->qtest, at, "\0\0\0\4\0\0\0\1", 8);
    fwcfg_start(guest.client, at);
    assert_int_equal(fwcfg_get_control(guest.client, at), FWCFG_ERROR);
}

static void test_unaligned_descriptor(void **state)
{
    g_auto(Guest) guest = guest_new();
    uint64_t at = guest.client->ram + 0x301;

    (void)state;
    fwcfg_describe(guest.client, at, guest.select_text | FWCFG_READ, 4,
                   guest.buffer + 1);
    fwcfg_start(guest.client, at);
    assert_int_equal(fwcfg_get_control(guest.client, at), 0);
    guest.buffer++;
    expect_buffer(&guest, "0123", 4);
}

static void test_data_over_the_descriptor(void **state)
{
    g_auto(Guest) guest = guest_new();
    uint64_t at = fwcfg_get_descriptor(guest.client);
    uint8_t bytes[16];

    (void)state;
    expect_control(&guest, guest.select_text | FWCFG_READ, 16, at, 0);
    qtest_get_memory(guest.client->qtest, at, bytes, sizeof(bytes));
    assert_memory_equal(bytes,
                        "\0\0\0\0"
                        "456789abcdef",
                        16);
}

/* The two halves of the address, as a guest of 32 bits writes them. */
static void write_half(Guest *guest, unsigned offset, uint64_t half)
{
    uint32_t value = GUINT32_SWAP_LE_BE((uint32_t)half);

    if (guest->client->is_mmio) {
        qtest_write(guest->client->qtest, 'l', UINT64_C(0x09020010) + offset,
                    value);
    } else {
        qtest_out(guest->client->qtest, 'l', 0x514 + offset, value);
    }
}

static void test_halves_and_latch(void **state)
{
    g_auto(Guest) guest = guest_new();
    uint64_t at = fwcfg_get_descriptor(guest.client);

    (void)state;
    /* the low half alone starts */
    fwcfg_describe(guest.client, at, FWCFG_SKIP, 1, 0);
    write_half(&guest, 4, at);
    assert_int_equal(fwcfg_get_control(guest.client, at), 0);
    /* a high half that comes after it is for the next one, which is thus
     * somewhere else; then the latch is clear again */
    write_half(&guest, 0, 1);
    fwcfg_describe(guest.client, at, FWCFG_SKIP, 1, 0);
    write_half(&guest, 4, at);
    assert_int_equal(fwcfg_get_control(guest.client, at), FWCFG_SKIP);
    write_half(&guest, 4, at);
    assert_int_equal(fwcfg_get_control(guest.client, at), 0);
    /* the last high half counts */
    write_half(&guest, 0, 1);
    write_half(&guest, 0, 0);
    fwcfg_describe(guest.client, at, FWCFG_SKIP, 1, 0);
    write_half(&guest, 4, at);
    assert_int_equal(fwcfg_get_control(guest.client, at), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_past_the_end),
        cmocka_unit_test(test_priorities),
        cmocka_unit_test(test_nothing_to_do_succeeds),
        cmocka_unit_test(test_unknown_and_error_bits_are_ignored),
        cmocka_unit_test(test_the_descriptor_keeps_the_rest),
        cmocka_unit_test(test_invalid_keys),
        cmocka_unit_test(test_write_of_what_cannot_be_written),
        cmocka_unit_test(test_write_of_too_much),
        cmocka_unit_test(test_write_from_nowhere),
        cmocka_unit_test(test_read_to_nowhere),
        cmocka_unit_test(test_read_over_the_end_of_memory),
        cmocka_unit_test(test_dma_into_its_own_window),
        cmocka_unit_test(test_descriptor_nowhere),
        cmocka_unit_test(test_descriptor_cut_by_the_end_of_memory),
        cmocka_unit_test(test_unaligned_descriptor),
        cmocka_unit_test(test_data_over_the_descriptor),
        cmocka_unit_test(test_halves_and_latch),
    };

    transport = fwcfg_parse_transport(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
