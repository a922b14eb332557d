/* SPDX-License-Identifier: MIT */
/* What a kdump file looks like to those that read it: the file is looked at
 * by tests/lib/dumpcheck. */
#include <string.h>

#include "tests/lib/dumpcheck.h"
#include "tests/lib/dumprun.h"
#include "tests/lib/testdir.h"
#include "tests/unit/cmocka_all.h"

#define PAGE GUESTGEN_PAGE

static DumpFile *dump(Guestgen *gen, const char *dir)
{
    g_autofree char *path = dumprun_write(gen, dir, "kdump-raw-zlib", 2);

    return dumpfile_load(path);
}

static void test_the_header_tells_of_the_kernel(void **state)
{
    g_autoptr(Guestgen) gen = guestgen_new_full();
    g_autoptr(DumpFile) file = dump(gen, *state);
    const char *uts = (const char *)file->bytes + 12;

    dumpkdump_assert_headers(file);
    assert_string_equal(uts, "Linux");
    assert_string_equal(uts + 65, "generated");
    assert_string_equal(uts + 130, guestgen_kernel.release);
    assert_string_equal(uts + 195, "#1 SMP Tested");
    assert_string_equal(uts + 260, "x86_64");
    assert_string_equal(uts + 325, "(none)");
    assert_int_equal(dumpfile_u32(file, 424), 1); /* status: zlib */
    assert_int_equal(dumpfile_u32(file, 460), 2); /* nr_cpus */
}

/* libkdumpfile takes the architecture only from a whole utsname. */
static void test_utsname_is_whole_without_page_tables_too(void **state)
{
    g_autoptr(Guestgen) gen = guestgen_new_tiny();
    g_autoptr(DumpFile) file = dump(gen, *state);
    const char *uts = (const char *)file->bytes + 12;

    assert_string_equal(uts, "Linux");
    assert_string_equal(uts + 130, "6.1.0-tiny");
    assert_string_not_equal(uts + 195, "");
    assert_string_equal(uts + 260, "x86_64");
}

static void test_the_sub_header_tells_phys_base_and_max_mapnr(void **state)
{
    g_autoptr(Guestgen) gen = guestgen_new_full();
    g_autoptr(DumpFile) file = dump(gen, *state);
    DumpKdump kdump = dumpkdump_assert_headers(file);

    assert_int_equal(dumpfile_u64(file, 4096), 2 * GUESTGEN_MIB - 0x1e000000);
    assert_int_equal((int64_t)dumpfile_u64(file, 4096),
                     guestgen_get_phys_base(&guestgen_kernel));
    assert_int_equal(kdump.max_mapnr,
                     (4 * GUESTGEN_GIB + 0x20000 + 4 * GUESTGEN_MIB) / PAGE);
}

static void test_vmcoreinfo_is_in_the_notes_and_pointed_at(void **state)
{
    g_autoptr(Guestgen) gen = guestgen_new_full();
    g_autoptr(DumpFile) file = dump(gen, *state);
    g_autofree char *text = guestgen_make_vmcoreinfo(&guestgen_kernel);
    DumpKdump kdump = dumpkdump_assert_headers(file);
    DumpNote note;

    assert_true(
        dumpfile_get_note(file, kdump.notes, kdump.notes_size, 4, &note));
    assert_string_equal(note.name, "VMCOREINFO");
    assert_int_equal(dumpfile_u64(file, 4096 + 32), note.desc);
    assert_int_equal(dumpfile_u64(file, 4096 + 40), strlen(text));
    assert_memory_equal(file->bytes + note.desc, text, strlen(text));
    assert_false(
        dumpfile_get_note(file, kdump.notes, kdump.notes_size, 5, &note));
}

static void
test_a_guest_that_says_nothing_gets_an_empty_sub_header(void **state)
{
    g_autoptr(Guestgen) gen = guestgen_new();
    g_autoptr(DumpFile) file = NULL;
    static const uint8_t zeros[48];

    guestgen_add_ram(gen, 0, PAGE, GUESTGEN_HOST);
    file = dump(gen, *state);
    dumpkdump_assert_headers(file);
    assert_memory_equal(file->bytes + 4096, zeros, 48);
    assert_int_equal(dumpfile_u64(file, 4096 + 56), 0); /* size_note */
    /* It need not be Linux. */
    assert_memory_equal(file->bytes + 12, zeros, 8);
    assert_string_equal((const char *)file->bytes + 12 + 260, "x86_64");
}

