/* SPDX-License-Identifier: MIT */
/* Which pages kdump files have: all of them, parts of a dump that was split,
 * files whose writing was interrupted.  The files are made by hand out of a
 * whole one. */
#include <glib/gstdio.h>
#include <string.h>

#include "dump/format/kdump_pages.h"
#include "tests/lib/dumpcheck.h"
#include "tests/lib/dumprun.h"
#include "tests/lib/testdir.h"
#include "tests/unit/cmocka_all.h"

#define PAGE GUESTGEN_PAGE
#define DESC 24u
#define STATUS 424u
#define STATUS_INCOMPLETE 8u
#define SUB 4096u
#define RAM_PAGES 5000u  /* more than the rank table has in one step */
#define HIGH_FIRST 9000u /* a second block */
#define HIGH_PAGES 600u

typedef struct Kdump {
    Guestgen *gen;
    const char *dir;
    DumpFile *file;
    DumpKdump at;
} Kdump;

static void init(Kdump *kdump, const char *dir)
{
    g_autofree char *path = NULL;

    kdump->dir = dir;
    kdump->gen = guestgen_new();
    guestgen_add_ram(kdump->gen, 0, RAM_PAGES * PAGE, GUESTGEN_FD);
    guestgen_add_ram(kdump->gen, HIGH_FIRST * PAGE, HIGH_PAGES * PAGE,
                     GUESTGEN_FD);
    guestgen_fill(kdump->gen, 0, 100 * PAGE);
    guestgen_fill(kdump->gen, 4090 * PAGE, 20 * PAGE);
    guestgen_fill_noise(kdump->gen, HIGH_FIRST * PAGE, 10 * PAGE);
    guestgen_add_cpu(kdump->gen);
    path = dumprun_write(kdump->gen, dir, "kdump-raw-zlib", 0);
    kdump->file = dumpfile_load(path);
    kdump->at = dumpkdump_assert_headers(kdump->file);
    g_remove(path);
}

static void clear(Kdump *kdump)
{
    dumpfile_free(kdump->file);
    guestgen_free(kdump->gen);
}

static void put(uint8_t *bytes, unsigned width, uint64_t value)
{
    for (unsigned i = 0; i < width; i++) {
        bytes[i] = (uint8_t)(value >> 8 * i);
    }
}

static char *save(const Kdump *kdump, const char *name, const uint8_t *bytes,
                  size_t size)
{
    char *path = testdir_path(kdump->dir, name);

    assert_true(
        g_file_set_contents(path, (const char *)bytes, (gssize)size, NULL));
    return path;
}

/* How many stored pages come before @pfn: there is one for each of RAM. */
static uint64_t count_before(GcPfn pfn)
{
    uint64_t low = MIN(pfn, RAM_PAGES);

    return pfn < HIGH_FIRST ? low : low + MIN(pfn - HIGH_FIRST, HIGH_PAGES);
}

/* The part with the page frames [@first, @end): its descriptors come first of
 * all; that the data of all pages follow does no harm. */
static char *save_part(const Kdump *kdump, const char *name, GcPfn first,
                       GcPfn end)
{
    const DumpFile *file = kdump->file;
    g_autofree uint8_t *bytes = g_memdup2(file->bytes, file->size);
    uint64_t from = count_before(first);
    uint64_t n = count_before(end) - from;

    put(bytes + SUB + 12, 4, 1);
    put(bytes + SUB + 16, 8, first);
    put(bytes + SUB + 24, 8, end);
    put(bytes + SUB + 80, 8, first);
    put(bytes + SUB + 88, 8, end);
    memset(bytes + kdump->at.descs, 0xee, kdump->at.n_stored * DESC);
    memcpy(bytes + kdump->at.descs, file->bytes + kdump->at.descs + from * DESC,
           n * DESC);
    return save(kdump, name, bytes, file->size);
}

static GcGuest *open_parts(const char *a, const char *b, const char *c,
                           GError **error)
{
    const char *const paths[] = {a, b, c, NULL};

    return gc_guest_open_files(paths, NULL, error);
}

