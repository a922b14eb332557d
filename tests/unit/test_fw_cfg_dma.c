/* SPDX-License-Identifier: MIT */
#include "tests/unit/fw_cfg_fixture.h"

#define BUFFER UINT64_C(0x1000)
#define NOWHERE UINT64_C(0x20000)

/* What the owner of a file was told. */
typedef struct Heard {
    unsigned n_selects;
    unsigned n_writes;
    size_t offset;
    size_t len;
} Heard;

static void on_select(void *opaque)
{
    ((Heard *)opaque)->n_selects++;
}

static void on_write(void *opaque, uint8_t *data, size_t size, size_t offset,
                     size_t len)
{
    Heard *heard = opaque;

    assert_non_null(data);
    assert_true(offset + len <= size);
    heard->n_writes++;
    heard->offset = offset;
    heard->len = len;
}

static const GcFwCfgFileOps ops = {.select = on_select, .write = on_write};

static uint32_t select_of(Fixture *fixture, const char *name)
{
    return (uint32_t)gc_fw_cfg_find_file(fixture->cfg, name) << 16 | DMA_SELECT;
}

static void test_read_whole_past_the_end_and_on(void **state)
{
    g_autoptr(Fixture) fixture = fixture_new();
    uint32_t select = select_of(fixture, "a/read-only");
    uint8_t *buffer = fixture->low + BUFFER;

    (void)state;
    memset(buffer, 0xee, 64);
    assert_int_equal(fixture_dma(fixture, select | DMA_READ, 4, BUFFER), 0);
    assert_memory_equal(buffer, "0123\xee", 5);
    assert_int_equal(fixture_dma(fixture, DMA_READ, 8, BUFFER), 0);
    assert_memory_equal(buffer, "456789\0\0\xee", 9);
    assert_int_equal(fixture_dma(fixture, DMA_READ, 2, BUFFER), 0);
    assert_memory_equal(buffer, "\0\0", 2);
}

static void test_descriptor_keeps_length_and_address(void **state)
{
    g_autoptr(Fixture) fixture = fixture_new();
    uint8_t before[16];

    (void)state;
    fixture_describe(before, 0, 4, BUFFER);
    fixture_dma(fixture, DMA_READ | 0xffe0 | DMA_ERROR, 4, BUFFER);
    assert_memory_equal(fixture->low + 0x100, before, sizeof(before));
}

static void test_read_beats_write_beats_skip(void **state)
{
    g_autoptr(Fixture) fixture = fixture_new();
    uint32_t select = select_of(fixture, "b/writable");

    (void)state;
    memcpy(fixture->low + BUFFER, "XXXX", 4);
    assert_int_equal(fixture_dma(fixture,
                                 select | DMA_READ | DMA_WRITE | DMA_SKIP, 4,
                                 BUFFER),
                     0);
    assert_memory_equal(fixture->low + BUFFER, "abcd", 4);
    fixture_expect_item(fixture, "b/writable", "abcdefghijklmnop");
    memcpy(fixture->low + BUFFER, "XXXX", 4);
    assert_int_equal(fixture_dma(fixture, DMA_WRITE | DMA_SKIP, 4, BUFFER), 0);
    fixture_expect_item(fixture, "b/writable", "abcdXXXXijklmnop");
    assert_int_equal(fixture_dma(fixture, DMA_SKIP, 3, NOWHERE), 0);
    fixture_expect(fixture, "lmnop\0", 6);
}

static void test_no_operation_succeeds_and_only_selects(void **state)
{
    g_autoptr(Fixture) fixture = fixture_new();

    (void)state;
    assert_int_equal(fixture_dma(fixture, 0, UINT32_MAX, NOWHERE), 0);
    assert_int_equal(fixture_dma(fixture, select_of(fixture, "a/read-only"),
                                 UINT32_MAX, NOWHERE),
                     0);
    fixture_expect(fixture, "0123", 4);
}

static void test_length_0_succeeds_and_calls_nobody(void **state)
{
    static const uint32_t operations[] = {DMA_READ, DMA_WRITE, DMA_SKIP};
    g_autoptr(Fixture) fixture = fixture_new();
    Heard heard = {0};

    (void)state;
    gc_fw_cfg_watch_file(fixture->cfg, "b/writable", &ops, &heard, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(operations); i++) {
        assert_int_equal(fixture_dma(fixture, operations[i], 0, NOWHERE), 0);
        assert_int_equal(
            fixture_dma(fixture,
                        operations[i] | select_of(fixture, "b/writable"), 0,
                        UINT64_MAX),
            0);
    }
    assert_int_equal(heard.n_selects, 3);
    assert_int_equal(heard.n_writes, 0);
}

