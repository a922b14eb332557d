/* SPDX-License-Identifier: MIT */
/* What is not the kernel's memory.  The kernel's sections are laid out after
 * Linux's include/linux/mmzone.h, with literal offsets. */
#include <string.h>

#include "dump/other_memory.h"
#include "tests/lib/guestgen.h"
#include "tests/unit/cmocka_all.h"

#define MIB GUESTGEN_MIB
#define GIB GUESTGEN_GIB
#define SECTION (128 * MIB)
#define ROOTS 0x180000u /* in the image: the pointers to the roots */
#define ROOT 0x190000u  /* in the image: sections 0 to 127 */

static GcRanges *find_other(Guestgen *gen)
{
    g_autoptr(GcGuest) guest = guestgen_make_guest(gen);

    return gc_other_memory_find(guest);
}

static void assert_is(const GcRanges *ranges, size_t i, GcPaddr start,
                      GcPaddr end)
{
    assert_true(i < gc_ranges_get_n(ranges));
    assert_int_equal(gc_ranges_get(ranges, i).start, start);
    assert_int_equal(gc_ranges_get(ranges, i).end, end);
}

static void put_u64(Guestgen *gen, GcPaddr paddr, uint64_t value)
{
    uint8_t *to = guestgen_at(gen, paddr);

    for (unsigned i = 0; i < 8; i++) {
        to[i] = (uint8_t)(value >> 8 * i);
    }
}

/* A guest whose kernel says where its sections are: 32 bytes each, the coded
 * address of the page structures first. */
static Guestgen *new_guest(uint64_t roots, const char *more)
{
    const GuestgenKernel *kernel = &guestgen_kernel;
    Guestgen *gen = guestgen_new();
    g_autofree char *text = guestgen_make_vmcoreinfo(kernel);
    g_autofree char *all =
        g_strdup_printf("%sSYMBOL(mem_section)=%" G_GINT64_MODIFIER "x\n"
                        "LENGTH(mem_section)=%" G_GUINT64_FORMAT "\n"
                        "SIZE(mem_section)=32\n"
                        "OFFSET(mem_section.section_mem_map)=0\n"
                        "%s",
                        text, kernel->vaddr + ROOTS, roots, more);

    guestgen_add_ram(gen, 0, 256 * MIB, GUESTGEN_FD);
    guestgen_add_kernel(gen, kernel);
    guestgen_clear_notes(gen);
    guestgen_add_note(gen, "VMCOREINFO", 0, all);
    put_u64(gen, kernel->paddr + ROOTS, kernel->vaddr + ROOT);
    return gen;
}

static void add_section(Guestgen *gen, uint64_t number)
{
    put_u64(gen, guestgen_kernel.paddr + ROOT + number * 32,
            UINT64_C(0xffffea0000000000) | 3);
}

static void test_what_has_no_section_is_not_the_kernels(void **state)
{
    g_autoptr(Guestgen) gen = new_guest(4, "NUMBER(SECTION_SIZE_BITS)=27\n");
    g_autoptr(GcRanges) other = NULL;

    (void)state;
    add_section(gen, 0);
    add_section(gen, 1);
    guestgen_add_ram(gen, 3 * SECTION, MIB, GUESTGEN_FD);
    guestgen_add_ram(gen, 0xfd000000, 16 * MIB, GUESTGEN_FD);
    other = find_other(gen);
    assert_int_equal(gc_ranges_get_n(other), 2);
    assert_is(other, 0, 3 * SECTION, 3 * SECTION + MIB);
    assert_is(other, 1, 0xfd000000, 0xfd000000 + 16 * MIB);
}

static void test_memory_that_was_plugged_in_is_the_kernels(void **state)
{
    g_autoptr(Guestgen) gen = new_guest(4, "");
    g_autoptr(GcRanges) other = NULL;

    (void)state;
    add_section(gen, 0);
    add_section(gen, 1);
    add_section(gen, 100);
    guestgen_add_ram(gen, 100 * SECTION, SECTION, GUESTGEN_FD);
    guestgen_add_ram(gen, 101 * SECTION, MIB, GUESTGEN_FD);
    other = find_other(gen);
    assert_int_equal(gc_ranges_get_n(other), 1);
    assert_is(other, 0, 101 * SECTION, 101 * SECTION + MIB);
}

/* Then what is known of PCs is all that is known. */
static void test_a_kernel_that_lies_is_not_believed(void **state)
{
    static const struct {
        uint64_t roots;
        const char *more;
        bool has_section_0;
        uint64_t second_root;
    } cases[] = {
        {4, "", false, 0}, /* its own image would not be RAM */
        {UINT64_C(1) << 40, "", true, 0},
        {4, "NUMBER(SECTION_SIZE_BITS)=63\n", true, 0},
        {4, "NUMBER(SECTION_SIZE_BITS)=3\n", true, 0},
        {4, "", true, 0x1234}, /* a root that cannot be read */
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Guestgen) gen = new_guest(cases[i].roots, cases[i].more);
        g_autoptr(GcRanges) other = NULL;

        add_section(gen, cases[i].has_section_0 ? 0 : 7);
        put_u64(gen, guestgen_kernel.paddr + ROOTS + 8, cases[i].second_root);
        guestgen_add_ram(gen, 3 * SECTION, MIB, GUESTGEN_FD);
        guestgen_add_ram(gen, 0xfffc0000, 256 * 1024, GUESTGEN_FD);
        other = find_other(gen);
        assert_int_equal(gc_ranges_get_n(other), 1);
        assert_is(other, 0, 0xfffc0000, 4 * GIB);
    }
}

/* RAM below 4 GiB is one piece; what lies apart from it is a device. */
static void test_devices_of_a_pc_are_known_without_a_kernel(void **state)
{
    g_autoptr(Guestgen) gen = guestgen_new();
    g_autoptr(GcRanges) other = NULL;

    (void)state;
    guestgen_add_ram(gen, 0, 0xa0000, GUESTGEN_FD);
    guestgen_add_ram(gen, MIB, 3 * GIB + 512 * MIB - MIB, GUESTGEN_FD);
    guestgen_add_ram(gen, 3 * GIB + 512 * MIB, MIB, GUESTGEN_FD); /* touches */
    guestgen_add_ram(gen, 0xfd000000, 16 * MIB, GUESTGEN_FD);
    guestgen_add_ram(gen, 0xfffc0000, 256 * 1024, GUESTGEN_FD);
    guestgen_add_ram(gen, 4 * GIB, GIB, GUESTGEN_FD);
    other = find_other(gen);
    assert_int_equal(gc_ranges_get_n(other), 2);
    assert_is(other, 0, 0xfd000000, 0xfe000000);
    assert_is(other, 1, 0xfffc0000, 4 * GIB);
}

static void test_nothing_is_known_of_other_machines(void **state)
{
    g_autoptr(GcMemory) memory = gc_memory_new();
    g_autoptr(GcGuest) guest = gc_guest_new("aarch64", memory, NULL);
    g_autoptr(GcRanges) other = NULL;
    static uint8_t page[4096];

    (void)state;
    assert_true(
        gc_memory_add_host(memory, 0xfd000000, sizeof(page), page, NULL));
    other = gc_other_memory_find(guest);
    assert_int_equal(gc_ranges_get_n(other), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_has_no_section_is_not_the_kernels),
        cmocka_unit_test(test_memory_that_was_plugged_in_is_the_kernels),
        cmocka_unit_test(test_a_kernel_that_lies_is_not_believed),
        cmocka_unit_test(test_devices_of_a_pc_are_known_without_a_kernel),
        cmocka_unit_test(test_nothing_is_known_of_other_machines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
