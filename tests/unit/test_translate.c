/* SPDX-License-Identifier: MIT */
/* Page tables of x86_64, made entry by entry after the Intel SDM. */
#include <string.h>

#include "guestcore/error.h"

#include "guest/translate.h"
#include "tests/lib/guestgen.h"
#include "tests/unit/cmocka_all.h"

#define KIB4 UINT64_C(0x1000)
#define ADDRESS_MASK UINT64_C(0x000ffffffffff000)
#define ROOT UINT64_C(0x10000) /* tables lie one after another from here */
#define PRESENT UINT64_C(1)
#define LARGE UINT64_C(0x81)
#define NO_EXECUTE (UINT64_C(1) << 63)

typedef struct Tables {
    Guestgen *gen;
    GcMemory *memory;
    GcTranslator *translator;
} Tables;

static void tables_init(Tables *tables, unsigned levels)
{
    const GcPageTable shape = {
        .root = ROOT,
        .levels = levels,
        .page_shift = 12,
        .index_bits = 9,
        .va_bits = 12 + 9 * levels,
        .present = 1,
        .table_mask = 0x80,
        .leaf_levels = 2,
        .address_mask = ADDRESS_MASK,
    };

    tables->gen = guestgen_new();
    guestgen_add_ram(tables->gen, 0, GUESTGEN_MIB, GUESTGEN_HOST);
    tables->memory = guestgen_make_memory(tables->gen);
    tables->translator = gc_translator_new(tables->memory, &shape);
}

static void tables_clear(Tables *tables)
{
    gc_translator_free(tables->translator);
    gc_memory_unref(tables->memory);
    guestgen_free(tables->gen);
}

/* Entry @index of the @table-th table. */
static void put(Tables *tables, unsigned table, unsigned index, uint64_t entry)
{
    uint8_t *to = guestgen_at(tables->gen, ROOT + table * KIB4 + index * 8);

    for (unsigned i = 0; i < 8; i++) {
        to[i] = (uint8_t)(entry >> 8 * i);
    }
}

static void assert_maps(Tables *tables, uint64_t vaddr, GcPaddr paddr,
                        uint64_t span)
{
    GcPaddr found = 0;
    uint64_t found_span = 0;

    assert_true(
        gc_translator_lookup(tables->translator, vaddr, &found, &found_span));
    assert_int_equal(found, paddr);
    assert_int_equal(found_span, span);
}

static void assert_maps_nothing(Tables *tables, uint64_t vaddr, uint64_t span)
{
    GcPaddr found = 42;
    uint64_t found_span = 0;

    assert_false(
        gc_translator_lookup(tables->translator, vaddr, &found, &found_span));
    assert_int_equal(found, 42);
    assert_int_equal(found_span, span);
}

static void test_pages_of_three_sizes_in_four_levels(void **state)
{
    const uint64_t top = UINT64_C(0xffffff8000000000); /* index 511 */
    Tables tables;

    (void)state;
    tables_init(&tables, 4);
    put(&tables, 0, 511, (ROOT + KIB4) | PRESENT | NO_EXECUTE);
    put(&tables, 1, 510, (ROOT + 2 * KIB4) | PRESENT);
    put(&tables, 2, 8, (ROOT + 3 * KIB4) | PRESENT);
    put(&tables, 3, 5, UINT64_C(0x123456000) | PRESENT | NO_EXECUTE);
    put(&tables, 2, 9, UINT64_C(0x40200000) | LARGE);
    put(&tables, 1, 3, UINT64_C(0x80000000) | LARGE);
    /* the PAT bit of a large page is none of its address */
    put(&tables, 2, 10, UINT64_C(0x40400000) | LARGE | 0x1000);

    assert_maps(&tables, UINT64_C(0xffffffff81005abc), 0x123456abc, 0x544);
    assert_maps(&tables, UINT64_C(0xffffffff81234567), 0x40234567,
                0x200000 - 0x34567);
    assert_maps(&tables, UINT64_C(0xffffffff81400000), 0x40400000, 0x200000);
    assert_maps(&tables, top + 3 * GUESTGEN_GIB + 5, 0x80000005,
                GUESTGEN_GIB - 5);
    assert_maps_nothing(&tables, UINT64_C(0xffffffff81006123), 0xedd);
    assert_maps_nothing(&tables, UINT64_C(0xffffffff81600000), 0x200000);
    assert_maps_nothing(&tables, top, GUESTGEN_GIB);
    assert_maps_nothing(&tables, 0, 512 * GUESTGEN_GIB);
    tables_clear(&tables);
}

