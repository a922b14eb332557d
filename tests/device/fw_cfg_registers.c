/* SPDX-License-Identifier: MIT */
/* Every access of every width at every offset of the two windows. */
#include "tests/device/device_test.h"

#define PORT 0x510
#define WINDOW UINT64_C(0x09020000)

FwCfgTransport transport;

typedef struct Width {
    char name;
    unsigned size;
} Width;

static const Width widths[] = {{'b', 1}, {'w', 2}, {'l', 4}, {'q', 8}};

/* What a register reads as, one naturally aligned access of it; -1: takes
 * from the item. */
static int peek_port(unsigned offset, unsigned size, unsigned i)
{
    if (offset < 2) {
        return size == 1 ? -1 : 0;
    }
    return offset >= 4 && offset < 12 ? "QEMU CFG"[offset - 4 + i] : 0xff;
}

static int peek_window(unsigned offset, unsigned size, unsigned i)
{
    (void)size;
    if (offset == 0) {
        return -1;
    }
    return offset >= 16 && offset < 24 ? "QEMU CFG"[offset - 16 + i] : 0;
}

/* What an access must read, cut into aligned ones of at most @max bytes,
 * while the signature is selected. */
static uint64_t compute_value(int (*peek)(unsigned, unsigned, unsigned),
                              unsigned offset, unsigned size, unsigned max)
{
    const char *item = "QEMU\0\0\0";
    uint64_t value = 0;

    for (unsigned done = 0; done < size;) {
        unsigned at = offset + done;
        unsigned width = max;

        while (width > size - done || at % width != 0) {
            width /= 2;
        }
        for (unsigned i = 0; i < width; i++) {
            int byte = peek(at, width, i);

            byte = byte < 0 ? *item++ : byte;
            value |= (uint64_t)(uint8_t)byte << 8 * (done + i);
        }
        done += width;
    }
    return value;
}

static void test_every_read(void **state)
{
    g_autoptr(FwCfgClient) client = fwcfg_client_new(transport, "");
    unsigned end = client->is_mmio ? 24 : 12;
    unsigned n_widths = client->is_mmio ? 4 : 3;

    (void)state;
    for (unsigned offset = 0; offset < end; offset++) {
        for (unsigned i = 0; i < n_widths; i++) {
            uint64_t value;
            uint64_t expected;

            fwcfg_select(client, FWCFG_SIGNATURE);
            if (client->is_mmio) {
                value =
                    qtest_read(client->qtest, widths[i].name, WINDOW + offset);
                expected =
                    compute_value(peek_window, offset, widths[i].size, 8);
            } else {
                value = qtest_in(client->qtest, widths[i].name, PORT + offset);
                expected = compute_value(peek_port, offset, widths[i].size, 4);
            }
            if (value != expected) {
                print_error("%c at %u\n", widths[i].name, offset);
            }
            assert_int_equal(value, expected);
        }
    }
}

/* No write but that of the selector moves anything; DMA is tested apart, and
 * is kept from here by an address where nothing is. */
static void test_every_write(void **state)
{
    g_autoptr(FwCfgClient) client = fwcfg_client_new(transport, "");
    unsigned end = client->is_mmio ? 24 : 12;
    unsigned n_widths = client->is_mmio ? 4 : 3;

    (void)state;
    for (unsigned offset = 0; offset < end; offset++) {
        for (unsigned i = 0; i < n_widths; i++) {
            unsigned size = widths[i].size;
            bool selects;

            fwcfg_select(client, FWCFG_ID);
            if (client->is_mmio) {
                selects =
                    offset <= 8 && (offset + size == 10 || offset + size == 11);
                qtest_write(client->qtest, widths[i].name, WINDOW + offset,
                            UINT64_MAX);
            } else {
                selects = offset == 0 && size == 2;
                qtest_out(client->qtest, widths[i].name, PORT + offset,
                          UINT32_MAX);
            }
            expect_next(client, selects ? "\0" : "\3", 1);
        }
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_read),
        cmocka_unit_test(test_every_write),
    };

    transport = fwcfg_parse_transport(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
