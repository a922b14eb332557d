/* SPDX-License-Identifier: MIT */
/* What is counted of dumps, and what is said against them. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "guestcore/dump.h"
#include "guestcore/inspect.h"

#include "tests/lib/dumprun.h"
#include "tests/lib/testdir.h"
#include "tests/unit/cmocka_all.h"

static GcDumpInspection *inspect(const char *path)
{
    const char *const paths[] = {path, NULL};
    g_autoptr(GError) error = NULL;
    GcDumpInspection *inspection = gc_dump_inspect(paths, &error);

    if (inspection == NULL) {
        fail_msg("%s", error->message);
    }
    return inspection;
}

static void assert_objects(const GcDumpInspection *inspection, const char *word)
{
    g_autofree char *all = g_strjoinv(
        "\n",
        (char **)(uintptr_t)gc_dump_inspection_get_objections(inspection));

    if (strstr(all, word) == NULL) {
        fail_msg("no '%s' in: %s", word, all);
    }
}

static guint count_objections(const GcDumpInspection *inspection)
{
    return g_strv_length(
        (char **)(uintptr_t)gc_dump_inspection_get_objections(inspection));
}

static uint64_t sum_packed(const GcDumpPages *pages)
{
    uint64_t sum = 0;

    for (size_t i = 0; pages->packed[i].codec != NULL; i++) {
        assert_true(pages->packed[i].bytes < pages->packed[i].pages * 4096);
        sum += pages->packed[i].pages;
    }
    return sum;
}

static void test_every_page_is_counted_once(void **state)
{
    g_auto(GStrv) formats = gc_dump_get_formats();

    for (char **format = formats; *format != NULL; format++) {
        g_autoptr(Guestgen) gen = guestgen_new_full();
        g_autofree char *path = dumprun_write(gen, *state, *format, 0);
        g_autoptr(GcDumpInspection) inspection = inspect(path);
        const GcDumpPages *pages = gc_dump_inspection_get_pages(inspection);

        assert_int_equal(pages->missing, 0);
        assert_int_equal(pages->left_out, 0);
        assert_int_equal(pages->zero + pages->raw + sum_packed(pages),
                         pages->memory);
        if (g_str_has_prefix(*format, "kdump")) {
            const char *codec = strrchr(*format, '-') + 1;

            assert_string_equal(pages->packed[0].codec, codec);
            assert_null(pages->packed[1].codec);
            /* noise is not packed, and most of the guest is zeros */
            assert_true(pages->raw >= 9 && pages->raw < 100);
            assert_true(pages->zero > pages->memory / 2);
        }
    }
}

/* The only page of zeros is then one that nobody shares. */
static void test_pages_that_share_one(void **state)
{
    for (unsigned zeros = 0; zeros < 4; zeros++) {
        g_autoptr(Guestgen) gen = guestgen_new();
        g_autofree char *path = NULL;
        g_autoptr(GcDumpInspection) inspection = NULL;
        const GcDumpPages *pages;

        guestgen_add_ram(gen, 0, 6 * GUESTGEN_PAGE, GUESTGEN_HOST);
        guestgen_fill_noise(gen, 0, (6 - zeros) * (uint64_t)GUESTGEN_PAGE);
        guestgen_add_cpu(gen);
        path = dumprun_write(gen, *state, "kdump-raw-zlib", 0);
        inspection = inspect(path);
        pages = gc_dump_inspection_get_pages(inspection);
        assert_int_equal(pages->zero, zeros < 2 ? 0 : zeros);
        assert_int_equal(pages->raw, zeros < 2 ? 6 : 6 - zeros);
    }
}

static void test_a_good_dump_has_no_objections(void **state)
{
    static const char *const formats[] = {"elf", "kdump-raw-zlib"};

    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_autoptr(Guestgen) gen = guestgen_new_full();
        g_autofree char *path = dumprun_write(gen, *state, formats[i], 0);
        g_autoptr(GcDumpInspection) inspection = inspect(path);

        if (count_objections(inspection) != 0) {
            assert_objects(inspection, "an objection that is known");
        }
    }
}

static void test_what_is_said_of_guest_and_codec(void **state)
{
    static const struct {
        const char *format;
        const char *word;
        bool with_kernel;
    } cases[] = {
        {"elf", "no VMCOREINFO", false},
        {"elf", "no registers", false},
        {"kdump-raw-zlib", "utsname is not filled", false},
        {"kdump-zlib", "flattened", true},
        {"kdump-raw-zstd", "packed by zstd", true},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Guestgen) gen = guestgen_new_full();
        g_autofree char *path = NULL;
        g_autoptr(GcDumpInspection) inspection = NULL;

        if (!cases[i].with_kernel) {
            guestgen_clear_notes(gen);
        }
        path = dumprun_write(gen, *state, cases[i].format, 0);
        inspection = inspect(path);
        assert_objects(inspection, cases[i].word);
        assert_int_equal(count_objections(inspection),
                         cases[i].with_kernel ? 1 : 3);
    }
}

