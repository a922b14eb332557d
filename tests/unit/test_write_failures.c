/* SPDX-License-Identifier: MIT */
/* Every call that changes a dump's file fails once, the first one, the second
 * one and so on until none is left, in every way that there is. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/lib/dumprun.h"
#include "tests/lib/testdir.h"
#include "tests/unit/cmocka_all.h"

#define PAGE GUESTGEN_PAGE

static const unsigned thread_counts[] = {0, 2};

/* Faults: this program's own calls take the place of libc's. */

typedef enum Fault {
    FAULT_FULL,        /* ENOSPC, from then on for all that writes */
    FAULT_BROKEN,      /* EIO, once */
    FAULT_INTERRUPTED, /* EINTR, once; nothing fails */
    FAULT_SHORT,       /* half is written, once; nothing fails */
} Fault;

typedef struct Faults {
    Fault fault;
    unsigned at; /* which call; 0 for none */
    atomic_uint calls;
} Faults;

static Faults faults;

static void arm(Fault fault, unsigned at)
{
    faults.fault = fault;
    faults.at = at;
    atomic_store(&faults.calls, 0);
}

/* No fault will come any more; returns whether one has. */
static bool disarm(void)
{
    bool came = atomic_load(&faults.calls) >= faults.at;

    faults.at = 0;
    return came;
}

/* What is to happen to the next call that writes; 0 if all goes well. */
static int fail_write(void)
{
    unsigned call = atomic_fetch_add(&faults.calls, 1) + 1;

    if (faults.at == 0 || call < faults.at ||
        (call > faults.at && faults.fault != FAULT_FULL)) {
        return 0;
    }
    switch (faults.fault) {
    case FAULT_FULL:
        return ENOSPC;
    case FAULT_BROKEN:
        return EIO;
    case FAULT_INTERRUPTED:
        return EINTR;
    case FAULT_SHORT:
    default:
        return EAGAIN; /* stands for a short write */
    }
}

/* The same for a call that only needs a disk that works. */
static bool fail_other(void)
{
    errno = EIO;
    return faults.fault == FAULT_BROKEN && fail_write() != 0;
}

/* How much of @len is written; -1 if the call is to fail. */
static ssize_t admit(size_t len)
{
    int failure = fail_write();

    if (failure == EAGAIN) {
        return (ssize_t)(len + 1) / 2;
    }
    errno = failure;
    return failure != 0 ? -1 : (ssize_t)len;
}

ssize_t write(int fd, const void *buf, size_t len)
{
    ssize_t admitted = faults.at != 0 ? admit(len) : (ssize_t)len;

    return admitted < 0 ? -1 : syscall(SYS_write, fd, buf, (size_t)admitted);
}

ssize_t pwrite(int fd, const void *buf, size_t len, off_t offset)
{
    ssize_t admitted = faults.at != 0 ? admit(len) : (ssize_t)len;

    return admitted < 0
               ? -1
               : syscall(SYS_pwrite64, fd, buf, (size_t)admitted, offset);
}

int fallocate(int fd, int mode, off_t offset, off_t len)
{
    if (faults.at != 0 &&
        (faults.fault == FAULT_FULL ? admit(0) < 0 : fail_other())) {
        return -1;
    }
    return (int)syscall(SYS_fallocate, fd, mode, offset, len);
}

int ftruncate(int fd, off_t size)
{
    return faults.at != 0 && fail_other()
               ? -1
               : (int)syscall(SYS_ftruncate, fd, size);
}

int fsync(int fd)
{
    struct stat st;
    bool is_folder = fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);

    /* Whether a folder can be made durable is no matter of the dump. */
    return faults.at != 0 && !is_folder && fail_other()
               ? -1
               : (int)syscall(SYS_fsync, fd);
}

int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
    return faults.at != 0 && fail_other()
               ? -1
               : (int)syscall(SYS_linkat, from_fd, from, to_fd, to, flags);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    return faults.at != 0 && fail_other()
               ? -1
               : (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, 0);
}