static void test_parts_are_one_dump_in_any_order(void **state)
{
    static const GcPfn cuts[][2] = {
        {64, 4096}, {50, 4097}, {4999, 9001}, {6000, 6000}, {0, 9600}};
    Kdump kdump;

    init(&kdump, *state);
    for (size_t i = 0; i < G_N_ELEMENTS(cuts); i++) {
        g_autofree char *a = save_part(&kdump, "a", 0, cuts[i][0]);
        g_autofree char *b = save_part(&kdump, "b", cuts[i][0], cuts[i][1]);
        g_autofree char *c =
            save_part(&kdump, "c", cuts[i][1], kdump.at.max_mapnr);
        g_autoptr(GcGuest) guest = open_parts(a, b, c, NULL);
        g_autoptr(GcGuest) again = open_parts(c, a, b, NULL);

        assert_non_null(guest);
        assert_non_null(again);
        dumprun_assert_memory(guest, kdump.gen);
        dumprun_assert_memory(again, kdump.gen);
    }
    clear(&kdump);
}

static void assert_not_opened(const char *a, const char *b, const char *c)
{
    g_autoptr(GError) error = NULL;

    assert_null(open_parts(a, b, c, &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_INVALID) ||
                g_error_matches(error, GC_ERROR, GC_ERROR_UNSUPPORTED));
}

static void test_parts_that_are_not_one_dump_are_refused(void **state)
{
    Kdump kdump;

    init(&kdump, *state);
    {
        g_autofree char *a = save_part(&kdump, "a", 0, 640);
        g_autofree char *b = save_part(&kdump, "b", 640, 4096);
        g_autofree char *c = save_part(&kdump, "c", 4096, kdump.at.max_mapnr);
        g_autofree char *late = save_part(&kdump, "d", 641, 4096);
        g_autofree char *early = save_part(&kdump, "e", 639, 4096);
        g_autofree char *alien = NULL;

        put(kdump.file->bytes + 12 + 65, 4, 0x41424344); /* nodename */
        alien = save_part(&kdump, "f", 640, 4096);
        assert_not_opened(a, c, NULL);
        assert_not_opened(b, c, NULL);
        assert_not_opened(a, b, NULL);
        assert_not_opened(a, b, b);
        assert_not_opened(a, late, c);
        assert_not_opened(a, early, c);
        assert_not_opened(a, alien, c);
    }
    clear(&kdump);
}

/* Reads page @pfn of @guest; GC_ERROR_NO_DATA is the only failure. */
static bool has_page(const GcGuest *guest, const Kdump *kdump, GcPfn pfn)
{
    uint8_t expected[PAGE];
    uint8_t page[PAGE];
    g_autoptr(GError) error = NULL;

    if (!gc_memory_read(gc_guest_get_memory(guest), pfn * PAGE, page, PAGE,
                        &error)) {
        assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_NO_DATA));
        return false;
    }
    guestgen_read(kdump->gen, pfn * PAGE, expected, PAGE);
    assert_memory_equal(page, expected, PAGE);
    return true;
}

/* Opens @size bytes of the file, which must be called incomplete. */
static GcGuest *open_incomplete(const Kdump *kdump, size_t size)
{
    g_autofree char *path = save(kdump, "incomplete", kdump->file->bytes, size);
    const char *const paths[] = {path, NULL};
    GcDumpInfo info;
    GcGuest *guest = gc_guest_open_files(paths, &info, NULL);

    assert_non_null(guest);
    assert_true(info.is_incomplete);
    return guest;
}

/* As a full disk leaves it: descriptors that are zero. */
static void test_pages_that_were_not_written_are_no_data(void **state)
{
    static const GcPfn lost[] = {0, 99, 4095, 4096, 4999, 9000, 9599};
    g_autoptr(GcGuest) guest = NULL;
    Kdump kdump;

    init(&kdump, *state);
    put(kdump.file->bytes + STATUS, 4, 1 | STATUS_INCOMPLETE);
    for (size_t i = 0; i < G_N_ELEMENTS(lost); i++) {
        memset(kdump.file->bytes + kdump.at.descs +
                   count_before(lost[i]) * DESC,
               0, DESC);
    }
    guest = open_incomplete(&kdump, kdump.file->size);
    for (GcPfn pfn = 0, i = 0; pfn < HIGH_FIRST + HIGH_PAGES; pfn++) {
        bool is_lost = i < G_N_ELEMENTS(lost) && lost[i] == pfn;

        if (pfn < RAM_PAGES || pfn >= HIGH_FIRST) {
            assert_int_equal(has_page(guest, &kdump, pfn), !is_lost);
        }
        i += is_lost;
    }
    clear(&kdump);
}

/* As a copy that was not finished: the file ends among the data, or among the
 * descriptors. */
