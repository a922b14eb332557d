/* SPDX-License-Identifier: MIT */
/* Guest to file and back, in every format that this build writes: what the
 * reader makes of a file is the guest that was written, and the file is the
 * same whatever the number of threads. */
#include <string.h>

#include "guest/guest.h"
#include "tests/lib/dumpcheck.h"
#include "tests/lib/dumprun.h"
#include "tests/lib/testdir.h"
#include "tests/unit/cmocka_all.h"

static void test_memory_comes_back(void **state)
{
    g_auto(GStrv) formats = gc_dump_get_formats();

    assert_non_null(formats[0]);
    for (char **format = formats; *format != NULL; format++) {
        g_autoptr(Guestgen) gen = guestgen_new_full();
        g_autofree char *path = dumprun_write(gen, *state, *format, 2);
        g_autoptr(GcGuest) opened = dumprun_open(path);
        uint8_t byte;

        dumprun_assert_memory(opened, gen);
        assert_false(gc_memory_read(gc_guest_get_memory(opened),
                                    10 * GUESTGEN_MIB, &byte, 1, NULL));
        assert_int_equal(guestgen_get_hole_reads(gen), 0);
    }
}

static void assert_same_notes(const GcGuest *a, const GcGuest *b)
{
    GPtrArray *notes = gc_guest_get_notes(a);
    GPtrArray *others = gc_guest_get_notes(b);

    assert_int_equal(notes->len, others->len);
    for (guint i = 0; i < notes->len; i++) {
        const GcNote *note = g_ptr_array_index(notes, i);
        const GcNote *other = g_ptr_array_index(others, i);

        assert_string_equal(note->name, other->name);
        assert_int_equal(note->type, other->type);
        assert_true(g_bytes_equal(note->desc, other->desc));
    }
}

static void test_notes_and_what_they_tell_come_back(void **state)
{
    g_auto(GStrv) formats = gc_dump_get_formats();

    for (char **format = formats; *format != NULL; format++) {
        g_autoptr(Guestgen) gen = guestgen_new_full();
        g_autoptr(GcGuest) guest = guestgen_make_guest(gen);
        g_autofree char *path = dumprun_write(gen, *state, *format, 2);
        g_autoptr(GcGuest) opened = dumprun_open(path);
        int64_t phys_base = 0;

        assert_same_notes(guest, opened);
        assert_string_equal(gc_guest_get_arch(opened), "x86_64");
        assert_int_equal(gc_guest_get_n_cpus(opened), 2);
        assert_string_equal(gc_guest_get_os_release(opened),
                            guestgen_kernel.release);
        assert_true(gc_guest_get_phys_base(opened, &phys_base));
        assert_int_equal(phys_base, guestgen_get_phys_base(&guestgen_kernel));
    }
}

static void test_files_are_identical_for_any_number_of_threads(void **state)
{
    static const unsigned threads[] = {1, 2, 7};
    g_auto(GStrv) formats = gc_dump_get_formats();
    g_autoptr(Guestgen) gen = guestgen_new_full();

    for (char **format = formats; *format != NULL; format++) {
        g_autofree char *plain_path = dumprun_write(gen, *state, *format, 0);
        g_autoptr(DumpFile) plain = dumpfile_load(plain_path);

        for (size_t i = 0; i < G_N_ELEMENTS(threads); i++) {
            g_autofree char *path =
                dumprun_write(gen, *state, *format, threads[i]);
            g_autoptr(DumpFile) file = dumpfile_load(path);

            assert_int_equal(file->size, plain->size);
            assert_int_equal(memcmp(file->bytes, plain->bytes, file->size), 0);
        }
    }
}

/* A dump of a dump is the same file: nothing is lost or added on the way.
 * Page sized blocks only, since kdump knows pages and no bytes. */
static void test_a_dump_of_a_dump_is_the_same_file(void **state)
{
    g_auto(GStrv) formats = gc_dump_get_formats();

    for (char **format = formats; *format != NULL; format++) {
        g_autoptr(Guestgen) gen = guestgen_new_tiny();
        g_autofree char *path = dumprun_write(gen, *state, *format, 0);
        g_autofree char *again_path = testdir_path(*state, "again");
        g_autoptr(GcGuest) opened = dumprun_open(path);
        g_autoptr(GcDumpJob) job = gc_dump_job_new(opened);
        g_autoptr(DumpFile) file = dumpfile_load(path);
        g_autoptr(DumpFile) again = NULL;

        assert_true(gc_dump_job_set_format(job, *format, NULL));
        assert_true(gc_dump_job_run(job, again_path, NULL));
        again = dumpfile_load(again_path);
        assert_int_equal(file->size, again->size);
        assert_memory_equal(file->bytes, again->bytes, file->size);
    }
}

/* Several threads may read an opened dump at the same time. */
static gpointer read_all(gpointer data)
{
    GcMemory *memory = data;
    uint8_t page[GUESTGEN_PAGE];
    guint sum = 0;

    for (GcPaddr at = 5 * GUESTGEN_MIB; at < 7 * GUESTGEN_MIB;
         at += sizeof(page)) {
        if (!gc_memory_read(memory, at, page, sizeof(page), NULL)) {
            return NULL;
        }
        for (size_t i = 0; i < sizeof(page); i++) {
            sum += page[i];
        }
    }
    return GUINT_TO_POINTER(sum);
}

static void test_an_opened_dump_is_read_by_many_threads(void **state)
{
    g_auto(GStrv) formats = gc_dump_get_formats();

    for (char **format = formats; *format != NULL; format++) {
        g_autoptr(Guestgen) gen = guestgen_new_full();
        g_autoptr(GcMemory) original = guestgen_make_memory(gen);
        g_autofree char *path = dumprun_write(gen, *state, *format, 2);
        g_autoptr(GcGuest) opened = dumprun_open(path);
        GThread *threads[4];

        for (size_t i = 0; i < G_N_ELEMENTS(threads); i++) {
            threads[i] =
                g_thread_new("reader", read_all, gc_guest_get_memory(opened));
        }
        for (size_t i = 0; i < G_N_ELEMENTS(threads); i++) {
            assert_ptr_equal(g_thread_join(threads[i]), read_all(original));
        }
    }
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, testdir_setup, testdir_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_memory_comes_back),
        TEST(test_notes_and_what_they_tell_come_back),
        TEST(test_files_are_identical_for_any_number_of_threads),
        TEST(test_a_dump_of_a_dump_is_the_same_file),
        TEST(test_an_opened_dump_is_read_by_many_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
