/* SPDX-License-Identifier: MIT */
#include "tests/unit/fw_cfg_fixture.h"

#define WIDTHS 4

/* The bytes of the window in order of address while "QEMU" is next: an
 * access that begins at the data register takes from the item, the DMA
 * register shows its signature, all else is zero. */
static uint64_t expected(unsigned offset, unsigned size)
{
    static const char signature[] = "QEMU CFG";
    uint8_t bytes[8] = {0};

    for (unsigned i = 0; i < size; i++) {
        unsigned at = offset + i;

        if (offset == 0 && i < 4) {
            bytes[i] = (uint8_t) "QEMU"[i];
        } else if (at >= 16 && at < 24) {
            bytes[i] = (uint8_t)signature[at - 16];
        }
    }
    return gc_get_uint(bytes, size, false);
}

static void test_every_read(void **state)
{
    g_autoptr(Fixture) fixture = fixture_new();

    (void)state;
    for (unsigned offset = 0; offset < GC_FW_CFG_MMIO_SIZE; offset++) {
        for (unsigned i = 0; i < WIDTHS; i++) {
            unsigned size = 1u << i;

            gc_fw_cfg_reset(fixture->cfg);
            assert_int_equal(gc_fw_cfg_mmio_read(fixture->cfg, offset, size),
                             expected(offset, size));
        }
    }
}

/* Whether an access, cut into aligned parts, has one of 2 bytes at the
 * selector. */
static bool selects(unsigned offset, unsigned size)
{
    return offset <= 8 && (offset + size == 10 || offset + size == 11);
}

static void test_every_write(void **state)
{
    (void)state;
    for (unsigned offset = 0; offset < GC_FW_CFG_MMIO_SIZE; offset++) {
        for (unsigned i = 0; i < WIDTHS; i++) {
            g_autoptr(Fixture) fixture = fixture_new();
            unsigned size = 1u << i;
            uint8_t bytes[8];

            memset(bytes, 0, sizeof(bytes));
            if (offset <= 8 && offset + size >= 10) {
                bytes[9 - offset] = GC_FW_CFG_ID;
            }
            gc_fw_cfg_mmio_write(fixture->cfg, offset, size,
                                 gc_get_uint(bytes, size, false));
            if (selects(offset, size)) {
                fixture_expect(fixture, "\3", 1);
            } else {
                fixture_expect(fixture, "Q", 1);
            }
        }
    }
}

static void test_data_in_every_width(void **state)
{
    g_autoptr(Fixture) fixture = fixture_new();
    uint16_t key = gc_fw_cfg_find_file(fixture->cfg, "b/writable");

    (void)state;
    gc_fw_cfg_mmio_write(fixture->cfg, 8, 2, GUINT16_SWAP_LE_BE(key));
    assert_int_equal(gc_fw_cfg_mmio_read(fixture->cfg, 0, 1), 'a');
    assert_int_equal(gc_fw_cfg_mmio_read(fixture->cfg, 0, 2), 'b' | 'c' << 8);
    assert_int_equal(gc_fw_cfg_mmio_read(fixture->cfg, 0, 4), 0x67666564);
    assert_int_equal(gc_fw_cfg_mmio_read(fixture->cfg, 0, 8),
                     UINT64_C(0x6f6e6d6c6b6a6968));
    /* past the end come zeros at the higher addresses */
    assert_int_equal(gc_fw_cfg_mmio_read(fixture->cfg, 0, 4), 'p');
    assert_int_equal(gc_fw_cfg_mmio_read(fixture->cfg, 0, 8), 0);
}

static void test_dma_by_one_write_or_two(void **state)
{
    g_autoptr(Fixture) fixture = fixture_new();

    (void)state;
    fixture_describe(fixture->low + 0x100, DMA_READ, 4, 0x200);
    gc_fw_cfg_mmio_write(fixture->cfg, 16, 8,
                         GUINT64_SWAP_LE_BE(UINT64_C(0x100)));
    assert_memory_equal(fixture->low + 0x200, "QEMU", 4);
    gc_fw_cfg_reset(fixture->cfg);
    memset(fixture->low + 0x200, 0, 4);
    fixture_describe(fixture->low + 0x100, DMA_READ, 4, 0x200);
    gc_fw_cfg_mmio_write(fixture->cfg, 16, 4, 0);
    gc_fw_cfg_mmio_write(fixture->cfg, 20, 4, fixture_swap(0x100));
    assert_memory_equal(fixture->low + 0x200, "QEMU", 4);
}

static void test_one_write_forgets_a_half(void **state)
{
    g_autoptr(Fixture) fixture = fixture_new();

    (void)state;
    fixture_describe(fixture->low + 0x100, DMA_READ, 4, 0x200);
    gc_fw_cfg_mmio_write(fixture->cfg, 16, 4, fixture_swap(1));
    gc_fw_cfg_mmio_write(fixture->cfg, 16, 8,
                         GUINT64_SWAP_LE_BE(UINT64_C(0x100)));
    assert_memory_equal(fixture->low + 0x200, "QEMU", 4);
    gc_fw_cfg_reset(fixture->cfg);
    fixture_describe(fixture->low + 0x100, DMA_READ, 4, 0x300);
    gc_fw_cfg_mmio_write(fixture->cfg, 20, 4, fixture_swap(0x100));
    assert_memory_equal(fixture->low + 0x300, "QEMU", 4);
}

static void test_without_dma_the_register_is_not_there(void **state)
{
    g_autoptr(GcFwCfg) cfg = gc_fw_cfg_new(NULL, NULL);

    (void)state;
    for (unsigned offset = 16; offset < GC_FW_CFG_MMIO_SIZE; offset++) {
        for (unsigned i = 0; i < WIDTHS; i++) {
            gc_fw_cfg_mmio_write(cfg, offset, 1u << i, 0);
            assert_int_equal(gc_fw_cfg_mmio_read(cfg, offset, 1u << i), 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_read),
        cmocka_unit_test(test_every_write),
        cmocka_unit_test(test_data_in_every_width),
        cmocka_unit_test(test_dma_by_one_write_or_two),
        cmocka_unit_test(test_one_write_forgets_a_half),
        cmocka_unit_test(test_without_dma_the_register_is_not_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
