/* SPDX-License-Identifier: MIT */
/* Layouts as values: where everything will lie in a file, without one. */
#include "dump/format/elf_layout.h"
#include "dump/format/kdump_layout.h"
#include "tests/lib/guestgen.h"
#include "tests/unit/cmocka_all.h"

#define PAGE GUESTGEN_PAGE

static void test_elf_headers_notes_and_memory_follow_one_another(void **state)
{
    g_autoptr(Guestgen) gen = guestgen_new_full();
    g_autoptr(GcGuest) guest = guestgen_make_guest(gen);
    g_autoptr(GcPlan) plan = gc_plan_new(guest, NULL);
    g_autoptr(GcElfLayout) layout = gc_elf_layout_new(guest, plan, false);
    const GcElfSegment *notes =
        &g_array_index(layout->segments, GcElfSegment, 0);
    uint64_t end = 64 + 56 * 6;

    (void)state;
    assert_int_equal(layout->segments->len, 6);
    assert_int_equal(layout->n_memory, 4);
    assert_int_equal(layout->section_offset, 0);
    assert_int_equal(notes->offset, end);
    assert_int_equal(notes->filesz, layout->notes->len);
    end += layout->notes->len;
    for (size_t i = 0; i < layout->n_memory; i++) {
        const GcElfSegment *block = gc_elf_layout_get_memory(layout, i);

        /* no byte is lost beyond what makes pages of pages */
        assert_in_range(block->offset, end, end + PAGE - 1);
        assert_int_equal(block->offset % PAGE, block->paddr % PAGE);
        end = block->offset + block->filesz;
    }
    assert_int_equal(layout->file_size, end);
}

static void test_elf_of_a_guest_without_notes_has_an_empty_note(void **state)
{
    g_autoptr(Guestgen) gen = guestgen_new();
    g_autoptr(GcGuest) guest = NULL;
    g_autoptr(GcPlan) plan = NULL;
    g_autoptr(GcElfLayout) layout = NULL;

    (void)state;
    guestgen_add_ram(gen, 0x10800, 0x100, GUESTGEN_HOST);
    guest = guestgen_make_guest(gen);
    plan = gc_plan_new(guest, NULL);
    layout = gc_elf_layout_new(guest, plan, false);
    assert_int_equal(layout->segments->len, 2);
    assert_int_equal(layout->notes->len, 0);
    assert_int_equal(gc_elf_layout_get_memory(layout, 0)->offset, 0x800);
    assert_int_equal(layout->file_size, 0x900);
}

static void assert_memory(const GcElfLayout *layout, size_t i, GcPfn first,
                          GcPfn stored_end, GcPfn end)
{
    const GcElfSegment *segment = gc_elf_layout_get_memory(layout, i);

    assert_int_equal(segment->paddr, first * PAGE);
    assert_int_equal(segment->filesz, (stored_end - first) * PAGE);
    assert_int_equal(segment->memsz, (end - first) * PAGE);
    assert_int_not_equal(segment->offset, 0);
}

static void test_elf_memory_is_cut_where_many_pages_are_missing(void **state)
{
    g_autoptr(Guestgen) gen = guestgen_new();
    g_autoptr(GcGuest) guest = NULL;
    g_autoptr(GcPlan) plan = NULL;
    g_autoptr(GcElfLayout) layout = NULL;

    (void)state;
    guestgen_add_ram(gen, 0, 4096 * PAGE, GUESTGEN_FD);
    guest = guestgen_make_guest(gen);
    plan = gc_plan_new(guest, NULL);
    gc_bitmap_clear_range(plan->keep, 0, 256);
    gc_bitmap_clear_range(plan->keep, 500, 755); /* one page too few */
    gc_bitmap_clear_range(plan->keep, 1000, 1256);
    gc_bitmap_clear_range(plan->keep, 3000, 4096);
    layout = gc_elf_layout_new(guest, plan, false);
    assert_int_equal(layout->n_memory, 3);
    assert_memory(layout, 0, 0, 0, 256);
    assert_memory(layout, 1, 256, 1000, 1256);
    assert_memory(layout, 2, 1256, 3000, 4096);
    assert_in_range(layout->file_size, (744 + 1744) * PAGE,
                    (744 + 1744 + 3) * PAGE);
    for (GcPfn pfn = 0; pfn < 4096; pfn++) {
        assert_int_equal(gc_elf_layout_find_memory(layout, pfn * PAGE),
                         pfn < 256    ? 0
                         : pfn < 1256 ? 1
                                      : 2);
    }
    assert_int_equal(gc_elf_layout_find_memory(layout, 4096 * PAGE), 3);
}

