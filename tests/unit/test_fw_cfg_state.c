/* SPDX-License-Identifier: MIT */
#include "guestcore/error.h"

#include "tests/unit/fw_cfg_fixture.h"

/* A record with its bytes [at, at + len) replaced. */
static GBytes *patched(GBytes *state, size_t at, const void *bytes, size_t len)
{
    size_t size;
    const void *data = g_bytes_get_data(state, &size);
    uint8_t *copy = g_memdup2(data, size);

    assert_true(at + len <= size);
    memcpy(copy + at, bytes, len);
    return g_bytes_new_take(copy, size);
}

static Fixture *half_way(void)
{
    Fixture *fixture = fixture_new();

    fixture_select(fixture, gc_fw_cfg_find_file(fixture->cfg, "a/read-only"));
    fixture_expect(fixture, "0123", 4);
    gc_fw_cfg_io_write(fixture->cfg, 4, 4, fixture_swap(1));
    return fixture;
}

static void test_round_trip(void **state)
{
    g_autoptr(Fixture) from = half_way();
    g_autoptr(Fixture) to = fixture_new();
    g_autoptr(GBytes) saved = gc_fw_cfg_save(from->cfg);
    g_autoptr(GBytes) again = NULL;

    (void)state;
    assert_int_equal(g_bytes_get_size(saved), 30);
    assert_true(gc_fw_cfg_restore(to->cfg, saved, NULL));
    again = gc_fw_cfg_save(to->cfg);
    assert_true(g_bytes_equal(saved, again));
    fixture_expect(to, "456789", 6);
    /* the latch came along: this descriptor is 4 GiB up, and not there */
    fixture_describe(to->low + 0x100, DMA_SKIP, 1, 0);
    gc_fw_cfg_io_write(to->cfg, 8, 4, fixture_swap(0x100));
    assert_memory_equal(to->low + 0x100, "\0\0\0\4", 4);
}

static void test_an_invalid_selection_is_a_state(void **state)
{
    g_autoptr(Fixture) fixture = fixture_new();
    g_autoptr(GBytes) saved = NULL;

    (void)state;
    fixture_select(fixture, 0x3fff);
    saved = gc_fw_cfg_save(fixture->cfg);
    gc_fw_cfg_reset(fixture->cfg);
    assert_true(gc_fw_cfg_restore(fixture->cfg, saved, NULL));
    fixture_expect(fixture, "\0\0", 2);
}

static void expect_refusal(GBytes *bad, GcError code)
{
    g_autoptr(Fixture) fixture = half_way();
    g_autoptr(GBytes) before = gc_fw_cfg_save(fixture->cfg);
    g_autoptr(GBytes) after = NULL;
    g_autoptr(GError) error = NULL;

    assert_false(gc_fw_cfg_restore(fixture->cfg, bad, &error));
    assert_true(g_error_matches(error, GC_ERROR, (int)code));
    after = gc_fw_cfg_save(fixture->cfg);
    assert_true(g_bytes_equal(before, after));
}

static void test_every_prefix_is_refused(void **state)
{
    g_autoptr(Fixture) fixture = half_way();
    g_autoptr(GBytes) saved = gc_fw_cfg_save(fixture->cfg);
    g_autoptr(GByteArray) longer = g_byte_array_new();
    g_autoptr(GBytes) with_tail = NULL;

    (void)state;
    for (size_t size = 0; size < g_bytes_get_size(saved); size++) {
        g_autoptr(GBytes) prefix = g_bytes_new_from_bytes(saved, 0, size);

        expect_refusal(prefix, GC_ERROR_FORMAT);
    }
    g_byte_array_append(longer, g_bytes_get_data(saved, NULL),
                        (guint)g_bytes_get_size(saved));
    g_byte_array_append(longer, (const guint8 *)"", 1);
    with_tail = g_bytes_new(longer->data, longer->len);
    expect_refusal(with_tail, GC_ERROR_FORMAT);
}

static void test_values_out_of_range_are_refused(void **state)
{
    static const struct {
        size_t at;
        const char *bytes;
        size_t len;
        GcError code;
    } cases[] = {
        {0, "x", 1, GC_ERROR_FORMAT},             /* magic */
        {8, "\2\0\0\0", 4, GC_ERROR_UNSUPPORTED}, /* version */
        {8, "\0\0\0\0", 4, GC_ERROR_FORMAT},
        {12, "\15\0\0\0", 4, GC_ERROR_FORMAT}, /* size */
        {16, "\x40\0", 2, GC_ERROR_FORMAT},    /* key: beyond the slots */
        {16, "\0\x40", 2, GC_ERROR_FORMAT},    /* key: bit 14 */
        {18, "\13\0\0\0", 4, GC_ERROR_FORMAT}, /* offset */
        {18, "\xff\xff\xff\xff", 4, GC_ERROR_FORMAT},
        {22, "\1", 1, GC_ERROR_FORMAT}, /* latch */
    };
    g_autoptr(Fixture) fixture = half_way();
    g_autoptr(GBytes) saved = gc_fw_cfg_save(fixture->cfg);

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GBytes) bad =
            patched(saved, cases[i].at, cases[i].bytes, cases[i].len);

        expect_refusal(bad, cases[i].code);
    }
}

static void test_a_latch_needs_dma(void **state)
{
    g_autoptr(Fixture) fixture = fixture_new();
    g_autoptr(GcFwCfg) without = gc_fw_cfg_new(NULL, NULL);
    g_autoptr(GBytes) plain = gc_fw_cfg_save(fixture->cfg);
    g_autoptr(GBytes) latched = NULL;

    (void)state;
    assert_true(gc_fw_cfg_restore(without, plain, NULL));
    gc_fw_cfg_io_write(fixture->cfg, 4, 4, fixture_swap(1));
    latched = gc_fw_cfg_save(fixture->cfg);
    assert_false(gc_fw_cfg_restore(without, latched, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_an_invalid_selection_is_a_state),
        cmocka_unit_test(test_every_prefix_is_refused),
        cmocka_unit_test(test_values_out_of_range_are_refused),
        cmocka_unit_test(test_a_latch_needs_dma),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
