/* SPDX-License-Identifier: MIT */
/* What is in dumps from which pages were left out, read by hand. */
#include <string.h>

#include "guestcore/dump.h"

#include "tests/lib/dumpcheck.h"
#include "tests/lib/dumprun.h"
#include "tests/lib/pagegen.h"
#include "tests/lib/testdir.h"
#include "tests/unit/cmocka_all.h"

#define PAGE GUESTGEN_PAGE

static const unsigned levels[] = {0, 1, 18, 31};

/* A kernel with memory of all kinds, some of which has data. */
static Pagegen *make_pages(void)
{
    const PagegenKernel *kernel = pagegen_kernels;
    Pagegen *pages;

    while (strcmp(kernel->release, "6.1.0") != 0) {
        kernel++;
    }
    pages = pagegen_new_full(kernel);
    for (GcPfn pfn = 0x5000; pfn < 0x11000; pfn += 0x61) {
        guestgen_fill_noise(pages->gen, pfn * PAGE, PAGE);
    }
    return pages;
}

static GcDumpStats write_dump(Pagegen *pages, const char *path,
                              const char *format, unsigned level)
{
    g_autoptr(GcGuest) guest = pagegen_make_guest(pages);
    g_autoptr(GcDumpJob) job = gc_dump_job_new(guest);
    g_autoptr(GError) error = NULL;

    assert_true(gc_dump_job_set_format(job, format, &error));
    assert_true(gc_dump_job_set_dump_level(job, level, &error));
    if (!gc_dump_job_run(job, path, &error)) {
        fail_msg("%s", error->message);
    }
    assert_null(gc_dump_job_get_warnings(job)[0]);
    return gc_dump_job_get_stats(job);
}

static bool is_left_out(const Pagegen *pages, GcPfn pfn, unsigned level)
{
    return gc_page_kind_is_left_out(pages->kinds[pfn], level);
}

static void assert_stats(const GcDumpStats *stats, const Pagegen *pages,
                         unsigned level)
{
    uint64_t left_out[GC_PAGE_KINDS] = {0};
    uint64_t n = 0;

    for (GcPfn pfn = 0; pfn < pages->n_pages; pfn++) {
        if (is_left_out(pages, pfn, level)) {
            left_out[pages->kinds[pfn]]++;
            n++;
        }
    }
    assert_int_equal(stats->pages, pages->n_pages);
    assert_int_equal(stats->dump_level, level);
    assert_int_equal(stats->left_out_pages, n);
    assert_memory_equal(stats->left_out, left_out, sizeof(left_out));
}

static void assert_page(Pagegen *pages, GcPfn pfn, const uint8_t *page)
{
    uint8_t wanted[PAGE];

    guestgen_read(pages->gen, pfn * PAGE, wanted, PAGE);
    assert_memory_equal(page, wanted, PAGE);
}

static bool has_bit(const DumpFile *file, uint64_t bitmap, GcPfn pfn)
{
    return (file->bytes[bitmap + pfn / 8] >> pfn % 8 & 1) != 0;
}

/* The content of some of the pages that are there; some of those have data. */
static void assert_data(const DumpFile *file, const DumpKdump *kdump,
                        Pagegen *pages)
{
    uint8_t page[PAGE];

    for (GcPfn pfn = 0; pfn < pages->n_pages; pfn += pfn < 0x800 ? 1 : 0x61) {
        if (has_bit(file, kdump->bitmap2, pfn)) {
            assert_true(dumpkdump_read(file, kdump, pfn, page));
            assert_page(pages, pfn, page);
        }
    }
}

static void test_kdump_has_the_pages_of_its_level_and_says_so(void **state)
{
    g_autofree char *path = testdir_path(*state, "vmcore");
    g_autoptr(Pagegen) pages = make_pages();

    for (size_t i = 0; i < G_N_ELEMENTS(levels); i++) {
        unsigned level = levels[i];
        GcDumpStats stats = write_dump(pages, path, "kdump-raw-zlib", level);
        g_autoptr(DumpFile) file = dumpfile_load(path);
        DumpKdump kdump = dumpkdump_assert_level(file, level);

        assert_stats(&stats, pages, level);
        assert_int_equal(kdump.n_stored, pages->n_pages - stats.left_out_pages);
        for (GcPfn pfn = 0; pfn < pages->n_pages; pfn++) {
            assert_true(has_bit(file, kdump.bitmap1, pfn));
            assert_int_equal(has_bit(file, kdump.bitmap2, pfn),
                             !is_left_out(pages, pfn, level));
        }
        assert_data(file, &kdump, pages);
    }
}

/* Every range has a place, for crash; where any of them is cut, none begins
 * with a page of the file, for makedumpfile. */
static void assert_places(const DumpFile *file)
{
    unsigned n = dumpelf_get_n_segments(file);
    bool is_cut = false;

    for (unsigned i = 1; i < n; i++) {
        DumpSegment segment = dumpelf_get_segment(file, i);

        is_cut = is_cut || segment.filesz < segment.memsz;
    }
    for (unsigned i = 1; i < n; i++) {
        DumpSegment segment = dumpelf_get_segment(file, i);

        assert_int_not_equal(segment.offset, 0);
        assert_int_equal(segment.offset % PAGE != 0, is_cut);
    }
}

/* Which pages are in no part of the file. */
static uint8_t *find_cut_pages(const DumpFile *file, const Pagegen *pages)
{
    uint8_t *cut = g_malloc(pages->n_pages);

    memset(cut, 1, pages->n_pages);
    for (unsigned i = 1; i < dumpelf_get_n_segments(file); i++) {
        DumpSegment segment = dumpelf_get_segment(file, i);

        assert_true(segment.filesz <= segment.memsz);
        memset(cut + segment.paddr / PAGE, 0, segment.filesz / PAGE);
    }
    return cut;
}

