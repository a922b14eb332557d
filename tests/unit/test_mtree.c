/* SPDX-License-Identifier: MIT */
/* Excerpts of what QEMU 7.2 prints for "info mtree -f". */
#include <string.h>

#include "guestcore/error.h"

#include "guest/attach/mtree.h"
#include "tests/unit/cmocka_all.h"

#define PC_VIEW                                                                \
    "FlatView #0\n"                                                            \
    " AS \"memory\", root: system\n"                                           \
    " AS \"cpu-memory-0\", root: system\n"                                     \
    " Root memory region: system\n"                                            \
    "  0000000000000000-000000000009ffff (prio 0, ram): pc.ram\n"              \
    "  00000000000a0000-00000000000bffff (prio 1, i/o): vga-lowmem\n"          \
    "  00000000000c0000-00000000000dffff (prio 1, rom): pc.rom\n"              \
    "  00000000000e0000-00000000000fffff (prio 0, rom): pc.bios "              \
    "@0000000000020000\n"                                                      \
    "  0000000000100000-000000001fffffff (prio 0, ram): pc.ram "               \
    "@0000000000100000\n"                                                      \
    "  00000000fee00000-00000000feefffff (prio 4096, i/o): apic-msi\n"         \
    "  0000000100000000-000000011fffffff (prio 0, ram): dimm0m KVM\n"

#define IO_VIEW                                                                \
    "FlatView #1\n"                                                            \
    " AS \"I/O\", root: io\n"                                                  \
    " Root memory region: io\n"                                                \
    "  0000000000000000-0000000000000007 (prio 0, i/o): dma-chan\n"

static GPtrArray *parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *ranges = gc_mtree_parse(text, &error);

    if (ranges == NULL) {
        fail_msg("%s", error->message);
    }
    return ranges;
}

static void assert_range(GPtrArray *ranges, guint i, GcPaddr start,
                         uint64_t size, const char *kind, const char *name)
{
    const GcMtreeRange *range = g_ptr_array_index(ranges, i);

    assert_int_equal(range->start, start);
    assert_int_equal(range->size, size);
    assert_string_equal(range->kind, kind);
    assert_string_equal(range->name, name);
}

static void test_a_pc_is_understood(void **state)
{
    g_autoptr(GPtrArray) ranges = parse(PC_VIEW "\n" IO_VIEW "\n");

    (void)state;
    assert_int_equal(ranges->len, 7);
    assert_range(ranges, 0, 0, 0xa0000, "ram", "pc.ram");
    assert_range(ranges, 1, 0xa0000, 0x20000, "i/o", "vga-lowmem");
    assert_range(ranges, 2, 0xc0000, 0x20000, "rom", "pc.rom");
    assert_range(ranges, 3, 0xe0000, 0x20000, "rom", "pc.bios");
    assert_range(ranges, 4, 0x100000, 0x1ff00000, "ram", "pc.ram");
    assert_range(ranges, 5, 0xfee00000, 0x100000, "i/o", "apic-msi");
    assert_range(ranges, 6, 0x100000000, 0x20000000, "ram", "dimm0m");
}

/* Other views come first, or are printed without an empty line between. */
static void test_the_view_of_memory_is_found_wherever_it_is(void **state)
{
    g_autoptr(GPtrArray) second = parse(IO_VIEW "\n" PC_VIEW "\n");
    g_autoptr(GPtrArray) dense = parse(IO_VIEW PC_VIEW IO_VIEW);

    (void)state;
    assert_int_equal(second->len, 7);
    assert_int_equal(dense->len, 7);
}

/* The human monitor ends lines with CR LF. */
static void test_line_ends_of_a_terminal_are_understood(void **state)
{
    g_auto(GStrv) lines = g_strsplit(PC_VIEW "\n" IO_VIEW, "\n", -1);
    g_autofree char *text = g_strjoinv("\r\n", lines);
    g_autoptr(GPtrArray) ranges = parse(text);

    (void)state;
    assert_int_equal(ranges->len, 7);
    assert_range(ranges, 0, 0, 0xa0000, "ram", "pc.ram");
    assert_range(ranges, 6, 0x100000000, 0x20000000, "ram", "dimm0m");
}

