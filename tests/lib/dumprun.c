/* SPDX-License-Identifier: MIT */
#include "tests/lib/dumprun.h"

#include <string.h>

#include "tests/lib/testdir.h"
#include "tests/unit/cmocka_all.h"

char *dumprun_write(Guestgen *gen, const char *dir, const char *format,
                    unsigned threads)
{
    g_autofree char *name = g_strdup_printf("%s-%u", format, threads);
    char *path = testdir_path(dir, name);
    g_autoptr(GcGuest) guest = guestgen_make_guest(gen);
    g_autoptr(GcDumpJob) job = gc_dump_job_new(guest);
    g_autoptr(GError) error = NULL;

    assert_true(gc_dump_job_set_format(job, format, NULL));
    gc_dump_job_set_threads(job, threads);
    if (!gc_dump_job_run(job, path, &error)) {
        fail_msg("%s", error->message);
    }
    return path;
}

GcGuest *dumprun_open(const char *path)
{
    g_autoptr(GError) error = NULL;
    GcGuest *guest = gc_guest_open(path, NULL, &error);

    if (guest == NULL) {
        fail_msg("%s", error->message);
    }
    return guest;
}

void dumprun_assert_memory(const GcGuest *guest, Guestgen *gen)
{
    GcMemory *memory = gc_guest_get_memory(guest);
    g_autoptr(GcMemory) original = guestgen_make_memory(gen);
    uint8_t found[GUESTGEN_PAGE];
    uint8_t expected[GUESTGEN_PAGE];

    for (size_t i = 0; i < gc_memory_get_n_blocks(original); i++) {
        GcMemoryBlock block = gc_memory_get_block(original, i);
        GcPaddr end = block.start + block.size;
        size_t part;

        for (GcPaddr at = block.start; at < end; at += part) {
            part = MIN(end - at, GUESTGEN_PAGE);
            guestgen_read(gen, at, expected, part);
            assert_true(gc_memory_read(memory, at, found, part, NULL));
            if (memcmp(found, expected, part) != 0) {
                fail_msg("memory at 0x%" G_GINT64_MODIFIER "x differs", at);
            }
        }
    }
}

/* Reads the start and the end of the first blocks. */
static void look_at_memory(GcMemory *memory)
{
    uint8_t buf[2 * GUESTGEN_PAGE];

    for (size_t i = 0; i < MIN(gc_memory_get_n_blocks(memory), 16); i++) {
        GcMemoryBlock block = gc_memory_get_block(memory, i);
        size_t part = (size_t)MIN(block.size, sizeof(buf));
        GcPaddr start;
        GcPaddr end;

        gc_memory_read(memory, block.start, buf, part, NULL);
        gc_memory_read(memory, block.start + block.size - part, buf, part,
                       NULL);
        if (gc_memory_next_data(memory, block.start, block.start + block.size,
                                &start, &end, NULL)) {
            assert_true(start <= end);
            assert_true(end <= block.start + block.size);
        }
    }
}

static void look_at(const GcGuest *guest)
{
    int64_t phys_base;

    assert_non_null(gc_guest_get_arch(guest));
    gc_guest_get_n_cpus(guest);
    gc_guest_get_phys_base(guest, &phys_base);
    assert_int_equal(gc_guest_get_vmcoreinfo(guest) != NULL,
                     gc_guest_get_os_release(guest) != NULL);
    look_at_memory(gc_guest_get_memory(guest));
}

bool dumprun_try_open(const char *path)
{
    g_autoptr(GError) error = NULL;
    const char *format = NULL;
    g_autoptr(GcGuest) guest = gc_guest_open(path, &format, &error);

    if (guest == NULL) {
        assert_null(format);
        assert_non_null(error);
        if (error->domain != GC_ERROR || (error->code != GC_ERROR_FORMAT &&
                                          error->code != GC_ERROR_INVALID &&
                                          error->code != GC_ERROR_UNSUPPORTED &&
                                          error->code != GC_ERROR_IO)) {
            fail_msg("error %d is not announced: %s", error->code,
                     error->message);
        }
        assert_true(g_str_has_prefix(error->message, path));
        return false;
    }
    assert_null(error);
    assert_non_null(format);
    look_at(guest);
    return true;
}