static void test_write_parts_of_a_file(void **state)
{
    g_autoptr(Fixture) fixture = fixture_new();
    Heard heard = {0};

    (void)state;
    gc_fw_cfg_watch_file(fixture->cfg, "b/writable", &ops, &heard, NULL);
    memcpy(fixture->low + BUFFER, "0123456789ABCDEF", 16);
    assert_int_equal(
        fixture_dma(fixture, select_of(fixture, "b/writable") | DMA_SKIP, 4, 0),
        0);
    assert_int_equal(fixture_dma(fixture, DMA_WRITE, 2, BUFFER), 0);
    fixture_expect_item(fixture, "b/writable", "abcd01ghijklmnop");
    assert_int_equal(heard.offset, 4);
    assert_int_equal(heard.len, 2);
    assert_int_equal(fixture_dma(fixture, DMA_WRITE, 10, BUFFER), 0);
    fixture_expect_item(fixture, "b/writable", "abcd010123456789");
    assert_int_equal(heard.offset, 6);
    assert_int_equal(fixture_dma(fixture, DMA_WRITE, 1, BUFFER), DMA_ERROR);
    assert_int_equal(heard.n_writes, 2);
    assert_int_equal(heard.n_selects, 1);
}

/* A transfer that must fail, from where the read-only file is at offset 2. */
typedef struct Failing {
    const char *select; /* or NULL */
    uint32_t operation;
    uint32_t length;
    GcPaddr address;
} Failing;

static const Failing failing[] = {
    /* nothing there */
    {NULL, DMA_READ, 1, NOWHERE},
    {NULL, DMA_READ, UINT32_MAX, NOWHERE},
    {"b/writable", DMA_READ, 4, NOWHERE},
    {"b/writable", DMA_WRITE, 4, NOWHERE},
    /* half there */
    {"b/writable", DMA_READ, 5, FIXTURE_RAM_SIZE - 4},
    {"b/writable", DMA_WRITE, 5, FIXTURE_RAM_SIZE - 4},
    {"b/writable", DMA_READ, UINT32_MAX, 0x2000},
    /* the hole is in a later part */
    {"b/writable", DMA_READ, 0x10000, 0x1},
    /* around the end of the address space */
    {"b/writable", DMA_READ, 2, UINT64_MAX},
    {"b/writable", DMA_WRITE, 2, UINT64_MAX},
    {"b/writable", DMA_READ, UINT32_MAX, UINT64_MAX - 7},
    /* not writable, or not so much */
    {NULL, DMA_WRITE, 1, BUFFER},
    {"a/read-only", DMA_WRITE, 1, BUFFER},
    {"b/writable", DMA_WRITE, 17, BUFFER},
    {"b/writable", DMA_WRITE, UINT32_MAX, BUFFER},
};

static void expect_failure_without_effect(Fixture *fixture, const Failing *test,
                                          const Heard *heard)
{
    uint32_t select =
        test->select != NULL ? select_of(fixture, test->select) : 0;
    g_autofree uint8_t *ram = NULL;

    fixture_describe(fixture->low + 0x100, DMA_ERROR, test->length,
                     test->address);
    ram = g_memdup2(fixture->low, sizeof(fixture->low));
    fixture_select(fixture, gc_fw_cfg_find_file(fixture->cfg, "a/read-only"));
    fixture_expect(fixture, "01", 2);
    assert_int_equal(fixture_dma(fixture, select | test->operation,
                                 test->length, test->address),
                     DMA_ERROR);
    assert_memory_equal(fixture->low, ram, sizeof(fixture->low));
    fixture_expect(fixture, "2345", 4);
    fixture_expect_item(fixture, "b/writable", "abcdefghijklmnop");
    assert_int_equal(heard->n_selects, 0);
    assert_int_equal(heard->n_writes, 0);
}

static void fail_in_every_way(Fixture *fixture)
{
    Heard heard = {0};

    gc_fw_cfg_watch_file(fixture->cfg, "b/writable", &ops, &heard, NULL);
    memset(fixture->low + BUFFER, 0xee, 64);
    for (size_t i = 0; i < G_N_ELEMENTS(failing); i++) {
        expect_failure_without_effect(fixture, &failing[i], &heard);
    }
    gc_fw_cfg_watch_file(fixture->cfg, "b/writable", NULL, NULL, NULL);
}

static void test_a_failed_transfer_changes_nothing(void **state)
{
    g_autoptr(Fixture) probing = fixture_new();
    g_autoptr(Fixture) knowing = fixture_new_with_check();

    (void)state;
    fail_in_every_way(probing);
    fail_in_every_way(knowing);
    assert_true(knowing->n_checks > 0);
}

static void test_a_read_into_rom_keeps_the_position(void **state)
{
    g_autoptr(Fixture) fixture = fixture_new();

    (void)state;
    fixture->rom_start = 0x3000;
    fixture->rom_size = 0x1000;
    fixture_select(fixture, gc_fw_cfg_find_file(fixture->cfg, "a/read-only"));
    fixture_expect(fixture, "01", 2);
    assert_int_equal(fixture_dma(fixture,
                                 select_of(fixture, "b/writable") | DMA_READ,
                                 16, 0x3000),
                     DMA_ERROR);
    fixture_expect(fixture, "2345", 4);
}

