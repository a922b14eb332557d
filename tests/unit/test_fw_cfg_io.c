/* SPDX-License-Identifier: MIT */
#include "tests/unit/fw_cfg_fixture.h"

#define ALL_ONES(size) (UINT64_MAX >> (64 - 8 * (size)))

/* What every access of every width at every port reads, as QEMU 7.2 answers,
 * while the next byte of data is 'Q'.  The window is followed by ports with
 * nothing behind them. */
static const struct {
    unsigned offset;
    unsigned size;
    uint64_t value;
} reads[] = {
    {0, 1, 'Q'},   {0, 2, 0},       {0, 4, 0},
    {1, 1, 'Q'},   {1, 2, 0xff51},  {1, 4, 0x51ffff51},
    {2, 1, 0xff},  {2, 2, 0xffff},  {2, 4, 0x4551ffff},
    {3, 1, 0xff},  {3, 2, 0x51ff},  {3, 4, 0x4d4551ff},
    {4, 1, 0x51},  {4, 2, 0x4551},  {4, 4, 0x554d4551},
    {5, 1, 0x45},  {5, 2, 0x4d45},  {5, 4, 0x20554d45},
    {6, 1, 0x4d},  {6, 2, 0x554d},  {6, 4, 0x4320554d},
    {7, 1, 0x55},  {7, 2, 0x2055},  {7, 4, 0x46432055},
    {8, 1, 0x20},  {8, 2, 0x4320},  {8, 4, 0x47464320},
    {9, 1, 0x43},  {9, 2, 0x4643},  {9, 4, 0xff474643},
    {10, 1, 0x46}, {10, 2, 0x4746}, {10, 4, 0xffff4746},
    {11, 1, 0x47}, {11, 2, 0xff47}, {11, 4, 0xffffff47},
};

static void test_every_read(void **state)
{
    g_autoptr(Fixture) fixture = fixture_new();

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(reads); i++) {
        gc_fw_cfg_reset(fixture->cfg);
        assert_int_equal(
            gc_fw_cfg_io_read(fixture->cfg, reads[i].offset, reads[i].size),
            reads[i].value);
    }
}

/* Only 2 bytes at 0 and the two halves of the DMA register do anything. */
static void test_every_write(void **state)
{
    (void)state;
    for (unsigned offset = 0; offset < GC_FW_CFG_IO_SIZE; offset++) {
        for (unsigned size = 1; size <= 4; size *= 2) {
            g_autoptr(Fixture) fixture = fixture_new();
            bool is_select = offset == 0 && size == 2;

            gc_fw_cfg_io_write(fixture->cfg, offset, size, offset < 4 ? 1 : 0);
            fixture_expect(fixture, is_select ? "\3" : "Q", 1);
        }
    }
}

static void test_low_half_alone_starts(void **state)
{
    g_autoptr(Fixture) fixture = fixture_new();

    (void)state;
    fixture_describe(fixture->low + 0x100, DMA_READ, 4, 0x200);
    gc_fw_cfg_io_write(fixture->cfg, 8, 4, fixture_swap(0x100));
    assert_memory_equal(fixture->low + 0x200, "QEMU", 4);
    /* a high half after it is for the next one */
    gc_fw_cfg_io_write(fixture->cfg, 4, 4, fixture_swap(0));
    fixture_describe(fixture->low + 0x100, DMA_READ, 4, 0x200);
    gc_fw_cfg_io_write(fixture->cfg, 8, 4, fixture_swap(0x100));
    assert_memory_equal(fixture->low + 0x200, "\0\0\0\0", 4);
}

static void test_without_dma_the_window_ends_at_the_data(void **state)
{
    g_autoptr(GcFwCfg) cfg = gc_fw_cfg_new(NULL, NULL);

    (void)state;
    for (unsigned offset = 2; offset < GC_FW_CFG_IO_SIZE; offset++) {
        for (unsigned size = 1; size <= 4; size *= 2) {
            assert_int_equal(gc_fw_cfg_io_read(cfg, offset, size),
                             ALL_ONES(size));
            gc_fw_cfg_io_write(cfg, offset, size, 0);
        }
    }
    assert_int_equal(gc_fw_cfg_io_read(cfg, 1, 1), 'Q');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_read),
        cmocka_unit_test(test_every_write),
        cmocka_unit_test(test_low_half_alone_starts),
        cmocka_unit_test(test_without_dma_the_window_ends_at_the_data),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