static void test_five_levels(void **state)
{
    Tables tables;

    (void)state;
    tables_init(&tables, 5);
    put(&tables, 0, 511, (ROOT + KIB4) | PRESENT);
    put(&tables, 1, 511, (ROOT + 2 * KIB4) | PRESENT);
    put(&tables, 2, 510, (ROOT + 3 * KIB4) | PRESENT);
    put(&tables, 3, 0, UINT64_C(0x200000) | LARGE);
    put(&tables, 0, 272, (ROOT + KIB4) | PRESENT);
    assert_maps(&tables, UINT64_C(0xffffffff80000010), 0x200010, 0x1ffff0);
    /* an address that four levels could not have */
    assert_maps(&tables, UINT64_C(0xff10ffff80000010), 0x200010, 0x1ffff0);
    assert_maps_nothing(&tables, UINT64_C(0xff00000000000000),
                        UINT64_C(1) << 48);
    tables_clear(&tables);
}

/* As 32-bit x86 has them with PAE: four entries at the top. */
static void test_three_levels_of_32_bits(void **state)
{
    const GcPageTable shape = {
        .root = ROOT,
        .levels = 3,
        .page_shift = 12,
        .index_bits = 9,
        .va_bits = 32,
        .lower_only = true,
        .present = 1,
        .table_mask = 0x80,
        .leaf_levels = 1,
        .address_mask = ADDRESS_MASK,
    };
    Tables tables;

    (void)state;
    tables_init(&tables, 4);
    gc_translator_free(tables.translator);
    tables.translator = gc_translator_new(tables.memory, &shape);
    put(&tables, 0, 3, (ROOT + KIB4) | PRESENT);
    put(&tables, 0, 4, (ROOT + KIB4) | PRESENT); /* belongs to no address */
    put(&tables, 1, 0, UINT64_C(0x200000) | LARGE);
    put(&tables, 1, 511, (ROOT + 2 * KIB4) | PRESENT);
    put(&tables, 2, 511, UINT64_C(0x123456000) | PRESENT | NO_EXECUTE);
    assert_maps(&tables, UINT64_C(0xc0000010), 0x200010, 0x1ffff0);
    assert_maps(&tables, UINT64_C(0xfffffabc), 0x123456abc, 0x544);
    assert_maps_nothing(&tables, UINT64_C(0x40000000), GUESTGEN_GIB);
    assert_maps_nothing(&tables, UINT64_C(0x1c0000010),
                        UINT64_C(0xfffffffe3ffffff0));
    assert_maps_nothing(&tables, UINT64_C(0xffffffffc0000010), 0x3ffffff0);
    tables_clear(&tables);
}

static void test_addresses_that_are_not_canonical_map_nothing(void **state)
{
    static const struct {
        unsigned levels;
        uint64_t vaddr;
        uint64_t half;
    } cases[] = {
        {4, UINT64_C(0x0000800000000000), UINT64_C(1) << 47},
        {4, UINT64_C(0x7fffffffffffffff), UINT64_C(1) << 47},
        {4, UINT64_C(0x8000000000000000), UINT64_C(1) << 47},
        {4, UINT64_C(0xffff7fffffffffff), UINT64_C(1) << 47},
        {5, UINT64_C(0x0100000000000000), UINT64_C(1) << 56},
        {5, UINT64_C(0xfeffffffffffffff), UINT64_C(1) << 56},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Tables tables;

        tables_init(&tables, cases[i].levels);
        for (unsigned index = 0; index < 512; index++) {
            put(&tables, 0, index, ROOT | PRESENT);
        }
        assert_maps_nothing(&tables, cases[i].vaddr,
                            0 - cases[i].half - cases[i].vaddr);
        tables_clear(&tables);
    }
}

