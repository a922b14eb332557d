/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "dump/codec/page_guess.h"
#include "tests/lib/guestgen.h"
#include "tests/unit/cmocka_all.h"

static const size_t sizes[] = {4096, 16384, 65536};

static void fill_noise(uint8_t *page, size_t size)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(1);

    for (size_t i = 0; i < size; i++) {
        page[i] = (uint8_t)g_rand_int(rand);
    }
}

static void test_noise_looks_random(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autofree uint8_t *page = g_malloc(sizes[i]);

        fill_noise(page, sizes[i]);
        assert_true(gc_page_looks_random(page, sizes[i]));
        assert_false(gc_page_is_table(page, sizes[i]));
    }
}

static void test_what_codecs_pack_well_does_not_look_random(void **state)
{
    g_autoptr(Guestgen) gen = guestgen_new();

    (void)state;
    guestgen_add_ram(gen, 0, 1 << 20, GUESTGEN_HOST);
    guestgen_fill(gen, 0, 1 << 20);
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autofree uint8_t *page = g_malloc0(sizes[i]);

        assert_false(gc_page_looks_random(page, sizes[i]));
        for (GcPaddr at = 0; at < 1 << 20; at += sizes[i]) {
            guestgen_read(gen, at, page, sizes[i]);
            assert_false(gc_page_looks_random(page, sizes[i]));
        }
        /* Noise, but for a few bits of each byte. */
        fill_noise(page, sizes[i]);
        for (size_t at = 0; at < sizes[i]; at++) {
            page[at] &= 0x7f;
        }
        assert_false(gc_page_looks_random(page, sizes[i]));
    }
}

/* Each value as often as every other, yet nothing random. */
static void test_counted_through_is_not_random(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autofree uint8_t *page = g_malloc(sizes[i]);

        for (size_t at = 0; at < sizes[i]; at++) {
            page[at] = (uint8_t)(at * 77);
        }
        assert_false(gc_page_looks_random(page, sizes[i]));
    }
}

static void test_noise_that_comes_again_is_not_random(void **state)
{
    (void)state;
    for (size_t period = 256; period <= 2048; period *= 2) {
        for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
            g_autofree uint8_t *page = g_malloc(sizes[i]);

            fill_noise(page, period);
            for (size_t at = period; at < sizes[i]; at++) {
                page[at] = page[at - period];
            }
            assert_false(gc_page_looks_random(page, sizes[i]));
        }
    }
}

/* Numbers that grow a little from one to the next. */
static void fill_table(uint8_t *page, size_t size, bool big_endian)
{
    uint32_t value = 0x81234567;

    for (size_t at = 0; at < size; at += sizeof(value)) {
        uint32_t disk =
            big_endian ? GUINT32_TO_BE(value) : GUINT32_TO_LE(value);

        memcpy(page + at, &disk, sizeof(disk));
        value += 3 + (uint32_t)(at * at) % 29;
    }
}

static void test_tables_of_addresses_are_seen(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autofree uint8_t *page = g_malloc(sizes[i]);

        for (int big_endian = 0; big_endian < 2; big_endian++) {
            fill_table(page, sizes[i], big_endian);
            assert_true(gc_page_is_table(page, sizes[i]));
            assert_false(gc_page_looks_random(page, sizes[i]));
            for (size_t at = 0; at < sizes[i]; at += 16) {
                memset(page + at, 7, 12); /* most of them are equal */
            }
            assert_false(gc_page_is_table(page, sizes[i]));
        }
    }
}

static void test_other_pages_are_no_tables(void **state)
{
    uint8_t page[4096] = {0};

    (void)state;
    assert_false(gc_page_is_table(page, sizeof(page)));
    memset(page, 0x5a, sizeof(page));
    assert_false(gc_page_is_table(page, sizeof(page)));
    for (size_t at = 0; at < sizeof(page); at++) {
        page[at] =
            (uint8_t) "the kernel's own words, again and again "[at % 40];
    }
    assert_false(gc_page_is_table(page, sizeof(page)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_noise_looks_random),
        cmocka_unit_test(test_what_codecs_pack_well_does_not_look_random),
        cmocka_unit_test(test_counted_through_is_not_random),
        cmocka_unit_test(test_noise_that_comes_again_is_not_random),
        cmocka_unit_test(test_tables_of_addresses_are_seen),
        cmocka_unit_test(test_other_pages_are_no_tables),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