static void test_lines_that_are_not_understood_are_no_memory(void **state)
{
    static const char *const lines[] = {
        "nonsense",
        "  -000000000009ffff (prio 0, ram): x",
        "  0000000000000000 (prio 0, ram): x",
        "  0000000000000000-000000000009ffff",
        "  0000000000000000-000000000009ffff (prio 0, ram)",
        "  0000000000000000-000000000009ffff (prio 0 ram): x",
        "  0000000000001000-0000000000000fff (prio 0, ram): x",
        "  zzzzzzzzzzzzzzzz-000000000009ffff (prio 0, ram): x",
        /* 2^64 bytes are no size */
        "  0000000000000000-ffffffffffffffff (prio 0, ram): x",
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autofree char *text = g_strdup_printf(
            "FlatView #0\n AS \"memory\", root: system\n%s\n"
            "  0000000000200000-00000000002fffff (prio 0, ram): ram\n",
            lines[i]);
        g_autoptr(GPtrArray) ranges = parse(text);

        if (ranges->len != 1) {
            fail_msg("\"%s\" was taken for memory", lines[i]);
        }
        assert_range(ranges, 0, 0x200000, 0x100000, "ram", "ram");
    }
}

static void assert_refused(const char *text)
{
    g_autoptr(GError) error = NULL;

    assert_null(gc_mtree_parse(text, &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_FORMAT));
}

static void test_without_a_view_of_memory_there_is_no_answer(void **state)
{
    (void)state;
    assert_refused("");
    assert_refused(IO_VIEW);
    assert_refused("unknown command: 'info mtree'\r\n");
    assert_refused("FlatView #0\n AS \"cpu-memory-0\", root: system\n"
                   "  0000000000000000-00000000000fffff (prio 0, ram): ram\n");
}

static void test_ranges_out_of_order_are_refused(void **state)
{
    static const char *const seconds[] = {
        "0000000000100000-00000000002fffff", /* the same */
        "00000000001fffff-00000000002fffff", /* overlaps by a byte */
        "0000000000000000-00000000000fffff", /* before */
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(seconds); i++) {
        g_autofree char *text = g_strdup_printf(
            "FlatView #0\n AS \"memory\", root: system\n"
            "  0000000000100000-00000000001fffff (prio 0, ram): a\n"
            "  %s (prio 0, ram): b\n",
            seconds[i]);

        assert_refused(text);
    }
    /* nothing comes after the end of the address space */
    assert_refused("FlatView #0\n AS \"memory\", root: system\n"
                   "  fffffffffffff000-ffffffffffffffff (prio 0, ram): a\n"
                   "  0000000000000000-0000000000000fff (prio 0, ram): b\n");
}

static void test_every_prefix_is_looked_at_safely(void **state)
{
    static const char whole[] = PC_VIEW "\n" IO_VIEW;

    (void)state;
    for (size_t size = 0; size < sizeof(whole); size++) {
        g_autofree char *text = g_strndup(whole, size);
        g_autoptr(GPtrArray) ranges = gc_mtree_parse(text, NULL);

        assert_true(ranges == NULL || ranges->len <= 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_pc_is_understood),
        cmocka_unit_test(test_the_view_of_memory_is_found_wherever_it_is),
        cmocka_unit_test(test_line_ends_of_a_terminal_are_understood),
        cmocka_unit_test(test_lines_that_are_not_understood_are_no_memory),
        cmocka_unit_test(test_without_a_view_of_memory_there_is_no_answer),
        cmocka_unit_test(test_ranges_out_of_order_are_refused),
        cmocka_unit_test(test_every_prefix_is_looked_at_safely),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