static void test_every_page_is_there_as_the_guest_has_it(void **state)
{
    g_autoptr(Guestgen) gen = guestgen_new_full();
    g_autoptr(DumpFile) file = dump(gen, *state);
    DumpKdump kdump = dumpkdump_assert_headers(file);
    g_autoptr(GcMemory) memory = guestgen_make_memory(gen);
    uint8_t expected[PAGE];
    uint8_t page[PAGE];
    uint64_t n = 0;

    for (size_t i = 0; i < gc_memory_get_n_blocks(memory); i++) {
        GcMemoryBlock block = gc_memory_get_block(memory, i);
        GcPfn last = (block.start + block.size - 1) / PAGE;

        for (GcPfn pfn = block.start / PAGE; pfn <= last; pfn++) {
            guestgen_read(gen, pfn * PAGE, expected, PAGE);
            assert_true(dumpkdump_read(file, &kdump, pfn, page));
            assert_memory_equal(page, expected, PAGE);
            n++;
        }
    }
    assert_int_equal(kdump.n_stored, n); /* no two blocks share a page here */
    assert_false(dumpkdump_read(file, &kdump, 0xa0, page));
    assert_false(dumpkdump_read(file, &kdump, 0x900, page));
}

static void test_pages_of_zeros_share_one_that_is_stored_as_it_is(void **state)
{
    g_autoptr(Guestgen) gen = guestgen_new();
    g_autoptr(DumpFile) file = NULL;
    DumpKdump kdump;
    DumpPage hole;
    DumpPage zero;

    guestgen_add_ram(gen, 0, 1000 * PAGE, GUESTGEN_FD);
    *guestgen_at(gen, 3 * PAGE) = 0;
    file = dump(gen, *state);
    kdump = dumpkdump_assert_headers(file);
    assert_true(dumpkdump_get_page(file, &kdump, 3, &zero));
    assert_true(dumpkdump_get_page(file, &kdump, 900, &hole));
    assert_int_equal(zero.offset, hole.offset);
    assert_int_equal(zero.size, PAGE);
    assert_int_equal(zero.flags, 0);
    assert_int_equal(file->size, kdump.descs + 24 * 1000 + PAGE);
}

static void test_a_page_as_the_one_before_shares_its_place(void **state)
{
    enum { PAGES = 600 }; /* more than one chunk */
    g_autoptr(Guestgen) gen = guestgen_new();
    g_autoptr(DumpFile) file = NULL;
    DumpKdump kdump;
    unsigned places = 0;
    DumpPage last = {0};

    guestgen_add_ram(gen, 0, PAGES * PAGE, GUESTGEN_HOST);
    memset(guestgen_at(gen, 0), 0xcc, PAGES * PAGE);
    guestgen_fill_noise(gen, 300 * PAGE, PAGE);
    memcpy(guestgen_at(gen, 301 * PAGE), guestgen_at(gen, 300 * PAGE), PAGE);
    memset(guestgen_at(gen, 400 * PAGE), 0, PAGE);
    file = dump(gen, *state);
    kdump = dumpkdump_assert_headers(file);
    for (GcPfn pfn = 0; pfn < PAGES; pfn++) {
        uint8_t page[PAGE];
        DumpPage desc;

        assert_true(dumpkdump_read(file, &kdump, pfn, page));
        assert_memory_equal(page, guestgen_at(gen, pfn * PAGE), PAGE);
        assert_true(dumpkdump_get_page(file, &kdump, pfn, &desc));
        places += desc.offset != last.offset;
        last = desc;
    }
    /* Three chunks; noise and zeros in the midst of two. */
    assert_int_equal(places, 3 + 2 + 2);
    assert_true(dumpkdump_get_page(file, &kdump, 301, &last));
    assert_int_equal(last.flags, 0);
}

/* A dump of a running guest and what is made of its file by convert know of
 * different holes. */