/* Writes zeros, or @byte, over a place in a file. */
static void damage(const char *path, off_t offset, size_t size, uint8_t byte)
{
    uint8_t bytes[128];
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    assert_true(fd >= 0 && size <= sizeof(bytes));
    memset(bytes, byte, size);
    assert_int_equal(pwrite(fd, bytes, size, offset), size);
    close(fd);
}

/* Places as docs/formats/kdump.md and the gABI have them. */
static void test_what_is_said_of_headers(void **state)
{
    static const struct {
        const char *format;
        off_t offset;
        size_t size;
        uint8_t byte;
        const char *word;
    } cases[] = {
        {"kdump-raw-zlib", 12, 65, 0, "utsname is not filled"},
        {"kdump-raw-zlib", 4096, 8, 1, "another phys_base"},
        {"kdump-raw-zlib", 4096 + 32, 16, 0, "where VMCOREINFO is"},
        {"elf", 64, 1, 1, "not that of the notes"},
        {"elf", 52, 1, 63, "do not follow"}, /* e_ehsize */
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Guestgen) gen = guestgen_new_full();
        g_autofree char *path = dumprun_write(gen, *state, cases[i].format, 0);
        g_autoptr(GcDumpInspection) inspection = NULL;

        damage(path, cases[i].offset, cases[i].size, cases[i].byte);
        inspection = inspect(path);
        assert_objects(inspection, cases[i].word);
    }
}

/* A file that breaks off, after each of its last pages. */
static void test_missing_pages_are_counted(void **state)
{
    static const char *const formats[] = {"elf", "kdump-raw-zlib"};

    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_autoptr(Guestgen) gen = guestgen_new();
        g_autofree char *path = NULL;
        g_autofree char *whole = NULL;
        gsize size;

        guestgen_add_ram(gen, 0, 16 * GUESTGEN_PAGE, GUESTGEN_HOST);
        guestgen_fill_noise(gen, 0, 16 * GUESTGEN_PAGE);
        guestgen_add_cpu(gen);
        path = dumprun_write(gen, *state, formats[i], 0);
        assert_true(g_file_get_contents(path, &whole, &size, NULL));
        for (unsigned lost = 1; lost < 8; lost++) {
            g_autoptr(GcDumpInspection) inspection = NULL;
            const GcDumpPages *pages;

            if (i == 1) { /* of kdump, the header tells that it breaks off */
                damage(path, 424, 1, 8 | 1);
            }
            assert_int_equal(truncate(path, (off_t)(size - 4096 * lost)), 0);
            inspection = inspect(path);
            pages = gc_dump_inspection_get_pages(inspection);
            assert_int_equal(pages->memory, 16);
            assert_int_equal(pages->missing, lost);
            assert_int_equal(pages->raw, 16 - lost);
            assert_objects(inspection, "not written to its end");
        }
    }
}

static void test_what_is_no_dump_is_refused(void **state)
{
    g_autofree char *path = testdir_path(*state, "file");
    const char *const paths[] = {path, NULL};
    const char *const none[] = {NULL};
    g_autoptr(GError) error = NULL;

    assert_true(g_file_set_contents(path, "no dump", -1, NULL));
    assert_null(gc_dump_inspect(paths, &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_FORMAT));
    assert_non_null(strstr(error->message, path));
    g_clear_error(&error);
    assert_null(gc_dump_inspect(none, &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_INVALID));
}

static void test_notes_are_listed(void **state)
{
    g_autoptr(Guestgen) gen = guestgen_new_full();
    g_autoptr(GcGuest) guest = guestgen_make_guest(gen);
    const char *name = NULL;
    uint32_t type = 42;

    (void)state;
    assert_int_equal(gc_guest_get_n_notes(guest), 5);
    assert_int_equal(
        g_bytes_get_size(gc_guest_get_note(guest, 0, &name, &type)), 336);
    assert_string_equal(name, "CORE");
    assert_int_equal(type, 1);
    assert_non_null(gc_guest_get_note(guest, 4, &name, NULL));
    assert_string_equal(name, "VMCOREINFO");
}

#define TESTDIR_TEST(name)                                                     \
    cmocka_unit_test_setup_teardown(name, testdir_setup, testdir_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TESTDIR_TEST(test_every_page_is_counted_once),
        TESTDIR_TEST(test_pages_that_share_one),
        TESTDIR_TEST(test_a_good_dump_has_no_objections),
        TESTDIR_TEST(test_what_is_said_of_guest_and_codec),
        TESTDIR_TEST(test_what_is_said_of_headers),
        TESTDIR_TEST(test_missing_pages_are_counted),
        TESTDIR_TEST(test_what_is_no_dump_is_refused),
        cmocka_unit_test(test_notes_are_listed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