static void test_pages_behind_the_end_of_the_file_are_no_data(void **state)
{
    Kdump kdump;
    DumpPage page;

    init(&kdump, *state);
    put(kdump.file->bytes + STATUS, 4, 1 | STATUS_INCOMPLETE);
    assert_true(dumpkdump_get_page(kdump.file, &kdump.at, 4095, &page));
    {
        g_autoptr(GcGuest) guest =
            open_incomplete(&kdump, page.offset + page.size);
        g_autoptr(GcGuest) less =
            open_incomplete(&kdump, page.offset + page.size - 1);
        g_autoptr(GcGuest) least =
            open_incomplete(&kdump, kdump.at.descs + 10 * DESC);

        assert_true(has_page(guest, &kdump, 4095));
        assert_false(has_page(guest, &kdump, 4096));
        assert_true(has_page(guest, &kdump, 4999)); /* of zeros */
        assert_true(has_page(less, &kdump, 4094));
        assert_false(has_page(less, &kdump, 4095));
        assert_false(has_page(least, &kdump, 0)); /* no data at all */
        assert_false(has_page(least, &kdump, HIGH_FIRST));
    }
    clear(&kdump);
}

/* What is lost stays lost, and is not taken for zeros. */
static void test_an_incomplete_dump_stays_so_when_converted(void **state)
{
    g_autoptr(GcGuest) guest = NULL;
    g_autoptr(GcDumpJob) job = NULL;
    g_autofree char *path = testdir_path(*state, "converted");
    const char *const paths[] = {path, NULL};
    g_autoptr(GcGuest) converted = NULL;
    GcDumpInfo info;
    Kdump kdump;

    init(&kdump, *state);
    put(kdump.file->bytes + STATUS, 4, 1 | STATUS_INCOMPLETE);
    memset(kdump.file->bytes + kdump.at.descs + 7 * DESC, 0, 3 * DESC);
    guest = open_incomplete(&kdump, kdump.file->size);
    job = gc_dump_job_new(guest);
    assert_true(gc_dump_job_set_format(job, "kdump-zlib", NULL));
    assert_true(gc_dump_job_run(job, path, NULL));
    assert_int_equal(gc_dump_job_get_stats(job).absent_pages, 3);
    converted = gc_guest_open_files(paths, &info, NULL);
    assert_non_null(converted);
    assert_true(info.is_incomplete);
    assert_true(has_page(converted, &kdump, 6));
    for (GcPfn pfn = 7; pfn < 10; pfn++) {
        assert_false(has_page(converted, &kdump, pfn));
    }
    assert_true(has_page(converted, &kdump, 10));
    clear(&kdump);
}

static void test_descriptors_are_found_by_rank(void **state)
{
    Kdump kdump;

    init(&kdump, *state);
    {
        g_autofree char *path =
            save(&kdump, "whole", kdump.file->bytes, kdump.file->size);
        GcImageReader *image = gc_image_reader_open(path, NULL);
        GcKdumpPages *pages = gc_kdump_pages_new(&image, 1, NULL);
        const GcKdumpPart *part = gc_kdump_pages_get_first(pages);

        for (GcPfn pfn = 0; pfn < kdump.at.max_mapnr; pfn += 37) {
            GcKdumpPageDesc desc;
            DumpPage page;
            bool there = dumpkdump_get_page(kdump.file, &kdump.at, pfn, &page);

            assert_ptr_equal(gc_kdump_pages_find_part(pages, pfn), part);
            assert_int_equal(gc_kdump_pages_is_present(pages, pfn), there);
            if (there) {
                assert_true(gc_kdump_pages_read_descs(pages, part, pfn, 1,
                                                      &desc, NULL));
                assert_int_equal(desc.offset, page.offset);
                assert_int_equal(desc.size, page.size);
                assert_int_equal(desc.flags, page.flags);
            }
        }
        gc_kdump_pages_unref(pages);
        gc_image_reader_unref(image);
    }
    clear(&kdump);
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, testdir_setup, testdir_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_descriptors_are_found_by_rank),
        TEST(test_parts_are_one_dump_in_any_order),
        TEST(test_parts_that_are_not_one_dump_are_refused),
        TEST(test_pages_that_were_not_written_are_no_data),
        TEST(test_pages_behind_the_end_of_the_file_are_no_data),
        TEST(test_an_incomplete_dump_stays_so_when_converted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
