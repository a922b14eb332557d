/* SPDX-License-Identifier: MIT */
/* kdump files whose headers lie: one honest file, and one field of it changed
 * at a literal offset. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/dumpcheck.h"
#include "tests/lib/dumprun.h"
#include "tests/lib/testdir.h"
#include "tests/unit/cmocka_all.h"

#define SUB 4096u /* where the sub header is */

/* The tiny guest's dump, and where things are in it. */
typedef struct Kdump {
    Guestgen *gen;
    char *path;
    DumpFile *file;
    DumpKdump at;
} Kdump;

static void kdump_init(Kdump *kdump, const char *dir)
{
    kdump->gen = guestgen_new_tiny();
    kdump->path = dumprun_write(kdump->gen, dir, "kdump-raw-zlib", 0);
    kdump->file = dumpfile_load(kdump->path);
    kdump->at = dumpkdump_assert_headers(kdump->file);
}

static void kdump_clear(Kdump *kdump)
{
    guestgen_free(kdump->gen);
    g_free(kdump->path);
    dumpfile_free(kdump->file);
}

/* Makes the file honest but for @width bytes at @offset. */
static void kdump_put(const Kdump *kdump, uint64_t offset, unsigned width,
                      uint64_t value)
{
    int fd = open(kdump->path, O_WRONLY | O_CLOEXEC);
    uint8_t bytes[8];

    for (unsigned i = 0; i < width; i++) {
        bytes[i] = (uint8_t)(value >> 8 * i);
    }
    assert_int_equal(pwrite(fd, kdump->file->bytes, kdump->file->size, 0),
                     kdump->file->size);
    assert_int_equal(pwrite(fd, bytes, width, (off_t)offset), width);
    close(fd);
}

static void assert_refused(const Kdump *kdump, int code)
{
    g_autoptr(GError) error = NULL;

    assert_null(gc_guest_open(kdump->path, NULL, &error));
    if (!g_error_matches(error, GC_ERROR, code)) {
        fail_msg("%s", error->message);
    }
}

static void test_headers_that_lie_are_refused(void **state)
{
    static const struct {
        uint64_t offset;
        unsigned width;
        uint64_t value;
    } lies[] = {
        {8, 4, 0},
        {8, 4, 7},
        {8, 4, UINT32_MAX},
        {428, 4, 0},
        {428, 4, 2048},
        {428, 4, 5000},
        {428, 4, 1u << 17},
        {428, 4, UINT32_MAX},
        {432, 4, 0},
        {432, 4, UINT32_MAX},
        {436, 4, 0},
        {436, 4, UINT32_MAX},
        {SUB + 96, 8, 0},
        {SUB + 96, 8, 32769},
        {SUB + 96, 8, UINT64_MAX},
        {SUB + 56, 8, UINT64_MAX}, /* size_note */
        {SUB + 56, 8, 17},         /* cut in the middle of a note */
        {SUB + 48, 8, UINT64_MAX}, /* offset_note */
        {SUB + 48, 8, 1u << 30},
    };
    Kdump kdump;

    kdump_init(&kdump, *state);
    for (size_t i = 0; i < G_N_ELEMENTS(lies); i++) {
        g_autoptr(GError) error = NULL;

        kdump_put(&kdump, lies[i].offset, lies[i].width, lies[i].value);
        if (gc_guest_open(kdump.path, NULL, &error) != NULL ||
            g_error_matches(error, GC_ERROR, GC_ERROR_INVALID)) {
            fail_msg("lie %zu was believed", i);
        }
    }
    kdump_clear(&kdump);
}

static void test_a_part_alone_is_refused(void **state)
{
    Kdump kdump;

    kdump_init(&kdump, *state);
    kdump_put(&kdump, 8, 4, 7); /* after our time */
    assert_refused(&kdump, GC_ERROR_FORMAT);
    kdump.file->bytes[SUB + 12] = 1; /* split */
    kdump_put(&kdump, SUB + 88, 8, 1);
    assert_refused(&kdump, GC_ERROR_UNSUPPORTED); /* the rest is missing */
    kdump_put(&kdump, SUB + 80, 8, 9);            /* from 9 to 0 */
    assert_refused(&kdump, GC_ERROR_FORMAT);
    kdump_clear(&kdump);
}

static void test_an_unknown_machine_is_unsupported(void **state)
{
    Kdump kdump;

    kdump_init(&kdump, *state);
    /* neither its name nor its registers are known */
    memset(kdump.file->bytes + SUB + 56, 0, 8);
    memcpy(kdump.file->bytes + 272, "vax\0\0", 6);
    kdump_put(&kdump, 8, 4, 6);
    assert_refused(&kdump, GC_ERROR_UNSUPPORTED);
    /* nor is it text */
    kdump_put(&kdump, 272, 3, 0xfefdff);
    assert_refused(&kdump, GC_ERROR_UNSUPPORTED);
    kdump_clear(&kdump);
}

/* QEMU names some machines wrongly; no two have registers of one size. */
static void test_registers_tell_more_than_the_name(void **state)
{
    g_autoptr(GcGuest) guest = NULL;
    Kdump kdump;

    kdump_init(&kdump, *state);
    kdump_put(&kdump, 272, 3, 'v' | 'a' << 8 | 'x' << 16); /* machine */
    guest = gc_guest_open(kdump.path, NULL, NULL);
    assert_non_null(guest);
    assert_string_equal(gc_guest_get_arch(guest), "x86_64");
    kdump_clear(&kdump);
}

