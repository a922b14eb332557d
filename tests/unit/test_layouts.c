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
        cmocka_unit_test(test_elf_headers_notes_and_memory_follow_one_another),
        cmocka_unit_test(test_elf_of_a_guest_without_notes_has_an_empty_note),
        cmocka_unit_test(test_kdump_areas_follow_one_another_in_whole_blocks),
        cmocka_unit_test(test_kdump_bitmaps_are_as_large_as_they_must),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