static void test_elf_memory_is_not_cut_into_too_many_parts(void **state)
{
    static const struct {
        GcPfn gap;
        size_t n_memory;
    } cases[] = {{256, 1}, {512, 32768}};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Guestgen) gen = guestgen_new();
        g_autoptr(GcGuest) guest = NULL;
        g_autoptr(GcPlan) plan = NULL;
        g_autoptr(GcElfLayout) layout = NULL;
        GcPfn gap = cases[i].gap;

        guestgen_add_ram(gen, 0, 128 * GUESTGEN_GIB, GUESTGEN_FD);
        guest = guestgen_make_guest(gen);
        plan = gc_plan_new(guest, NULL);
        for (GcPfn at = gap; at < plan->end_pfn; at += 2 * gap) {
            gc_bitmap_clear_range(plan->keep, at, at + gap);
        }
        layout = gc_elf_layout_new(guest, plan, false);
        assert_int_equal(layout->n_memory, cases[i].n_memory);
    }
}

static void assert_overlay(const GcElfLayout *layout, size_t i, GcPfn first,
                           GcPfn end)
{
    const GcElfSegment *overlay = &g_array_index(layout->segments, GcElfSegment,
                                                 1 + layout->n_memory + i);
    const GcElfSegment *under = gc_elf_layout_get_memory(
        layout, gc_elf_layout_find_memory(layout, first * PAGE));

    assert_int_equal(overlay->paddr, first * PAGE);
    assert_int_equal(overlay->vaddr - guestgen_kernel.vaddr,
                     first * PAGE - guestgen_kernel.paddr);
    assert_int_equal(overlay->filesz, (end - first) * PAGE);
    assert_int_equal(overlay->memsz, overlay->filesz);
    assert_int_equal(overlay->offset - under->offset,
                     overlay->paddr - under->paddr);
}

/* The image is at pages 512 to 1023. */
static void test_elf_shows_of_the_image_what_is_in_the_file(void **state)
{
    g_autoptr(Guestgen) gen = guestgen_new_full();
    g_autoptr(GcGuest) guest = guestgen_make_guest(gen);
    g_autoptr(GcPlan) plan = gc_plan_new(guest, NULL);
    g_autoptr(GcElfLayout) layout = NULL;

    (void)state;
    gc_bitmap_clear_range(plan->keep, 600, 900);
    layout = gc_elf_layout_new(guest, plan, false);
    assert_int_equal(layout->segments->len, 1 + layout->n_memory + 2);
    assert_overlay(layout, 0, 512, 600);
    assert_overlay(layout, 1, 900, 1024);
}

static void test_kdump_areas_follow_one_another_in_whole_blocks(void **state)
{
    g_autoptr(Guestgen) gen = guestgen_new_full();
    g_autoptr(GcGuest) guest = guestgen_make_guest(gen);
    g_autoptr(GcPlan) plan = gc_plan_new(guest, NULL);
    g_autoptr(GcKdumpLayout) layout = gc_kdump_layout_new(guest, plan);
    /* 0x100420 pages in bits, in blocks */
    uint64_t bitmap = 33 * PAGE;

    (void)state;
    assert_int_equal(plan->end_pfn, 0x100420);
    assert_int_equal(layout->block_size, PAGE);
    assert_int_equal(layout->notes_offset, PAGE + 104);
    assert_int_equal(layout->sub_hdr_size,
                     (104 + layout->notes->len + PAGE - 1) / PAGE);
    assert_int_equal(layout->bitmap_offset, (1 + layout->sub_hdr_size) * PAGE);
    assert_int_equal(layout->bitmap_size, bitmap);
    assert_int_equal(layout->desc_offset, layout->bitmap_offset + 2 * bitmap);
    assert_int_equal(layout->data_offset,
                     layout->desc_offset + 24 * plan->n_keep);
}

/* One more page than fits a block of bits. */
static void test_kdump_bitmaps_are_as_large_as_they_must(void **state)
{
    static const struct {
        uint64_t pages;
        uint64_t blocks;
    } cases[] = {{1, 1}, {32768, 1}, {32769, 2}, {65536, 2}, {65537, 3}};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Guestgen) gen = guestgen_new();
        g_autoptr(GcGuest) guest = NULL;
        g_autoptr(GcPlan) plan = NULL;
        g_autoptr(GcKdumpLayout) layout = NULL;

        guestgen_add_ram(gen, (cases[i].pages - 1) * PAGE, PAGE, GUESTGEN_HOST);
        guest = guestgen_make_guest(gen);
        plan = gc_plan_new(guest, NULL);
        layout = gc_kdump_layout_new(guest, plan);
        assert_int_equal(layout->bitmap_size, cases[i].blocks * PAGE);
        assert_int_equal(layout->data_offset - layout->desc_offset, 24);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elf_memory_is_cut_where_many_pages_are_missing),
        cmocka_unit_test(test_elf_memory_is_not_cut_into_too_many_parts),
        cmocka_unit_test(test_elf_shows_of_the_image_what_is_in_the_file),
        cmocka_unit_test(test_elf_headers_notes_and_memory_follow_one_another),
        cmocka_unit_test(test_elf_of_a_guest_without_notes_has_an_empty_note),
        cmocka_unit_test(test_kdump_areas_follow_one_another_in_whole_blocks),
        cmocka_unit_test(test_kdump_bitmaps_are_as_large_as_they_must),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