/* Every entry of the root is the root: each walk ends, at the root itself. */
static void test_a_table_that_is_its_own_child_ends(void **state)
{
    Tables tables;

    (void)state;
    tables_init(&tables, 4);
    for (unsigned index = 0; index < 512; index++) {
        put(&tables, 0, index, ROOT | PRESENT);
    }
    for (uint64_t i = 0; i < 1000; i++) {
        assert_maps(&tables, i * UINT64_C(0x1654321000) + 7, ROOT + 7,
                    KIB4 - 7);
    }
    tables_clear(&tables);
}

static void test_tables_outside_of_memory_map_nothing(void **state)
{
    static const uint64_t nowhere[] = {
        UINT64_C(0x200000), UINT64_C(0x000ffffffffff000),
        GUESTGEN_MIB, /* just past the end */
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(nowhere); i++) {
        Tables tables;

        tables_init(&tables, 4);
        put(&tables, 0, 1, nowhere[i] | PRESENT);
        put(&tables, 0, 2, (ROOT + KIB4) | PRESENT);
        assert_maps_nothing(&tables, UINT64_C(1) << 39, GUESTGEN_GIB);
        assert_maps_nothing(&tables, UINT64_C(1) << 40, GUESTGEN_GIB);
        tables_clear(&tables);
    }
}

/* Where the architecture knows no such page, the bit means nothing. */
static void test_a_large_page_is_not_that_at_the_top(void **state)
{
    Tables tables;

    (void)state;
    tables_init(&tables, 4);
    put(&tables, 0, 0, (ROOT + KIB4) | LARGE);
    put(&tables, 1, 0, (ROOT + 2 * KIB4) | PRESENT);
    put(&tables, 2, 0, (ROOT + 3 * KIB4) | PRESENT);
    put(&tables, 3, 0, UINT64_C(0x5000) | LARGE); /* PAT, in the last level */
    assert_maps(&tables, 0x123, 0x5123, KIB4 - 0x123);
    tables_clear(&tables);
}

static void test_reads_cross_pages_and_stop_at_what_is_not_mapped(void **state)
{
    Tables tables;
    uint8_t found[0x1800];
    uint8_t expected[0x1800];
    g_autoptr(GError) error = NULL;

    (void)state;
    tables_init(&tables, 4);
    put(&tables, 0, 0, (ROOT + KIB4) | PRESENT);
    put(&tables, 1, 0, (ROOT + 2 * KIB4) | PRESENT);
    put(&tables, 2, 0, (ROOT + 3 * KIB4) | PRESENT);
    put(&tables, 3, 4, UINT64_C(0x9000) | PRESENT);
    put(&tables, 3, 5, UINT64_C(0x7000) | PRESENT);
    put(&tables, 3, 7, UINT64_C(0x200000) | PRESENT); /* no memory */
    guestgen_fill_noise(tables.gen, 0x7000, KIB4);
    guestgen_fill_noise(tables.gen, 0x9000, KIB4);
    guestgen_read(tables.gen, 0x9800, expected, 0x800);
    guestgen_read(tables.gen, 0x7000, expected + 0x800, 0x1000);
    assert_true(
        gc_translator_read(tables.translator, 0x4800, found, 0x1800, NULL));
    assert_memory_equal(found, expected, 0x1800);
    assert_false(
        gc_translator_read(tables.translator, 0x5800, found, 0x801, &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_NO_DATA));
    g_clear_error(&error);
    assert_false(
        gc_translator_read(tables.translator, 0x7000, found, 1, &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_NO_DATA));
    g_clear_error(&error);
    assert_false(
        gc_translator_read(tables.translator, UINT64_MAX, found, 2, &error));
    tables_clear(&tables);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages_of_three_sizes_in_four_levels),
        cmocka_unit_test(test_five_levels),
        cmocka_unit_test(test_three_levels_of_32_bits),
        cmocka_unit_test(test_addresses_that_are_not_canonical_map_nothing),
        cmocka_unit_test(test_a_table_that_is_its_own_child_ends),
        cmocka_unit_test(test_tables_outside_of_memory_map_nothing),
        cmocka_unit_test(test_a_large_page_is_not_that_at_the_top),
        cmocka_unit_test(test_reads_cross_pages_and_stop_at_what_is_not_mapped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
