/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/dumprun.h"
#include "tests/lib/testdir.h"
#include "tests/unit/cmocka_all.h"

#define PAGE GUESTGEN_PAGE

static const unsigned thread_counts[] = {0, 1, 2, 7};

/* Runs a job that must fail, over a file that is there already, and checks
 * that nothing is left of it. */
static void assert_fails(GcDumpJob *job, const char *dir, int code,
                         const char *words)
{
    g_autofree char *path = testdir_path(dir, "vmcore");
    g_autofree char *content = NULL;
    g_autoptr(GError) error = NULL;

    assert_true(g_file_set_contents(path, "old", -1, NULL));
    assert_false(gc_dump_job_run(job, path, &error));
    if (!g_error_matches(error, GC_ERROR, code)) {
        fail_msg("%s", error->message);
    }
    assert_true(g_str_has_prefix(error->message, path));
    assert_non_null(strstr(error->message, words));
    assert_true(g_file_get_contents(path, &content, NULL, NULL));
    assert_string_equal(content, "old");
    assert_int_equal(testdir_count(dir), 1);
}

static void test_the_file_is_private_and_the_stats_are_those_of_it(void **state)
{
    g_auto(GStrv) formats = gc_dump_get_formats();

    for (char **format = formats; *format != NULL; format++) {
        g_autoptr(Guestgen) gen = guestgen_new();
        g_autoptr(GcGuest) guest = NULL;
        g_autoptr(GcDumpJob) job = NULL;
        g_autofree char *path = testdir_path(*state, "vmcore");
        GcDumpStats stats;
        struct stat st;
        mode_t mask = umask(0);

        guestgen_add_ram(gen, 0x800, 999 * PAGE, GUESTGEN_FD);
        guestgen_fill(gen, 50 * PAGE, 10 * PAGE);
        guestgen_fill_noise(gen, 800 * PAGE, PAGE);
        guest = guestgen_make_guest(gen);
        job = gc_dump_job_new(guest);
        assert_true(gc_dump_job_set_format(job, *format, NULL));
        assert_true(gc_dump_job_run(job, path, NULL));
        umask(mask);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        stats = gc_dump_job_get_stats(job);
        assert_int_equal(stats.pages, 1000);
        assert_int_equal(stats.zero_pages, 989);
        assert_int_equal(stats.file_size, st.st_size);
        assert_int_equal(stats.file_used, st.st_blocks * 512);
        assert_int_equal(testdir_count(*state), 1);
    }
}

static void test_unknown_formats_are_refused_and_known_ones_named(void **state)
{
    static const char *const names[] = {"", "ELF", "kdump-raw", "kdump-zlib2",
                                        "elf-zlib"};
    g_autoptr(Guestgen) gen = guestgen_new_tiny();
    g_autoptr(GcGuest) guest = guestgen_make_guest(gen);
    g_autoptr(GcDumpJob) job = gc_dump_job_new(guest);

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) error = NULL;

        assert_false(gc_dump_job_set_format(job, names[i], &error));
        assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_INVALID));
        assert_non_null(strstr(error->message, "kdump-raw-zlib"));
    }
}

static void test_a_place_that_is_no_file_is_refused(void **state)
{
    g_autoptr(Guestgen) gen = guestgen_new_tiny();
    g_autoptr(GcGuest) guest = guestgen_make_guest(gen);
    g_autoptr(GcDumpJob) job = gc_dump_job_new(guest);
    g_autofree char *nowhere = g_build_filename(*state, "no", "vmcore", NULL);
    g_autoptr(GError) error = NULL;

    assert_false(gc_dump_job_run(job, "/dev/null", &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_INVALID));
    g_clear_error(&error);
    assert_false(gc_dump_job_run(job, nowhere, &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_IO));
    assert_int_equal(testdir_count(*state), 0);
}

static void test_a_guest_without_memory_is_no_dump(void **state)
{
    g_autoptr(Guestgen) gen = guestgen_new();
    g_autoptr(GcGuest) guest = guestgen_make_guest(gen);
    g_autoptr(GcDumpJob) job = gc_dump_job_new(guest);

    assert_fails(job, *state, GC_ERROR_NO_DATA, "no memory");
}

/* What progress was told, and when it is to say stop. */
typedef struct Watch {
    unsigned calls;
    unsigned stop_at; /* the call that says stop; 0 for none */
    uint64_t done;
    uint64_t total;
    bool memory_done;
} Watch;

static bool watch_progress(uint64_t done, uint64_t total, void *user_data)
{
    Watch *watch = user_data;

    assert_false(watch->memory_done);
    assert_true(done >= watch->done);
    assert_true(done <= total);
    assert_true(watch->calls == 0 || total == watch->total);
    watch->done = done;
    watch->total = total;
    watch->calls++;
    return watch->calls != watch->stop_at;
}

static void watch_memory_done(void *user_data)
{
    Watch *watch = user_data;

    assert_false(watch->memory_done);
    watch->memory_done = true;
}

static GcDumpJob *watched_job(GcGuest *guest, const char *format,
                              unsigned threads, Watch *watch)
{
    GcDumpJob *job = gc_dump_job_new(guest);

    assert_true(gc_dump_job_set_format(job, format, NULL));
    gc_dump_job_set_threads(job, threads);
    gc_dump_job_set_progress(job, watch_progress, watch);
    gc_dump_job_set_memory_done(job, watch_memory_done, watch);
    return job;
}