static void test_what_is_known_of_holes_changes_no_byte(void **state)
{
    static const GuestgenBacking backings[] = {GUESTGEN_HOST, GUESTGEN_FD};
    enum { FIRST = 300, PAGES = 900 };
    DumpFile *files[2];

    for (size_t i = 0; i < 2; i++) {
        g_autoptr(Guestgen) gen = guestgen_new();

        guestgen_add_ram(gen, 0, PAGES * PAGE, backings[i]);
        memset(guestgen_at(gen, FIRST * PAGE), 0xcc, (PAGES - FIRST) * PAGE);
        files[i] = dump(gen, *state);
    }
    assert_int_equal(files[0]->size, files[1]->size);
    assert_memory_equal(files[0]->bytes, files[1]->bytes, files[0]->size);
    dumpfile_free(files[0]);
    dumpfile_free(files[1]);
}

static void test_what_does_not_shrink_is_stored_as_it_is(void **state)
{
    g_autoptr(Guestgen) gen = guestgen_new();
    g_autoptr(DumpFile) file = NULL;
    DumpKdump kdump;
    DumpPage noise;
    DumpPage data;

    guestgen_add_ram(gen, 0, 2 * PAGE, GUESTGEN_HOST);
    guestgen_fill_noise(gen, 0, PAGE);
    guestgen_fill(gen, PAGE, PAGE);
    file = dump(gen, *state);
    kdump = dumpkdump_assert_headers(file);
    assert_true(dumpkdump_get_page(file, &kdump, 0, &noise));
    assert_int_equal(noise.flags, 0);
    assert_int_equal(noise.size, PAGE);
    assert_true(dumpkdump_get_page(file, &kdump, 1, &data));
    assert_int_equal(data.flags, 1);
    assert_true(data.size < PAGE);
}

static void test_two_blocks_in_a_page_have_one_descriptor(void **state)
{
    g_autoptr(Guestgen) gen = guestgen_new();
    g_autoptr(DumpFile) file = NULL;
    DumpKdump kdump;
    uint8_t expected[PAGE];
    uint8_t page[PAGE];

    guestgen_add_ram(gen, 0x100, 0x100, GUESTGEN_HOST);
    guestgen_add_ram(gen, 0x900, 0x100, GUESTGEN_HOST);
    guestgen_fill_noise(gen, 0x100, 0x100);
    guestgen_fill_noise(gen, 0x900, 0x100);
    file = dump(gen, *state);
    kdump = dumpkdump_assert_headers(file);
    assert_int_equal(kdump.n_stored, 1);
    guestgen_read(gen, 0, expected, PAGE);
    assert_true(dumpkdump_read(file, &kdump, 0, page));
    assert_memory_equal(page, expected, PAGE);
}

/* More than 2^32 pages: the old field says the most it can. */
static void test_memory_above_16_tib_is_counted_in_64_bits(void **state)
{
    g_autoptr(Guestgen) gen = guestgen_new();
    g_autofree char *path = NULL;
    g_autoptr(GcGuest) opened = NULL;
    uint8_t byte;

    guestgen_add_ram(gen, 17 * 1024 * GUESTGEN_GIB, PAGE, GUESTGEN_HOST);
    guestgen_fill_noise(gen, 17 * 1024 * GUESTGEN_GIB, PAGE);
    path = dumprun_write(gen, *state, "kdump-raw-zlib", 0);
    opened = dumprun_open(path);
    dumprun_assert_memory(opened, gen);
    assert_false(
        gc_memory_read(gc_guest_get_memory(opened), 0, &byte, 1, NULL));
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, testdir_setup, testdir_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_the_header_tells_of_the_kernel),
        TEST(test_utsname_is_whole_without_page_tables_too),
        TEST(test_the_sub_header_tells_phys_base_and_max_mapnr),
        TEST(test_vmcoreinfo_is_in_the_notes_and_pointed_at),
        TEST(test_a_guest_that_says_nothing_gets_an_empty_sub_header),
        TEST(test_every_page_is_there_as_the_guest_has_it),
        TEST(test_pages_of_zeros_share_one_that_is_stored_as_it_is),
        TEST(test_a_page_as_the_one_before_shares_its_place),
        TEST(test_what_is_known_of_holes_changes_no_byte),
        TEST(test_what_does_not_shrink_is_stored_as_it_is),
        TEST(test_two_blocks_in_a_page_have_one_descriptor),
        TEST(test_memory_above_16_tib_is_counted_in_64_bits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
