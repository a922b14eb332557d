/* SPDX-License-Identifier: MIT */
#include "guestcore/error.h"

#include "tests/unit/fw_cfg_fixture.h"

static uint32_t get_u32(Fixture *fixture)
{
    uint8_t bytes[4];

    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)gc_fw_cfg_io_read(fixture->cfg, 1, 1);
    }
    return (uint32_t)gc_get_uint(bytes, sizeof(bytes), false);
}

static void test_signature_and_id(void **state)
{
    g_autoptr(Fixture) fixture = fixture_new();
    g_autoptr(GcFwCfg) without = gc_fw_cfg_new(NULL, NULL);

    (void)state;
    fixture_select(fixture, GC_FW_CFG_SIGNATURE);
    fixture_expect(fixture, "QEMU\0\0\0", 7);
    fixture_select(fixture, GC_FW_CFG_ID);
    assert_int_equal(get_u32(fixture), 3);
    gc_fw_cfg_io_write(without, 0, 2, GC_FW_CFG_ID);
    assert_int_equal(gc_fw_cfg_io_read(without, 1, 1), 1);
    assert_false(gc_fw_cfg_has_dma(without));
}

static void test_integers_are_little_endian(void **state)
{
    g_autoptr(Fixture) fixture = fixture_new();

    (void)state;
    assert_true(gc_fw_cfg_add_u16(fixture->cfg, 5, 0x0102, NULL));
    assert_true(gc_fw_cfg_add_u32(fixture->cfg, 7, 0x01020304, NULL));
    assert_true(
        gc_fw_cfg_add_u64(fixture->cfg, 3, UINT64_C(0x0102030405060708), NULL));
    assert_true(gc_fw_cfg_add_string(fixture->cfg, 0x15, "hi", NULL));
    fixture_select(fixture, 5);
    fixture_expect(fixture, "\2\1\0", 3);
    fixture_select(fixture, 7);
    fixture_expect(fixture, "\4\3\2\1\0", 5);
    fixture_select(fixture, 3);
    fixture_expect(fixture, "\10\7\6\5\4\3\2\1\0", 9);
    fixture_select(fixture, 0x15);
    fixture_expect(fixture, "hi\0\0", 4);
}

static void test_arch_local_items_have_their_own_table(void **state)
{
    g_autoptr(Fixture) fixture = fixture_new();

    (void)state;
    assert_true(gc_fw_cfg_add_u16(fixture->cfg, 0x8003, 0x4142, NULL));
    assert_true(gc_fw_cfg_add_u16(fixture->cfg, 0x0003, 0x4344, NULL));
    fixture_select(fixture, 0x8003);
    fixture_expect(fixture, "BA", 2);
    fixture_select(fixture, 0x0003);
    fixture_expect(fixture, "DC", 2);
}

static void test_bit_14_of_a_selector_is_ignored(void **state)
{
    g_autoptr(Fixture) fixture = fixture_new();

    (void)state;
    fixture_select(fixture, 0x4000);
    fixture_expect(fixture, "QEMU", 4);
}

static void test_every_selector_reads(void **state)
{
    g_autoptr(Fixture) fixture = fixture_new();
    unsigned n_items = 0;

    (void)state;
    for (unsigned key = 0; key <= 0xffff; key++) {
        g_autoptr(GBytes) bytes =
            gc_fw_cfg_dup_item(fixture->cfg, (uint16_t)key);

        fixture_select(fixture, (uint16_t)key);
        if (bytes == NULL) {
            fixture_expect(fixture, "\0\0", 2);
        } else {
            fixture_expect(fixture, g_bytes_get_data(bytes, NULL), 2);
            n_items++;
        }
    }
    /* signature, id, directory, two files, each with bit 14 off and on */
    assert_int_equal(n_items, 2 * 5);
}

static void test_keys_that_cannot_be_added(void **state)
{
    static const uint16_t keys[] = {0x00,   0x01,   0x19,   0x20,
                                    0x4002, 0x8020, 0xffff, 0xbfff};
    g_autoptr(Fixture) fixture = fixture_new();

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        g_autoptr(GError) error = NULL;

        assert_false(gc_fw_cfg_add_u16(fixture->cfg, keys[i], 0, &error));
        assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_INVALID));
    }
    assert_true(gc_fw_cfg_add_u16(fixture->cfg, 2, 0, NULL));
    assert_false(gc_fw_cfg_add_u16(fixture->cfg, 2, 0, NULL));
}

