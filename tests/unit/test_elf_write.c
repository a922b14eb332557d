/* SPDX-License-Identifier: MIT */
/* What an ELF dump looks like to those that read it: the file is looked at by
 * tests/lib/dumpcheck. */
#include <string.h>
#include <sys/stat.h>

#include "tests/lib/dumpcheck.h"
#include "tests/lib/dumprun.h"
#include "tests/lib/testdir.h"
#include "tests/unit/cmocka_all.h"

#define PAGE GUESTGEN_PAGE

static DumpFile *dump(Guestgen *gen, const char *dir)
{
    g_autofree char *path = dumprun_write(gen, dir, "elf", 2);

    return dumpfile_load(path);
}

static void test_headers_are_as_the_readers_want_them(void **state)
{
    g_autoptr(Guestgen) gen = guestgen_new_full();
    g_autoptr(DumpFile) file = dump(gen, *state);

    dumpelf_assert_headers(file);
}

static void
test_there_is_a_segment_per_block_and_one_of_the_kernel(void **state)
{
    static const struct {
        uint64_t vaddr;
        GcPaddr paddr;
        uint64_t size;
    } expected[] = {
        {0, 0, 0x9fc00},
        /* two blocks that touch */
        {GUESTGEN_MIB, GUESTGEN_MIB, 8 * GUESTGEN_MIB},
        {4 * GUESTGEN_GIB + 0x800, 4 * GUESTGEN_GIB + 0x800, 0x10000},
        {4 * GUESTGEN_GIB + 0x20000, 4 * GUESTGEN_GIB + 0x20000,
         4 * GUESTGEN_MIB},
        {UINT64_C(0xffffffff9e000000), 2 * GUESTGEN_MIB, 2 * GUESTGEN_MIB},
    };
    g_autoptr(Guestgen) gen = guestgen_new_full();
    g_autoptr(DumpFile) file = dump(gen, *state);

    assert_int_equal(dumpelf_get_n_segments(file), 1 + G_N_ELEMENTS(expected));
    for (unsigned i = 0; i < G_N_ELEMENTS(expected); i++) {
        DumpSegment segment = dumpelf_get_segment(file, 1 + i);

        assert_int_equal(segment.vaddr, expected[i].vaddr);
        assert_int_equal(segment.paddr, expected[i].paddr);
        assert_int_equal(segment.memsz, expected[i].size);
        assert_int_equal(segment.offset % PAGE, segment.paddr % PAGE);
    }
    assert_int_equal(dumpelf_get_segment(file, 5).offset,
                     dumpelf_get_segment(file, 2).offset + GUESTGEN_MIB);
}

static void test_notes_are_registers_then_the_guests_own(void **state)
{
    static const struct {
        const char *name;
        uint32_t type;
        uint32_t size;
    } expected[] = {
        {"CORE", 1, 336}, {"CORE", 1, 336},     {"QEMU", 0, 440},
        {"QEMU", 0, 440}, {"VMCOREINFO", 0, 0},
    };
    g_autoptr(Guestgen) gen = guestgen_new_full();
    g_autoptr(DumpFile) file = dump(gen, *state);
    g_autofree char *text = guestgen_make_vmcoreinfo(&guestgen_kernel);
    DumpSegment segment = dumpelf_get_segment(file, 0);
    DumpNote note;

    for (unsigned i = 0; i < G_N_ELEMENTS(expected); i++) {
        assert_true(
            dumpfile_get_note(file, segment.offset, segment.filesz, i, &note));
        assert_string_equal(note.name, expected[i].name);
        assert_int_equal(note.type, expected[i].type);
        if (expected[i].size != 0) {
            assert_int_equal(note.desc_size, expected[i].size);
        }
    }
    assert_int_equal(note.desc_size, strlen(text));
    assert_memory_equal(file->bytes + note.desc, text, strlen(text));
    assert_false(
        dumpfile_get_note(file, segment.offset, segment.filesz, 5, &note));
    assert_true(
        dumpfile_get_note(file, segment.offset, segment.filesz, 1, &note));
    assert_int_equal(dumpfile_u32(file, note.desc + 32), 2); /* pr_pid */
    assert_int_equal(file->bytes[note.desc + 112], 0x42);
}

static void test_every_byte_of_memory_is_in_its_segment(void **state)
{
    g_autoptr(Guestgen) gen = guestgen_new_full();
    g_autoptr(DumpFile) file = dump(gen, *state);
    g_autofree uint8_t *expected = g_malloc(8 * GUESTGEN_MIB);

    for (unsigned i = 1; i < dumpelf_get_n_segments(file); i++) {
        DumpSegment segment = dumpelf_get_segment(file, i);

        guestgen_read(gen, segment.paddr, expected, segment.memsz);
        assert_memory_equal(file->bytes + segment.offset, expected,
                            segment.memsz);
    }
}