static void test_progress_goes_from_nothing_to_all(void **state)
{
    g_auto(GStrv) formats = gc_dump_get_formats();
    g_autoptr(Guestgen) gen = guestgen_new_full();
    g_autoptr(GcGuest) guest = guestgen_make_guest(gen);
    g_autofree char *path = testdir_path(*state, "vmcore");

    for (char **format = formats; *format != NULL; format++) {
        Watch watch = {0};
        g_autoptr(GcDumpJob) job = watched_job(guest, *format, 2, &watch);

        assert_true(gc_dump_job_run(job, path, NULL));
        assert_true(watch.calls > 4);
        assert_int_equal(watch.done, watch.total);
        assert_int_equal(watch.total, gc_dump_job_get_stats(job).pages * PAGE);
        assert_true(watch.memory_done);
    }
}

static void test_cancel_at_any_moment_leaves_nothing(void **state)
{
    g_auto(GStrv) formats = gc_dump_get_formats();
    g_autoptr(Guestgen) gen = guestgen_new_full();
    g_autoptr(GcGuest) guest = guestgen_make_guest(gen);

    for (char **format = formats; *format != NULL; format++) {
        for (size_t i = 0; i < G_N_ELEMENTS(thread_counts); i++) {
            for (unsigned stop_at = 1; stop_at < 8; stop_at++) {
                Watch watch = {.stop_at = stop_at};
                g_autoptr(GcDumpJob) job =
                    watched_job(guest, *format, thread_counts[i], &watch);

                assert_fails(job, *state, GC_ERROR_CANCELLED, "cancelled");
                assert_int_equal(watch.calls, stop_at);
                assert_false(watch.memory_done);
            }
        }
    }
}

static void test_memory_that_cannot_be_read_fails_the_dump(void **state)
{
    static const uint64_t pages[] = {0, 1, 255, 256, 700, 1023};
    g_auto(GStrv) formats = gc_dump_get_formats();
    g_autoptr(Guestgen) gen = guestgen_new();
    g_autoptr(GcGuest) guest = NULL;

    guestgen_add_ram(gen, GUESTGEN_GIB, 1024 * PAGE, GUESTGEN_CUSTOM);
    for (uint64_t i = 0; i < 1024; i++) {
        *guestgen_at(gen, GUESTGEN_GIB + i * PAGE) = 1;
    }
    guest = guestgen_make_guest(gen);
    for (char **format = formats; *format != NULL; format++) {
        for (size_t i = 0; i < G_N_ELEMENTS(pages) * 4; i++) {
            Watch watch = {0};
            g_autoptr(GcDumpJob) job =
                watched_job(guest, *format, thread_counts[i % 4], &watch);

            guestgen_break_at(gen, GUESTGEN_GIB + pages[i / 4] * PAGE + 9);
            assert_fails(job, *state, GC_ERROR_IO, "broken on purpose");
            assert_false(watch.memory_done);
        }
    }
}

/* A job is not used up by a failure. */
static void test_a_job_can_run_again(void **state)
{
    g_autoptr(Guestgen) gen = guestgen_new_full();
    g_autoptr(GcGuest) guest = guestgen_make_guest(gen);
    g_autofree char *path = testdir_path(*state, "again");
    Watch watch = {.stop_at = 3};
    g_autoptr(GcDumpJob) job = watched_job(guest, "elf", 2, &watch);
    g_autoptr(GcGuest) opened = NULL;
    GcDumpStats stats;

    assert_fails(job, *state, GC_ERROR_CANCELLED, "cancelled");
    watch = (Watch){0};
    assert_true(gc_dump_job_run(job, path, NULL));
    stats = gc_dump_job_get_stats(job);
    watch = (Watch){0};
    assert_true(gc_dump_job_run(job, path, NULL));
    assert_int_equal(gc_dump_job_get_stats(job).zero_pages, stats.zero_pages);
    opened = dumprun_open(path);
    dumprun_assert_memory(opened, gen);
}

/* The host refuses to let the file grow past each of many sizes: so each
 * write there is fails once.  EFBIG takes the same way as ENOSPC. */
static void test_a_file_that_cannot_grow_fails_at_every_size(void **state)
{
    g_auto(GStrv) formats = gc_dump_get_formats();
    g_autoptr(Guestgen) gen = guestgen_new_tiny();
    g_autoptr(GcGuest) guest = guestgen_make_guest(gen);
    struct rlimit old;

    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    for (char **format = formats; *format != NULL; format++) {
        g_autofree char *path = dumprun_write(gen, *state, *format, 0);
        struct stat st;

        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(unlink(path), 0);
        for (off_t limit = 3; limit < st.st_size; limit += 97) {
            g_autoptr(GcDumpJob) job = gc_dump_job_new(guest);
            struct rlimit lower = {(rlim_t)limit, old.rlim_max};

            assert_true(gc_dump_job_set_format(job, *format, NULL));
            gc_dump_job_set_threads(job, (unsigned)limit % 3);
            setrlimit(RLIMIT_FSIZE, &lower);
            assert_fails(job, *state, GC_ERROR_IO, "offset");
            setrlimit(RLIMIT_FSIZE, &old);
        }
    }
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, testdir_setup, testdir_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_the_file_is_private_and_the_stats_are_those_of_it),
        TEST(test_unknown_formats_are_refused_and_known_ones_named),
        TEST(test_a_place_that_is_no_file_is_refused),
        TEST(test_a_guest_without_memory_is_no_dump),
        TEST(test_progress_goes_from_nothing_to_all),
        TEST(test_cancel_at_any_moment_leaves_nothing),
        TEST(test_memory_that_cannot_be_read_fails_the_dump),
        TEST(test_a_job_can_run_again),
        TEST(test_a_file_that_cannot_grow_fails_at_every_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