static void test_invalid_selectors(void **state)
{
    static const uint32_t keys[] = {0xffff, 0x0040, 0x3fff, 0x8030, 0x0018};
    g_autoptr(Fixture) fixture = fixture_new();

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        uint32_t select = keys[i] << 16 | DMA_SELECT;

        memset(fixture->low + BUFFER, 0xee, 8);
        assert_int_equal(fixture_dma(fixture, select | DMA_READ, 8, BUFFER), 0);
        assert_memory_equal(fixture->low + BUFFER, "\0\0\0\0\0\0\0\0", 8);
        assert_int_equal(fixture_dma(fixture, select | DMA_SKIP, 8, BUFFER), 0);
        assert_int_equal(fixture_dma(fixture, select | DMA_WRITE, 8, BUFFER),
                         DMA_ERROR);
    }
}

static void test_long_reads_come_in_small_parts(void **state)
{
    g_autoptr(Fixture) fixture = fixture_new();

    (void)state;
    memset(fixture->top, 0xee, FIXTURE_RAM_SIZE);
    assert_int_equal(fixture_dma(fixture,
                                 select_of(fixture, "a/read-only") | DMA_READ,
                                 FIXTURE_RAM_SIZE, FIXTURE_TOP),
                     0);
    assert_memory_equal(fixture->top, "0123456789", 10);
    for (size_t i = 10; i < FIXTURE_RAM_SIZE; i++) {
        assert_int_equal(fixture->top[i], 0);
    }
    assert_true(fixture->largest <= 65536);
}

static void test_descriptor_anywhere(void **state)
{
    g_autoptr(Fixture) fixture = fixture_new();
    uint8_t *last = fixture->top + FIXTURE_RAM_SIZE - 16;

    (void)state;
    /* the last bytes that there are; unaligned */
    fixture_describe(last, DMA_READ, 4, BUFFER);
    fixture_start(fixture, UINT64_MAX - 15);
    assert_memory_equal(last, "\0\0\0\0", 4);
    assert_memory_equal(fixture->low + BUFFER, "QEMU", 4);
    fixture_describe(fixture->low + 0x203, DMA_READ, 4, BUFFER);
    fixture_start(fixture, 0x203);
    assert_memory_equal(fixture->low + 0x203, "\0\0\0\0", 4);
    /* cut by the end of memory: the answer is still given where it fits */
    fixture_start(fixture, FIXTURE_RAM_SIZE - 15);
    assert_memory_equal(fixture->low + FIXTURE_RAM_SIZE - 15, "\0\0\0\1", 4);
    fixture_start(fixture, UINT64_MAX - 14);
    assert_memory_equal(last + 1, "\0\0\0\1", 4);
    /* nowhere at all */
    fixture_start(fixture, UINT64_MAX);
    fixture_start(fixture, NOWHERE);
    fixture_start(fixture, FIXTURE_RAM_SIZE - 1);
}

static void test_data_over_the_descriptor(void **state)
{
    g_autoptr(Fixture) fixture = fixture_new();

    (void)state;
    assert_int_equal(fixture_dma(fixture,
                                 select_of(fixture, "a/read-only") | DMA_READ,
                                 10, 0x100),
                     0);
    assert_memory_equal(fixture->low + 0x104, "456789", 6);
}

static void test_the_latch_is_cleared_by_a_transfer(void **state)
{
    g_autoptr(Fixture) fixture = fixture_new();

    (void)state;
    fixture_describe(fixture->low + 0x100, DMA_SKIP, 1, 0);
    fixture_start(fixture, UINT64_C(0x100000100));
    assert_memory_equal(fixture->low + 0x100, "\0\0\0\4", 4);
    gc_fw_cfg_io_write(fixture->cfg, 8, 4, fixture_swap(0x100));
    assert_memory_equal(fixture->low + 0x100, "\0\0\0\0", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_whole_past_the_end_and_on),
        cmocka_unit_test(test_descriptor_keeps_length_and_address),
        cmocka_unit_test(test_read_beats_write_beats_skip),
        cmocka_unit_test(test_no_operation_succeeds_and_only_selects),
        cmocka_unit_test(test_length_0_succeeds_and_calls_nobody),
        cmocka_unit_test(test_write_parts_of_a_file),
        cmocka_unit_test(test_a_failed_transfer_changes_nothing),
        cmocka_unit_test(test_a_read_into_rom_keeps_the_position),
        cmocka_unit_test(test_invalid_selectors),
        cmocka_unit_test(test_long_reads_come_in_small_parts),
        cmocka_unit_test(test_descriptor_anywhere),
        cmocka_unit_test(test_data_over_the_descriptor),
        cmocka_unit_test(test_the_latch_is_cleared_by_a_transfer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