static void test_holes_of_memory_are_holes_of_the_file(void **state)
{
    g_autoptr(Guestgen) gen = guestgen_new();
    g_autofree char *path = NULL;
    struct stat st;

    guestgen_add_ram(gen, 0, 256 * GUESTGEN_MIB, GUESTGEN_FD);
    guestgen_add_ram(gen, 4 * GUESTGEN_GIB, GUESTGEN_GIB, GUESTGEN_CUSTOM);
    guestgen_fill(gen, 100 * GUESTGEN_MIB, PAGE);
    guestgen_fill(gen, 5 * GUESTGEN_GIB - PAGE, PAGE);
    path = dumprun_write(gen, *state, "elf", 2);
    assert_int_equal(stat(path, &st), 0);
    assert_in_range(st.st_size, GUESTGEN_GIB + 256 * GUESTGEN_MIB,
                    GUESTGEN_GIB + 257 * GUESTGEN_MIB);
    assert_in_range(st.st_blocks, 1, 128);
    assert_int_equal(guestgen_get_hole_reads(gen), 0);
}

static void test_a_page_shared_by_two_blocks_is_in_both(void **state)
{
    g_autoptr(Guestgen) gen = guestgen_new();
    g_autoptr(DumpFile) file = NULL;
    uint8_t expected[0x2000];
    uint8_t found[0x2000];

    guestgen_add_ram(gen, 0x100, 0x200, GUESTGEN_HOST);
    guestgen_add_ram(gen, 0x800, 0x1100, GUESTGEN_FD);
    guestgen_fill_noise(gen, 0x100, 0x200);
    guestgen_fill_noise(gen, 0x800, 0x1100);
    file = dump(gen, *state);
    assert_int_equal(dumpelf_get_n_segments(file), 3);
    assert_true(dumpelf_read(file, 0x100, found, 0x200));
    guestgen_read(gen, 0x100, expected, 0x200);
    assert_memory_equal(found, expected, 0x200);
    assert_true(dumpelf_read(file, 0x800, found, 0x1100));
    guestgen_read(gen, 0x800, expected, 0x1100);
    assert_memory_equal(found, expected, 0x1100);
    assert_false(dumpelf_read(file, 0x300, found, 1));
}

/* 0xffff program headers do not fit e_phnum any more. */
static void test_very_many_blocks_are_counted_in_a_section(void **state)
{
    static const unsigned n_blocks[] = {0xfffd, 0xfffe, 0x10010};

    for (size_t i = 0; i < G_N_ELEMENTS(n_blocks); i++) {
        g_autoptr(GcMemory) memory = gc_memory_new();
        g_autoptr(GcGuest) guest = gc_guest_new("x86_64", memory, NULL);
        g_autoptr(GcDumpJob) job = gc_dump_job_new(guest);
        g_autofree char *path = testdir_path(*state, "many");
        g_autoptr(DumpFile) file = NULL;
        g_autoptr(GcGuest) opened = NULL;
        uint8_t byte = 0;

        for (unsigned n = 0; n < n_blocks[i]; n++) {
            assert_true(gc_memory_add_host(memory, n * UINT64_C(2), 1,
                                           (const uint8_t *)"x", NULL));
        }
        assert_true(gc_dump_job_run(job, path, NULL));
        file = dumpfile_load(path);
        assert_int_equal(dumpelf_get_n_segments(file), 1 + n_blocks[i]);
        dumpelf_assert_headers(file);
        opened = dumprun_open(path);
        assert_int_equal(gc_memory_get_n_blocks(gc_guest_get_memory(opened)),
                         n_blocks[i]);
        assert_true(gc_memory_read(gc_guest_get_memory(opened),
                                   (n_blocks[i] - 1) * UINT64_C(2), &byte, 1,
                                   NULL));
        assert_int_equal(byte, 'x');
    }
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, testdir_setup, testdir_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_headers_are_as_the_readers_want_them),
        TEST(test_there_is_a_segment_per_block_and_one_of_the_kernel),
        TEST(test_notes_are_registers_then_the_guests_own),
        TEST(test_every_byte_of_memory_is_in_its_segment),
        TEST(test_holes_of_memory_are_holes_of_the_file),
        TEST(test_a_page_shared_by_two_blocks_is_in_both),
        TEST(test_very_many_blocks_are_counted_in_a_section),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