static void test_directory_is_sorted_and_full_size(void **state)
{
    g_autoptr(Fixture) fixture = fixture_new();
    g_autoptr(GBytes) directory = NULL;
    const uint8_t *data;
    size_t size;

    (void)state;
    fixture_add_file(fixture->cfg, "a", "x", false);
    directory = gc_fw_cfg_dup_item(fixture->cfg, GC_FW_CFG_FILE_DIR);
    data = g_bytes_get_data(directory, &size);
    assert_int_equal(size, 4 + 64 * 32);
    assert_memory_equal(data, "\0\0\0\3", 4);
    assert_memory_equal(data + 4, "\0\0\0\1\0\x20\0\0a\0", 10);
    assert_memory_equal(data + 68, "\0\0\0\12\0\x21\0\0a/read-only\0", 20);
    assert_memory_equal(data + 132, "\0\0\0\20\0\x22\0\0b/writable\0", 19);
    for (size_t i = 196; i < size; i++) {
        assert_int_equal(data[i], 0);
    }
}

static void test_a_thousand_files(void **state)
{
    g_autoptr(Fixture) fixture = fixture_new();
    g_autoptr(GBytes) bytes = fixture_bytes("x");
    g_autoptr(GError) error = NULL;
    char previous[GC_FW_CFG_NAME_SIZE] = "";
    g_autoptr(GBytes) directory = NULL;
    const uint8_t *data;

    (void)state;
    assert_true(gc_fw_cfg_set_slots(fixture->cfg, 1000, NULL));
    for (unsigned i = 2; i < 1000; i++) {
        g_autofree char *name = g_strdup_printf("opt/%u", i * 7919 % 1009);

        fixture_add_file(fixture->cfg, name, name, i % 2 == 0);
    }
    assert_false(gc_fw_cfg_add_file(fixture->cfg, "one more", bytes, &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_INVALID));
    directory = gc_fw_cfg_dup_item(fixture->cfg, GC_FW_CFG_FILE_DIR);
    data = g_bytes_get_data(directory, NULL);
    assert_int_equal(gc_get_uint(data, 4, true), 1000);
    for (unsigned i = 0; i < 1000; i++) {
        const uint8_t *entry = data + 4 + 64 * (size_t)i;
        const char *name = (const char *)entry + 8;

        assert_true(strcmp(previous, name) < 0);
        assert_int_equal(gc_get_uint(entry + 4, 2, true), 0x20 + i);
        assert_int_equal(gc_fw_cfg_find_file(fixture->cfg, name), 0x20 + i);
        g_strlcpy(previous, name, sizeof(previous));
    }
}

static void test_names_of_1_to_55_bytes(void **state)
{
    g_autoptr(Fixture) fixture = fixture_new();
    g_autoptr(GBytes) bytes = fixture_bytes("x");
    g_autofree char *longest = g_strnfill(55, 'n');
    g_autofree char *too_long = g_strnfill(56, 'n');
    g_autoptr(GError) error = NULL;

    (void)state;
    assert_true(gc_fw_cfg_add_file(fixture->cfg, longest, bytes, NULL));
    assert_false(gc_fw_cfg_add_file(fixture->cfg, too_long, bytes, &error));
    assert_non_null(strstr(error->message, "56 bytes"));
    assert_false(gc_fw_cfg_add_file(fixture->cfg, "", bytes, NULL));
    assert_int_equal(gc_fw_cfg_find_file(fixture->cfg, too_long),
                     GC_FW_CFG_INVALID);
}

static void test_a_name_is_there_once(void **state)
{
    g_autoptr(Fixture) fixture = fixture_new();
    g_autoptr(GBytes) bytes = fixture_bytes("x");
    g_autoptr(GError) error = NULL;

    (void)state;
    assert_false(gc_fw_cfg_add_file(fixture->cfg, "b/writable", bytes, &error));
    assert_string_equal(error->message,
                        "duplicate fw_cfg file name: b/writable");
    fixture_expect_item(fixture, "b/writable", "abcdefghijklmnop");
}

