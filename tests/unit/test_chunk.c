/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "dump/chunk.h"
#include "tests/lib/guestgen.h"
#include "tests/unit/cmocka_all.h"

#define PAGE GUESTGEN_PAGE

typedef struct Cutting {
    Guestgen *gen;
    GcGuest *guest;
    GcPlan *plan;
    GcChunkCutter cutter;
    GcChunk chunk;
} Cutting;

static void cutting_start(Cutting *cutting, Guestgen *gen)
{
    *cutting = (Cutting){.gen = gen};
    cutting->guest = guestgen_make_guest(gen);
    cutting->plan = gc_plan_new(cutting->guest, NULL);
    assert_non_null(cutting->plan);
    cutting->cutter.plan = cutting->plan;
    gc_chunk_init(&cutting->chunk, cutting->plan);
}

static void cutting_end(Cutting *cutting)
{
    assert_false(gc_chunk_cut(&cutting->cutter, &cutting->chunk));
    assert_false(gc_chunk_cut(&cutting->cutter, &cutting->chunk));
    gc_chunk_clear(&cutting->chunk);
    gc_plan_free(cutting->plan);
    gc_guest_free(cutting->guest);
}

static void assert_next(Cutting *cutting, GcPfn first, GcPfn end, bool is_hole)
{
    assert_true(gc_chunk_cut(&cutting->cutter, &cutting->chunk));
    assert_int_equal(cutting->chunk.first, first);
    assert_int_equal(cutting->chunk.end, end);
    assert_int_equal(cutting->chunk.is_hole, is_hole);
}

static void test_a_chunk_is_a_mebibyte_of_data(void **state)
{
    g_autoptr(Guestgen) gen = guestgen_new();
    Cutting cutting;

    (void)state;
    guestgen_add_ram(gen, 3 * PAGE, 600 * PAGE, GUESTGEN_HOST);
    cutting_start(&cutting, gen);
    assert_int_equal(gc_chunk_get_max_pages(cutting.plan), 256);
    assert_next(&cutting, 3, 256, false);
    assert_int_equal(gc_chunk_count_pages(&cutting.chunk, cutting.plan), 253);
    assert_next(&cutting, 256, 512, false);
    assert_int_equal(gc_chunk_count_pages(&cutting.chunk, cutting.plan), 256);
    assert_next(&cutting, 512, 603, false);
    assert_int_equal(gc_chunk_count_pages(&cutting.chunk, cutting.plan), 91);
    cutting_end(&cutting);
}

static void test_a_long_hole_is_one_chunk_up_to_the_data(void **state)
{
    g_autoptr(Guestgen) gen = guestgen_new();
    Cutting cutting;

    (void)state;
    guestgen_add_ram(gen, 0, 2000 * PAGE, GUESTGEN_FD);
    *guestgen_at(gen, 1000 * PAGE) = 1;
    cutting_start(&cutting, gen);
    assert_next(&cutting, 0, 1000, true);
    assert_int_equal(gc_chunk_count_zeros(&cutting.chunk, cutting.plan), 1000);
    assert_next(&cutting, 1000, 1024, false);
    assert_next(&cutting, 1024, 2000, true);
    cutting_end(&cutting);
}

static void test_a_short_hole_goes_with_the_data_after_it(void **state)
{
    g_autoptr(Guestgen) gen = guestgen_new();
    Cutting cutting;

    (void)state;
    guestgen_add_ram(gen, 0, 300 * PAGE, GUESTGEN_FD);
    *guestgen_at(gen, 255 * PAGE) = 1;
    cutting_start(&cutting, gen);
    assert_next(&cutting, 0, 256, false);
    assert_true(gc_chunk_read(&cutting.chunk, cutting.plan,
                              gc_guest_get_memory(cutting.guest), NULL));
    assert_int_equal(gc_chunk_count_zeros(&cutting.chunk, cutting.plan), 255);
    assert_false(cutting.chunk.is_zero[255]);
    assert_next(&cutting, 256, 300, false);
    cutting_end(&cutting);
}

/* Progress is told between chunks, so even a hole of a terabyte has several;
 * what lies between two blocks is in none, or is not counted. */
static void test_endless_holes_are_cut_and_gaps_are_not_counted(void **state)
{
    g_autoptr(Guestgen) gen = guestgen_new();
    Cutting cutting;
    uint64_t pages = 0;
    unsigned chunks = 0;

    (void)state;
    guestgen_add_ram(gen, 0, 8 * GUESTGEN_GIB, GUESTGEN_FD);
    guestgen_add_ram(gen, 1024 * GUESTGEN_GIB, 8 * GUESTGEN_GIB, GUESTGEN_FD);
    cutting_start(&cutting, gen);
    while (gc_chunk_cut(&cutting.cutter, &cutting.chunk)) {
        assert_true(cutting.chunk.is_hole);
        pages += gc_chunk_count_pages(&cutting.chunk, cutting.plan);
        chunks++;
    }
    assert_int_equal(pages, 16 * GUESTGEN_GIB / PAGE);
    assert_in_range(chunks, 8, 64);
    cutting_end(&cutting);
}