/* The guest and its dumps */

static Guestgen *make_gen(void)
{
    Guestgen *gen = guestgen_new();

    guestgen_add_ram(gen, 0, 0x9f000, GUESTGEN_FD);
    guestgen_add_ram(gen, GUESTGEN_MIB, 3 * GUESTGEN_MIB, GUESTGEN_FD);
    guestgen_fill(gen, 0x1000, 0x20000);
    guestgen_fill_noise(gen, GUESTGEN_MIB, 3 * GUESTGEN_MIB / 2);
    guestgen_fill(gen, 3 * GUESTGEN_MIB, 0x4000);
    guestgen_add_cpu(gen);
    guestgen_add_note(gen, "VMCOREINFO", 0, "OSRELEASE=6.1.0-small\n");
    return gen;
}

static GcDumpJob *make_job(GcGuest *guest, const char *format, unsigned threads,
                           bool keep_partial)
{
    GcDumpJob *job = gc_dump_job_new(guest);

    assert_true(gc_dump_job_set_format(job, format, NULL));
    gc_dump_job_set_threads(job, threads);
    gc_dump_job_set_keep_partial(job, keep_partial);
    return job;
}

static bool is_harmless(Fault fault)
{
    return fault == FAULT_INTERRUPTED || fault == FAULT_SHORT;
}

static void assert_same_file(const char *path, const char *other)
{
    g_autoptr(GMappedFile) one = g_mapped_file_new(path, FALSE, NULL);
    g_autoptr(GMappedFile) two = g_mapped_file_new(other, FALSE, NULL);

    assert_non_null(one);
    assert_non_null(two);
    assert_int_equal(g_mapped_file_get_length(one),
                     g_mapped_file_get_length(two));
    assert_memory_equal(g_mapped_file_get_contents(one),
                        g_mapped_file_get_contents(two),
                        g_mapped_file_get_length(one));
}

static void assert_is_told(const GError *error, const char *path)
{
    static const char *const words[] = {
        "offset",      "size of",       "file's size",  "durable",
        "cannot name", "cannot rename", "cannot create"};

    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_IO));
    assert_true(g_str_has_prefix(error->message, path));
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (strstr(error->message, words[i]) != NULL) {
            return;
        }
    }
    fail_msg("it is not told what failed: %s", error->message);
}

/* How many pages an incomplete dump has; each of them is the guest's. */
static unsigned count_present(const char *path, Guestgen *gen)
{
    const char *const paths[] = {path, NULL};
    GcDumpInfo info;
    g_autoptr(GError) error = NULL;
    g_autoptr(GcGuest) guest = gc_guest_open_files(paths, &info, &error);
    unsigned n = 0;

    if (guest == NULL) {
        fail_msg("%s", error->message);
    }
    assert_true(info.is_incomplete);
    assert_string_equal(gc_guest_get_os_release(guest), "6.1.0-small");
    for (GcPaddr at = 0; at < 4 * GUESTGEN_MIB; at += PAGE) {
        uint8_t expected[PAGE];
        uint8_t found[PAGE];

        g_clear_error(&error);
        if (gc_memory_read(gc_guest_get_memory(guest), at, found, PAGE,
                           &error)) {
            guestgen_read(gen, at, expected, PAGE);
            assert_memory_equal(found, expected, PAGE);
            n++;
        } else {
            assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_NO_DATA));
        }
    }
    return n;
}

/* One way to make a dump, and a whole dump to compare with. */
typedef struct Run {
    Guestgen *gen;
    GcGuest *guest;
    const char *dir;
    const char *format;
    unsigned threads;
    bool keep_partial;
    char *whole;
    unsigned n_partial;
    unsigned most_present; /* pages of those */
} Run;