/* Versions 4 and 5 know only max_mapnr of 32 bits. */
static void test_older_versions_are_read(void **state)
{
    Kdump kdump;

    kdump_init(&kdump, *state);
    for (unsigned version = 4; version <= 5; version++) {
        g_autoptr(GcGuest) guest = NULL;

        kdump_put(&kdump, SUB + 96, 8, UINT64_MAX);
        kdump.file->bytes[8] = (uint8_t)version;
        kdump_put(&kdump, SUB + 96, 8, UINT64_MAX);
        guest = dumprun_open(kdump.path);
        dumprun_assert_memory(guest, kdump.gen);
    }
    kdump_clear(&kdump);
}

/* QEMU before and after writes no machine, or "Unknown". */
static void test_a_file_that_does_not_name_its_machine_is_read(void **state)
{
    Kdump kdump;
    g_autoptr(GcGuest) guest = NULL;

    kdump_init(&kdump, *state);
    kdump_put(&kdump, 272, 1, 0);
    guest = dumprun_open(kdump.path);
    assert_string_equal(gc_guest_get_arch(guest), "x86_64");
    kdump_clear(&kdump);
}

/* What reading page 1, which is packed, says after a change of its
 * descriptor. */
static void assert_page_fails(const Kdump *kdump, uint64_t offset,
                              unsigned width, uint64_t value, int code)
{
    uint8_t page[GUESTGEN_PAGE];
    g_autoptr(GcGuest) guest = NULL;
    g_autoptr(GError) error = NULL;

    kdump_put(kdump, kdump->at.descs + 24 + offset, width, value);
    guest = dumprun_open(kdump->path);
    assert_false(gc_memory_read(gc_guest_get_memory(guest), 0x1000, page,
                                sizeof(page), &error));
    if (!g_error_matches(error, GC_ERROR, code)) {
        fail_msg("%s", error->message);
    }
    /* the neighbours are not touched by it */
    assert_true(gc_memory_read(gc_guest_get_memory(guest), 0, page,
                               sizeof(page), NULL));
    assert_true(gc_memory_read(gc_guest_get_memory(guest), 0x4000, page,
                               sizeof(page), NULL));
}

static void test_descriptors_that_lie_fail_only_their_page(void **state)
{
    Kdump kdump;
    DumpPage page;

    kdump_init(&kdump, *state);
    assert_true(dumpkdump_get_page(kdump.file, &kdump.at, 1, &page));
    assert_int_equal(page.flags, 1);
    assert_page_fails(&kdump, 8, 4, 0, GC_ERROR_FORMAT);
    assert_page_fails(&kdump, 0, 8, 0, GC_ERROR_FORMAT);
    assert_page_fails(&kdump, 8, 4, 4097, GC_ERROR_FORMAT);
    assert_page_fails(&kdump, 8, 4, UINT32_MAX, GC_ERROR_FORMAT);
    assert_page_fails(&kdump, 8, 4, page.size - 1, GC_ERROR_FORMAT);
    assert_page_fails(&kdump, 12, 4, 0, GC_ERROR_FORMAT);
    assert_page_fails(&kdump, 12, 4, 0x80, GC_ERROR_UNSUPPORTED);
    assert_page_fails(&kdump, 0, 8, 0, GC_ERROR_FORMAT);
    assert_page_fails(&kdump, 0, 8, kdump.file->size, GC_ERROR_FORMAT);
    assert_page_fails(&kdump, 0, 8, UINT64_MAX, GC_ERROR_FORMAT);
    kdump_clear(&kdump);
}

/* As makedumpfile does with pages that it filters: in bitmap 1 alone. */
static void test_a_page_that_was_left_out_is_no_data(void **state)
{
    uint8_t page[GUESTGEN_PAGE];
    Kdump kdump;
    g_autoptr(GcGuest) guest = NULL;
    g_autoptr(GError) error = NULL;

    kdump_init(&kdump, *state);
    kdump_put(&kdump, kdump.at.bitmap2, 1, 0x11 & ~2); /* not page 1 */
    guest = dumprun_open(kdump.path);
    assert_false(gc_memory_read(gc_guest_get_memory(guest), 0x1000, page,
                                sizeof(page), &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_NO_DATA));
    kdump_clear(&kdump);
}

/* Reads cross pages, and begin and end inside them. */
static void test_memory_is_read_at_any_offset_and_length(void **state)
{
    g_autoptr(Guestgen) gen = guestgen_new_full();
    g_autofree char *path = dumprun_write(gen, *state, "kdump-raw-zlib", 2);
    g_autoptr(GcGuest) guest = dumprun_open(path);
    GcMemory *memory = gc_guest_get_memory(guest);
    uint8_t expected[3 * GUESTGEN_PAGE];
    uint8_t found[3 * GUESTGEN_PAGE];

    for (size_t len = 1; len < sizeof(found); len = len * 3 + 1) {
        for (GcPaddr at = 8 * GUESTGEN_MIB - 0x3000; at < 8 * GUESTGEN_MIB;
             at += 777) {
            guestgen_read(gen, at, expected, len);
            assert_true(gc_memory_read(memory, at, found, len, NULL));
            assert_memory_equal(found, expected, len);
        }
    }
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, testdir_setup, testdir_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_an_unknown_machine_is_unsupported),
        TEST(test_headers_that_lie_are_refused),
        TEST(test_a_part_alone_is_refused),
        TEST(test_registers_tell_more_than_the_name),
        TEST(test_older_versions_are_read),
        TEST(test_a_file_that_does_not_name_its_machine_is_read),
        TEST(test_descriptors_that_lie_fail_only_their_page),
        TEST(test_a_page_that_was_left_out_is_no_data),
        TEST(test_memory_is_read_at_any_offset_and_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