/* Long runs are no part of the file, and all others are. */
static void assert_cuts(const DumpFile *file, const Pagegen *pages,
                        unsigned level)
{
    g_autofree uint8_t *cut = find_cut_pages(file, pages);
    GcPfn end;

    for (GcPfn pfn = 0; pfn < pages->n_pages; pfn = end) {
        bool left_out = is_left_out(pages, pfn, level);

        for (end = pfn + 1;
             end < pages->n_pages && is_left_out(pages, end, level) == left_out;
             end++) {
        }
        for (GcPfn i = pfn; i < end; i++) {
            assert_int_equal(cut[i], left_out && end - pfn >= 256);
        }
    }
}

static void test_elf_has_no_room_for_what_was_left_out(void **state)
{
    g_autofree char *path = testdir_path(*state, "vmcore");
    g_autoptr(Pagegen) pages = make_pages();
    static const uint8_t zeros[PAGE];

    for (size_t i = 0; i < G_N_ELEMENTS(levels); i++) {
        unsigned level = levels[i];
        GcDumpStats stats = write_dump(pages, path, "elf", level);
        g_autoptr(DumpFile) file = dumpfile_load(path);
        uint8_t page[PAGE];

        dumpelf_assert_cut_headers(file);
        assert_stats(&stats, pages, level);
        assert_places(file);
        assert_cuts(file, pages, level);
        for (GcPfn pfn = 0; pfn < pages->n_pages; pfn++) {
            assert_true(dumpelf_read(file, pfn * PAGE, page, PAGE));
            if (is_left_out(pages, pfn, level)) {
                assert_memory_equal(page, zeros, PAGE);
            } else {
                assert_page(pages, pfn, page);
            }
        }
    }
}

/* A filtered dump can be filtered again, and nothing more goes. */
static void test_the_second_filter_finds_nothing(void **state)
{
    g_autofree char *path = testdir_path(*state, "vmcore");
    g_autofree char *again = testdir_path(*state, "again");
    g_autoptr(Pagegen) pages = make_pages();
    g_autoptr(GcGuest) guest = NULL;
    g_autoptr(GcDumpJob) job = NULL;
    GcDumpStats first = write_dump(pages, path, "kdump-raw-zlib", 16);
    GcDumpStats second;

    guest = dumprun_open(path);
    job = gc_dump_job_new(guest);
    assert_true(gc_dump_job_set_format(job, "kdump-raw-zlib", NULL));
    assert_true(gc_dump_job_set_dump_level(job, 16, NULL));
    assert_true(gc_dump_job_run(job, again, NULL));
    second = gc_dump_job_get_stats(job);
    assert_int_equal(second.left_out_pages, 0);
    assert_int_equal(second.absent_pages, first.left_out_pages);
}

static void test_a_dump_that_cannot_be_filtered_is_whole(void **state)
{
    g_autofree char *path = testdir_path(*state, "vmcore");
    g_autoptr(Guestgen) gen = guestgen_new_full();
    g_autoptr(GcGuest) guest = guestgen_make_guest(gen);
    g_autoptr(GcDumpJob) job = gc_dump_job_new(guest);
    g_autoptr(GcGuest) opened = NULL;

    assert_true(gc_dump_job_set_dump_level(job, 31, NULL));
    assert_true(gc_dump_job_run(job, path, NULL));
    assert_non_null(strstr(gc_dump_job_get_warnings(job)[0], "SIZE(page)"));
    assert_int_equal(gc_dump_job_get_stats(job).dump_level, 0);
    assert_int_equal(gc_dump_job_get_stats(job).left_out_pages, 0);
    opened = dumprun_open(path);
    dumprun_assert_memory(opened, gen);
}

static bool stop(uint64_t done, uint64_t total, void *user_data)
{
    (void)user_data;
    assert_int_equal(done, 0);
    assert_int_not_equal(total, 0);
    return false;
}

static void test_a_job_is_cancelled_while_it_filters(void **state)
{
    g_autofree char *path = testdir_path(*state, "vmcore");
    g_autoptr(Pagegen) pages = make_pages();
    g_autoptr(GcGuest) guest = pagegen_make_guest(pages);
    g_autoptr(GcDumpJob) job = gc_dump_job_new(guest);
    g_autoptr(GError) error = NULL;

    assert_true(gc_dump_job_set_dump_level(job, 31, NULL));
    gc_dump_job_set_progress(job, stop, NULL);
    assert_false(gc_dump_job_run(job, path, &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_CANCELLED));
    assert_int_equal(testdir_count(*state), 0);
}

static void test_levels_that_do_not_exist_are_refused(void **state)
{
    g_autoptr(Guestgen) gen = guestgen_new_tiny();
    g_autoptr(GcGuest) guest = guestgen_make_guest(gen);
    g_autoptr(GcDumpJob) job = gc_dump_job_new(guest);
    g_autoptr(GError) error = NULL;

    (void)state;
    assert_false(gc_dump_job_set_dump_level(job, 32, &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_INVALID));
    assert_true(gc_dump_job_set_dump_level(job, 31, NULL));
}

#define WITH_DIR(test)                                                         \
    cmocka_unit_test_setup_teardown(test, testdir_setup, testdir_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DIR(test_kdump_has_the_pages_of_its_level_and_says_so),
        WITH_DIR(test_elf_has_no_room_for_what_was_left_out),
        WITH_DIR(test_the_second_filter_finds_nothing),
        WITH_DIR(test_a_dump_that_cannot_be_filtered_is_whole),
        WITH_DIR(test_a_job_is_cancelled_while_it_filters),
        cmocka_unit_test(test_levels_that_do_not_exist_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