static void test_slots_have_bounds(void **state)
{
    g_autoptr(Fixture) fixture = fixture_new();

    (void)state;
    assert_false(gc_fw_cfg_set_slots(fixture->cfg, 15, NULL));
    assert_false(gc_fw_cfg_set_slots(fixture->cfg, 0x3fe1, NULL));
    assert_true(gc_fw_cfg_set_slots(fixture->cfg, 0x3fe0, NULL));
    for (unsigned i = 0; i < 15; i++) {
        g_autofree char *name = g_strdup_printf("%u", i);

        fixture_add_file(fixture->cfg, name, "", false);
    }
    assert_false(gc_fw_cfg_set_slots(fixture->cfg, 16, NULL));
    assert_true(gc_fw_cfg_set_slots(fixture->cfg, 17, NULL));
}

static void test_set_file_keeps_what_the_file_is(void **state)
{
    g_autoptr(Fixture) fixture = fixture_new();
    g_autoptr(GBytes) small = fixture_bytes("12");
    g_autoptr(GBytes) same = fixture_bytes("ABCDEFGHIJKLMNOP");
    g_autoptr(GError) error = NULL;

    (void)state;
    fixture_select(fixture, gc_fw_cfg_find_file(fixture->cfg, "a/read-only"));
    fixture_expect(fixture, "012345", 6);
    assert_true(gc_fw_cfg_set_file(fixture->cfg, "a/read-only", small, NULL));
    fixture_expect(fixture, "\0", 1);
    fixture_expect_item(fixture, "a/read-only", "12");
    assert_false(gc_fw_cfg_set_file(fixture->cfg, "b/writable", small, &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_INVALID));
    assert_true(gc_fw_cfg_set_file(fixture->cfg, "b/writable", same, NULL));
    fixture_expect_item(fixture, "b/writable", "ABCDEFGHIJKLMNOP");
    g_clear_error(&error);
    assert_false(gc_fw_cfg_set_file(fixture->cfg, "none", small, &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_NO_DATA));
}

static void count_select(void *opaque)
{
    ++*(unsigned *)opaque;
}

static void test_every_select_calls_the_owner(void **state)
{
    static const GcFwCfgFileOps ops = {.select = count_select};
    g_autoptr(Fixture) fixture = fixture_new();
    uint16_t key = gc_fw_cfg_find_file(fixture->cfg, "a/read-only");
    unsigned n = 0;

    (void)state;
    assert_true(
        gc_fw_cfg_watch_file(fixture->cfg, "a/read-only", &ops, &n, NULL));
    assert_false(gc_fw_cfg_watch_file(fixture->cfg, "none", &ops, &n, NULL));
    fixture_select(fixture, key);
    fixture_select(fixture, key);
    fixture_select(fixture, GC_FW_CFG_ID);
    assert_int_equal(n, 2);
    fixture_dma(fixture, (uint32_t)key << 16 | DMA_SELECT, 0, 0);
    assert_int_equal(n, 3);
    gc_fw_cfg_watch_file(fixture->cfg, "a/read-only", NULL, NULL, NULL);
    fixture_select(fixture, key);
    assert_int_equal(n, 3);
}

static void test_reset_selects_the_signature(void **state)
{
    g_autoptr(Fixture) fixture = fixture_new();

    (void)state;
    fixture_select(fixture, GC_FW_CFG_ID);
    gc_fw_cfg_reset(fixture->cfg);
    fixture_expect(fixture, "QE", 2);
    gc_fw_cfg_reset(fixture->cfg);
    fixture_expect(fixture, "QEMU", 4);
    gc_fw_cfg_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signature_and_id),
        cmocka_unit_test(test_integers_are_little_endian),
        cmocka_unit_test(test_arch_local_items_have_their_own_table),
        cmocka_unit_test(test_bit_14_of_a_selector_is_ignored),
        cmocka_unit_test(test_every_selector_reads),
        cmocka_unit_test(test_keys_that_cannot_be_added),
        cmocka_unit_test(test_directory_is_sorted_and_full_size),
        cmocka_unit_test(test_a_thousand_files),
        cmocka_unit_test(test_names_of_1_to_55_bytes),
        cmocka_unit_test(test_a_name_is_there_once),
        cmocka_unit_test(test_slots_have_bounds),
        cmocka_unit_test(test_set_file_keeps_what_the_file_is),
        cmocka_unit_test(test_every_select_calls_the_owner),
        cmocka_unit_test(test_reset_selects_the_signature),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
