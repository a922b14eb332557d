/* SPDX-License-Identifier: MIT */
/* Dumps of a part of memory: in ELF to the byte, in kdump to whole pages. */
#include <string.h>

#include "tests/lib/dumprun.h"
#include "tests/lib/testdir.h"
#include "tests/unit/cmocka_all.h"

#define PAGE GUESTGEN_PAGE

/* Two blocks that do not touch. */
static Guestgen *make_gen(void)
{
    Guestgen *gen = guestgen_new();

    guestgen_add_ram(gen, 0x800, 20 * PAGE, GUESTGEN_FD);
    guestgen_add_ram(gen, 64 * PAGE, 16 * PAGE, GUESTGEN_FD);
    guestgen_fill_noise(gen, 0x800, 20 * PAGE);
    guestgen_fill(gen, 64 * PAGE, 16 * PAGE);
    guestgen_add_cpu(gen);
    return gen;
}

static bool dump(Guestgen *gen, const char *path, const char *format,
                 GcPaddr begin, uint64_t length, GError **error)
{
    g_autoptr(GcGuest) guest = guestgen_make_guest(gen);
    g_autoptr(GcDumpJob) job = gc_dump_job_new(guest);

    assert_true(gc_dump_job_set_format(job, format, NULL));
    gc_dump_job_set_range(job, begin, length);
    return gc_dump_job_run(job, path, error);
}

static bool is_memory(GcPaddr at)
{
    return (at >= 0x800 && at < 0x800 + 20 * PAGE) ||
           (at >= 64 * PAGE && at < 80 * PAGE);
}

/* Which addresses are in the dump: those of [@start, @end) that are memory,
 * as the guest has them. */
static void assert_has(const char *path, Guestgen *gen, GcPaddr start,
                       GcPaddr end)
{
    g_autoptr(GcGuest) guest = dumprun_open(path);
    GcMemory *memory = gc_guest_get_memory(guest);

    for (GcPaddr at = 0; at < 81 * PAGE; at += 0x80) {
        bool wanted = at >= start && at < end && is_memory(at);
        uint8_t expected;
        uint8_t found;

        if (!gc_memory_read(memory, at, &found, 1, NULL)) {
            assert_false(wanted);
        } else if (wanted) {
            guestgen_read(gen, at, &expected, 1);
            assert_int_equal(found, expected);
        } else {
            fail_msg("0x%" G_GINT64_MODIFIER "x is in the dump", at);
        }
    }
}

typedef struct Case {
    GcPaddr begin;
    uint64_t length;
    GcPaddr end;
} Case;

static const Case cases[] = {
    {0, 0, UINT64_MAX},
    {0x1880, 0, UINT64_MAX},
    {0x1880, 0x100, 0x1980},
    {0, 0x1000, 0x1000},
    {10 * PAGE, 60 * PAGE, 70 * PAGE},
    {64 * PAGE, 16 * PAGE, 80 * PAGE},
    {70 * PAGE + 0x80, UINT64_MAX, UINT64_MAX},
};

static void test_elf_has_it_to_the_byte(void **state)
{
    g_autoptr(Guestgen) gen = make_gen();
    g_autofree char *path = testdir_path(*state, "vmcore");

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        assert_true(
            dump(gen, path, "elf", cases[i].begin, cases[i].length, NULL));
        assert_has(path, gen, cases[i].begin, cases[i].end);
    }
}

static void assert_has_pages(const char *path, GcPaddr begin, GcPaddr end)
{
    g_autoptr(GcGuest) guest = dumprun_open(path);

    for (GcPfn pfn = 0; pfn < 81; pfn++) {
        uint8_t page[PAGE];
        bool wanted = false;

        for (GcPaddr at = pfn * PAGE; at < (pfn + 1) * PAGE; at += 0x80) {
            wanted |= at >= begin && at < end && is_memory(at);
        }
        assert_int_equal(gc_memory_read(gc_guest_get_memory(guest), pfn * PAGE,
                                        page, PAGE, NULL),
                         wanted);
    }
}

static void assert_pages_are_the_guests(const char *path, Guestgen *gen)
{
    g_autoptr(GcGuest) guest = dumprun_open(path);
    GcMemory *memory = gc_guest_get_memory(guest);

    for (size_t i = 0; i < gc_memory_get_n_blocks(memory); i++) {
        GcMemoryBlock block = gc_memory_get_block(memory, i);
        g_autofree uint8_t *found = g_malloc(block.size);
        g_autofree uint8_t *expected = g_malloc(block.size);

        assert_true(
            gc_memory_read(memory, block.start, found, block.size, NULL));
        guestgen_read(gen, block.start, expected, block.size);
        assert_memory_equal(found, expected, block.size);
    }
}

static void test_kdump_has_its_pages(void **state)
{
    static const char *const formats[] = {"kdump-raw-zlib", "kdump-zlib"};
    g_autoptr(Guestgen) gen = make_gen();
    g_autofree char *path = testdir_path(*state, "vmcore");

    for (size_t i = 0; i < G_N_ELEMENTS(cases) * 2; i++) {
        const Case *it = &cases[i / 2];

        assert_true(
            dump(gen, path, formats[i % 2], it->begin, it->length, NULL));
        assert_has_pages(path, it->begin, it->end);
        assert_pages_are_the_guests(path, gen);
    }
}

static void test_a_part_without_memory_is_no_dump(void **state)
{
    static const Case nothing[] = {
        {0, 0x800, 0}, {30 * PAGE, PAGE, 0}, {80 * PAGE, 0, 0}};
    static const char *const formats[] = {"elf", "kdump-raw-zlib"};
    g_autoptr(Guestgen) gen = make_gen();
    g_autofree char *path = testdir_path(*state, "vmcore");

    for (size_t i = 0; i < G_N_ELEMENTS(nothing) * 2; i++) {
        g_autoptr(GError) error = NULL;

        assert_false(dump(gen, path, formats[i % 2], nothing[i / 2].begin,
                          nothing[i / 2].length, &error));
        assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_NO_DATA));
        assert_int_equal(testdir_count(*state), 0);
    }
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, testdir_setup, testdir_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_elf_has_it_to_the_byte),
        TEST(test_kdump_has_its_pages),
        TEST(test_a_part_without_memory_is_no_dump),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