static void init_run(Run *run, const char *dir, const char *format,
                     unsigned threads)
{
    *run = (Run){.dir = dir, .format = format, .threads = threads};
    run->gen = make_gen();
    run->guest = guestgen_make_guest(run->gen);
    run->whole = dumprun_write(run->gen, dir, format, 0);
}

static void clear_run(Run *run)
{
    assert_int_equal(unlink(run->whole), 0);
    g_free(run->whole);
    gc_guest_free(run->guest);
    guestgen_free(run->gen);
}

/* Checks what a failure has left under @path, where there was an old file. */
static void check_left(Run *run, const GcDumpJob *job, const char *path)
{
    g_autofree char *content = NULL;
    unsigned n;

    assert_int_equal(testdir_count(run->dir), 2);
    if (gc_dump_job_get_stats(job).is_partial) {
        assert_true(run->keep_partial);
        n = count_present(path, run->gen);
        run->n_partial++;
        run->most_present = MAX(run->most_present, n);
        return;
    }
    assert_true(g_file_get_contents(path, &content, NULL, NULL));
    assert_string_equal(content, "old");
}

/* Makes a dump whose @at-th call fails; false if there are not so many. */
static bool dump_to_path(Run *run, Fault fault, unsigned at)
{
    g_autoptr(GcDumpJob) job =
        make_job(run->guest, run->format, run->threads, run->keep_partial);
    g_autofree char *path = testdir_path(run->dir, "vmcore");
    g_autoptr(GError) error = NULL;
    bool came;
    bool ok;

    assert_true(g_file_set_contents(path, "old", -1, NULL));
    arm(fault, at);
    ok = gc_dump_job_run(job, path, &error);
    came = disarm();
    assert_int_equal(ok, !came || is_harmless(fault));
    if (ok) {
        assert_same_file(path, run->whole);
    } else {
        assert_is_told(error, path);
        check_left(run, job, path);
    }
    assert_int_equal(unlink(path), 0);
    return came;
}

static void test_a_failing_call_leaves_no_file_and_a_reason(void **state)
{
    static const char *const formats[] = {"elf", "kdump-raw-zlib",
                                          "kdump-zlib"};

    for (size_t i = 0; i < G_N_ELEMENTS(formats) * 2; i++) {
        Run run;

        init_run(&run, *state, formats[i / 2], thread_counts[i % 2]);
        for (Fault fault = FAULT_FULL; fault <= FAULT_SHORT; fault++) {
            unsigned at = 1;

            while (dump_to_path(&run, fault, at)) {
                at++;
            }
            assert_true(at > 4);
        }
        clear_run(&run);
    }
}

static void test_what_is_kept_of_it_is_incomplete_and_true(void **state)
{
    static const char *const formats[] = {"elf", "kdump-raw-zlib",
                                          "kdump-zlib"};

    for (size_t i = 0; i < G_N_ELEMENTS(formats) * 2; i++) {
        Run run;
        unsigned at = 1;

        init_run(&run, *state, formats[i / 2], thread_counts[i % 2]);
        run.keep_partial = true;
        while (dump_to_path(&run, FAULT_BROKEN, at)) {
            at++;
        }
        assert_true(run.n_partial > 2);
        assert_true(run.most_present > 256);
        clear_run(&run);
    }
}

/* Pages that do not shrink: as many as fit into the file must be kept, but
 * for the one that breaks off and what is too small a part to try. */