static void test_read_knows_zeros_from_data_and_touches_no_hole(void **state)
{
    g_autoptr(Guestgen) gen = guestgen_new();
    Cutting cutting;
    uint8_t expected[PAGE];

    (void)state;
    guestgen_add_ram(gen, 0, 64 * PAGE, GUESTGEN_CUSTOM);
    guestgen_fill(gen, 7 * PAGE, PAGE);
    *guestgen_at(gen, 8 * PAGE) = 0;             /* used, and zero */
    *guestgen_at(gen, 9 * PAGE) = 1;             /* the first byte */
    *guestgen_at(gen, 11 * PAGE + PAGE - 1) = 1; /* the last byte */
    cutting_start(&cutting, gen);
    assert_next(&cutting, 0, 64, false);
    memset(cutting.chunk.is_zero, 0xff, sizeof(bool));
    assert_true(gc_chunk_read(&cutting.chunk, cutting.plan,
                              gc_guest_get_memory(cutting.guest), NULL));
    for (GcPfn pfn = 0; pfn < 64; pfn++) {
        bool has_data = pfn == 7 || pfn == 9 || pfn == 11;

        assert_int_equal(cutting.chunk.is_zero[pfn], !has_data);
    }
    guestgen_read(gen, 7 * PAGE, expected, PAGE);
    assert_memory_equal(cutting.chunk.pages + 7 * PAGE, expected, PAGE);
    assert_int_equal(guestgen_get_hole_reads(gen), 0);
    assert_int_equal(gc_chunk_count_zeros(&cutting.chunk, cutting.plan), 61);
    cutting_end(&cutting);
}

static void test_what_is_not_memory_in_a_page_reads_as_zeros(void **state)
{
    g_autoptr(Guestgen) gen = guestgen_new();
    Cutting cutting;
    uint8_t expected[3 * PAGE];

    (void)state;
    guestgen_add_ram(gen, 0x100, 0x200, GUESTGEN_HOST);
    guestgen_add_ram(gen, 0x800, 0x1000, GUESTGEN_HOST);
    guestgen_add_ram(gen, 0x2fff, 1, GUESTGEN_HOST);
    guestgen_fill_noise(gen, 0x100, 0x200);
    guestgen_fill_noise(gen, 0x800, 0x1000);
    guestgen_fill_noise(gen, 0x2fff, 1);
    cutting_start(&cutting, gen);
    assert_next(&cutting, 0, 3, false);
    memset(cutting.chunk.room, 0xa5, 3 * PAGE);
    assert_true(gc_chunk_read(&cutting.chunk, cutting.plan,
                              gc_guest_get_memory(cutting.guest), NULL));
    guestgen_read(gen, 0, expected, sizeof(expected));
    assert_memory_equal(cutting.chunk.pages, expected, sizeof(expected));
    cutting_end(&cutting);
}

/* A block of the host's, and one that is not mapped, which the chunk of the
 * last of the first one's pages reaches into. */
static void test_borrowed_pages_are_those_that_are_read(void **state)
{
    enum { PAGES = 300 };
    g_autoptr(Guestgen) gen = guestgen_new();
    g_autofree uint8_t *expected = g_malloc(2 * PAGES * PAGE);
    unsigned borrowed = 0;
    Cutting cutting;

    (void)state;
    guestgen_add_ram(gen, 0, PAGES * PAGE, GUESTGEN_HOST);
    guestgen_add_ram(gen, PAGES * PAGE, PAGES * PAGE, GUESTGEN_FD);
    guestgen_fill(gen, 0, 2 * PAGES * PAGE);
    memset(guestgen_at(gen, 5 * PAGE), 0, PAGE);
    guestgen_read(gen, 0, expected, 2 * PAGES * PAGE);
    cutting_start(&cutting, gen);
    for (GcPfn pfn = 0; pfn < 2 * PAGES; pfn = cutting.chunk.end) {
        const GcChunk *chunk = &cutting.chunk;

        assert_true(gc_chunk_cut(&cutting.cutter, &cutting.chunk));
        assert_true(gc_chunk_borrow(&cutting.chunk, cutting.plan,
                                    gc_guest_get_memory(cutting.guest), NULL));
        assert_memory_equal(chunk->pages, expected + chunk->first * PAGE,
                            (chunk->end - chunk->first) * PAGE);
        assert_int_equal(gc_chunk_count_zeros(chunk, cutting.plan), pfn == 0);
        borrowed += chunk->pages != chunk->room;
        if (chunk->pages != chunk->room) {
            assert_ptr_equal(chunk->pages,
                             guestgen_at(gen, chunk->first * PAGE));
        }
    }
    assert_int_equal(borrowed, 1);
    cutting_end(&cutting);
}

static void test_memory_that_cannot_be_read_fails_the_chunk(void **state)
{
    g_autoptr(Guestgen) gen = guestgen_new();
    Cutting cutting;
    g_autoptr(GError) error = NULL;

    (void)state;
    guestgen_add_ram(gen, 0, 16 * PAGE, GUESTGEN_CUSTOM);
    guestgen_fill(gen, 0, 16 * PAGE);
    guestgen_break_at(gen, 9 * PAGE);
    cutting_start(&cutting, gen);
    assert_next(&cutting, 0, 16, false);
    assert_false(gc_chunk_read(&cutting.chunk, cutting.plan,
                               gc_guest_get_memory(cutting.guest), &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_IO));
    cutting_end(&cutting);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_chunk_is_a_mebibyte_of_data),
        cmocka_unit_test(test_a_long_hole_is_one_chunk_up_to_the_data),
        cmocka_unit_test(test_a_short_hole_goes_with_the_data_after_it),
        cmocka_unit_test(test_endless_holes_are_cut_and_gaps_are_not_counted),
        cmocka_unit_test(test_read_knows_zeros_from_data_and_touches_no_hole),
        cmocka_unit_test(test_what_is_not_memory_in_a_page_reads_as_zeros),
        cmocka_unit_test(test_borrowed_pages_are_those_that_are_read),
        cmocka_unit_test(test_memory_that_cannot_be_read_fails_the_chunk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