static void test_all_pages_that_fit_are_kept(void **state)
{
    enum { PAGES = 700 };
    g_autoptr(Guestgen) gen = guestgen_new();
    g_autofree char *whole = NULL;
    g_autofree char *path = testdir_path(*state, "vmcore");
    g_autoptr(GcGuest) guest = NULL;
    struct rlimit old;
    struct stat st;

    guestgen_add_ram(gen, 0, PAGES * PAGE, GUESTGEN_FD);
    guestgen_fill_noise(gen, 0, PAGES * PAGE);
    guestgen_add_note(gen, "VMCOREINFO", 0, "OSRELEASE=6.1.0-small\n");
    guest = guestgen_make_guest(gen);
    whole = dumprun_write(gen, *state, "kdump-raw-zlib", 0);
    assert_int_equal(stat(whole, &st), 0);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    for (unsigned lost = 1; lost < 600; lost = lost * 3 + 1) {
        g_autoptr(GcDumpJob) job = make_job(guest, "kdump-raw-zlib", 2, true);
        struct rlimit lower = {(rlim_t)st.st_size - lost * PAGE, old.rlim_max};
        unsigned n;

        setrlimit(RLIMIT_FSIZE, &lower);
        assert_false(gc_dump_job_run(job, path, NULL));
        setrlimit(RLIMIT_FSIZE, &old);
        assert_true(gc_dump_job_get_stats(job).is_partial);
        n = count_present(path, gen);
        assert_true(n <= PAGES - lost);
        assert_true(n + 2 >= PAGES - lost);
    }
}

/* A pipe, and who reads it. */
typedef struct Pipe {
    int fds[2];
    GThread *reader;
    GByteArray *bytes;
} Pipe;

static void *read_all(void *opaque)
{
    Pipe *pipe = opaque;
    uint8_t buf[65536];
    ssize_t n;

    while ((n = read(pipe->fds[0], buf, sizeof(buf))) > 0) {
        g_byte_array_append(pipe->bytes, buf, (guint)n);
    }
    return NULL;
}

static void open_pipe(Pipe *ret_pipe)
{
    assert_int_equal(pipe2(ret_pipe->fds, O_CLOEXEC), 0);
    ret_pipe->bytes = g_byte_array_new();
    ret_pipe->reader = g_thread_new("reader", read_all, ret_pipe);
}

static void end_pipe(Pipe *pipe)
{
    close(pipe->fds[1]);
    g_thread_join(pipe->reader);
    close(pipe->fds[0]);
}

static bool dump_to_pipe(const Run *run, Fault fault, unsigned at)
{
    g_autoptr(GcDumpJob) job =
        make_job(run->guest, run->format, run->threads, false);
    g_autoptr(GError) error = NULL;
    g_autoptr(GMappedFile) whole = g_mapped_file_new(run->whole, FALSE, NULL);
    Pipe pipe;
    bool came;
    bool ok;

    open_pipe(&pipe);
    arm(fault, at);
    ok = gc_dump_job_run_fd(job, pipe.fds[1], &error);
    came = disarm();
    end_pipe(&pipe);
    assert_int_equal(ok, !came || is_harmless(fault));
    if (ok) {
        assert_int_equal(pipe.bytes->len, g_mapped_file_get_length(whole));
        assert_memory_equal(pipe.bytes->data, g_mapped_file_get_contents(whole),
                            pipe.bytes->len);
    } else {
        assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_IO));
        assert_true(pipe.bytes->len <= g_mapped_file_get_length(whole));
    }
    g_byte_array_unref(pipe.bytes);
    return came;
}

static void test_a_failing_call_ends_a_dump_to_a_pipe(void **state)
{
    static const char *const formats[] = {"elf", "kdump-zlib"};

    for (size_t i = 0; i < G_N_ELEMENTS(formats) * 2; i++) {
        Run run;

        init_run(&run, *state, formats[i / 2], thread_counts[i % 2]);
        for (Fault fault = FAULT_FULL; fault <= FAULT_SHORT; fault++) {
            unsigned at = 1;

            while (dump_to_pipe(&run, fault, at)) {
                at++;
            }
            assert_true(at > 4);
        }
        clear_run(&run);
    }
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, testdir_setup, testdir_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_a_failing_call_leaves_no_file_and_a_reason),
        TEST(test_what_is_kept_of_it_is_incomplete_and_true),
        TEST(test_all_pages_that_fit_are_kept),
        TEST(test_a_failing_call_ends_a_dump_to_a_pipe),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
