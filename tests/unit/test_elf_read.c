/* SPDX-License-Identifier: MIT */
/* Guests out of ELF files that others wrote, well or badly. */
#include <string.h>
#include <time.h>

#include "tests/lib/dumprun.h"
#include "tests/lib/elfgen.h"
#include "tests/lib/testdir.h"
#include "tests/unit/cmocka_all.h"

#define X86_64 62

static const uint8_t data[] = "0123456789abcdef";

/* An x86_64 core with @n segments over the same 16 bytes of data. */
static Elfgen *elf_with(unsigned n, const ElfgenSegment *segments)
{
    Elfgen *elf = elfgen_new(true, false, X86_64, n);
    uint64_t at = elfgen_append(elf, data, 16);

    for (unsigned i = 0; i < n; i++) {
        ElfgenSegment segment = segments[i];

        segment.type = 1;
        segment.offset += at;
        elfgen_set_segment(elf, i, segment);
    }
    return elf;
}

static GcGuest *open_elf(const Elfgen *elf, const char *dir)
{
    g_autofree char *path = testdir_path(dir, "vmcore");

    elfgen_save(elf, path);
    return dumprun_open(path);
}

static void assert_refused(const Elfgen *elf, const char *dir, int code)
{
    g_autofree char *path = testdir_path(dir, "vmcore");
    g_autoptr(GError) error = NULL;

    elfgen_save(elf, path);
    assert_null(gc_guest_open(path, NULL, &error));
    if (!g_error_matches(error, GC_ERROR, code)) {
        fail_msg("%s", error->message);
    }
}

static void assert_bytes(const GcGuest *guest, GcPaddr paddr,
                         const char *expected)
{
    char found[32];

    assert_true(gc_memory_read(gc_guest_get_memory(guest), paddr, found,
                               strlen(expected), NULL));
    assert_memory_equal(found, expected, strlen(expected));
}

static void assert_block(const GcGuest *guest, size_t i, GcPaddr start,
                         uint64_t size)
{
    GcMemoryBlock block = gc_memory_get_block(gc_guest_get_memory(guest), i);

    assert_int_equal(block.start, start);
    assert_int_equal(block.size, size);
}

/* As makedumpfile writes pages that it left out. */
static void test_memory_that_the_file_has_not_reads_as_zeros(void **state)
{
    const ElfgenSegment segment = {.paddr = 0x1000, .filesz = 4, .memsz = 10};
    g_autoptr(Elfgen) elf = elf_with(1, &segment);
    g_autoptr(GcGuest) guest = open_elf(elf, *state);
    char found[10];
    GcPaddr start;
    GcPaddr end;

    assert_true(
        gc_memory_read(gc_guest_get_memory(guest), 0x1000, found, 10, NULL));
    assert_memory_equal(found, "0123\0\0\0\0\0\0", 10);
    assert_true(gc_memory_next_data(gc_guest_get_memory(guest), 0, 0x2000,
                                    &start, &end, NULL));
    assert_int_equal(start, 0x1000);
    assert_int_equal(end, 0x1004);
    assert_true(gc_memory_next_data(gc_guest_get_memory(guest), 0x1006, 0x2000,
                                    &start, &end, NULL));
    assert_int_equal(start, 0x2000);
}

/* The kernel's image once more, memory in several overlapping pieces: what
 * the file shows first is what counts. */
static void test_memory_shown_twice_is_there_once(void **state)
{
    const ElfgenSegment segments[] = {
        {.paddr = 0x104, .offset = 4, .filesz = 4, .memsz = 4},
        {.paddr = 0x104, .offset = 0, .filesz = 4, .memsz = 4}, /* the same */
        {.paddr = 0x102, .offset = 8, .filesz = 8, .memsz = 8}, /* around */
        {.paddr = 0x109, .offset = 0, .filesz = 4, .memsz = 4}, /* one more */
    };
    g_autoptr(Elfgen) elf = elf_with(4, segments);
    g_autoptr(GcGuest) guest = open_elf(elf, *state);

    /* 102: 89; 104: 4567; 108: ef; and 10a-10c of the last */
    assert_int_equal(gc_memory_get_n_blocks(gc_guest_get_memory(guest)), 4);
    assert_bytes(guest, 0x102, "894567ef123");
    assert_block(guest, 0, 0x102, 2);
    assert_block(guest, 1, 0x104, 4);
    assert_block(guest, 2, 0x108, 2);
    assert_block(guest, 3, 0x10a, 3);
}

/* Which of @n segments of 1 byte of data each shows each of 64 addresses, tried
 * in their order; 0xff where none does. */
static void paint(uint8_t *map, unsigned n, const ElfgenSegment *segments)
{
    memset(map, 0xff, 64);
    for (unsigned i = n; i-- > 0;) {
        memset(map + segments[i].paddr, (int)i, segments[i].memsz);
    }
}

/* Blocks begin and end where another segment, or none, is shown. */
static unsigned count_runs(const uint8_t *map)
{
    unsigned n = map[0] != 0xff;

    for (unsigned i = 1; i < 64; i++) {
        n += map[i] != 0xff && map[i] != map[i - 1];
    }
    return n;
}

/* Each segment's data tells which it is: 16 of them over 64 addresses. */
static void test_the_first_of_many_segments_counts(void **state)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);

    for (unsigned round = 0; round < 300; round++) {
        g_autoptr(Elfgen) elf = elfgen_new(true, false, X86_64, 16);
        g_autoptr(GcGuest) guest = NULL;
        ElfgenSegment segments[16];
        uint8_t map[64];

        for (uint8_t i = 0; i < 16; i++) {
            uint8_t bytes[64];
            uint64_t size = (uint64_t)g_rand_int_range(rand, 1, 12);

            memset(bytes, i, sizeof(bytes));
            segments[i] = (ElfgenSegment){
                .type = 1,
                .offset = elfgen_append(elf, bytes, size),
                .paddr = (uint64_t)g_rand_int_range(rand, 0, 65 - (int)size),
                .filesz = size,
                .memsz = size,
            };
            elfgen_set_segment(elf, i, segments[i]);
        }
        paint(map, 16, segments);
        guest = open_elf(elf, *state);
        assert_int_equal(gc_memory_get_n_blocks(gc_guest_get_memory(guest)),
                         count_runs(map));
        for (unsigned at = 0; at < 64; at++) {
            uint8_t found = 0xff;

            gc_memory_read(gc_guest_get_memory(guest), at, &found, 1, NULL);
            assert_int_equal(found, map[at]);
        }
    }
}

/* The processor time in which a core of many segments is opened, of which each
 * has two bytes; the @i-th lies at @first + @i * @step. */
static clock_t time_open(const char *dir, uint64_t first, uint64_t step)
{
    enum { N = 1 << 17 };
    g_autoptr(Elfgen) elf = elfgen_new(true, false, X86_64, N);
    g_autofree char *path = testdir_path(dir, "vmcore");
    g_autoptr(GcGuest) guest = NULL;
    uint64_t offset = elfgen_append(elf, data, 16);
    clock_t start;

    elfgen_set_phnum(elf, 0xffff);
    elfgen_set_shoff(elf, elfgen_append_section(elf, N));
    for (unsigned i = 0; i < N; i++) {
        elfgen_set_segment(elf, i,
                           (ElfgenSegment){1, offset, first + i * step, 2, 2});
    }
    elfgen_save(elf, path);
    start = clock();
    guest = dumprun_open(path);
    start = clock() - start;
    assert_int_equal(gc_memory_get_n_blocks(gc_guest_get_memory(guest)), N);
    return start;
}

static void test_the_order_of_segments_costs_nothing(void **state)
{
    clock_t rising = time_open(*state, 0, 16);
    clock_t falling = time_open(*state, 1 << 30, (uint64_t)-16);

    assert_in_range(falling, 0, 5 * rising);
}

static void test_segments_of_no_memory_are_passed_over(void **state)
{
    const ElfgenSegment segments[] = {
        {.paddr = 0x100, .filesz = 0, .memsz = 0},
        {.paddr = 0x200, .filesz = 2, .memsz = 2},
    };
    g_autoptr(Elfgen) elf = elf_with(2, segments);
    g_autoptr(GcGuest) guest = open_elf(elf, *state);

    assert_int_equal(gc_memory_get_n_blocks(gc_guest_get_memory(guest)), 1);
    assert_bytes(guest, 0x200, "01");
}

static void test_segments_that_lie_are_refused(void **state)
{
    const ElfgenSegment segments[] = {
        {.paddr = 0, .filesz = 8, .memsz = 4},          /* more than there is */
        {.paddr = UINT64_MAX, .filesz = 4, .memsz = 4}, /* around the end */
        {.paddr = UINT64_MAX - 1, .filesz = 0, .memsz = UINT64_MAX},
        {.paddr = 0, .filesz = UINT64_MAX, .memsz = UINT64_MAX},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(segments); i++) {
        g_autoptr(Elfgen) elf = elf_with(1, &segments[i]);

        assert_refused(elf, *state, GC_ERROR_FORMAT);
    }
}

/* As disks that are full leave it. */
static void test_a_file_that_breaks_off_is_incomplete(void **state)
{
    const ElfgenSegment segments[] = {
        {.paddr = 0, .filesz = 17, .memsz = 17},
        {.paddr = 0, .offset = 1, .filesz = 16, .memsz = 16},
        {.paddr = 0, .offset = UINT64_MAX - 4096, .filesz = 4, .memsz = 4},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(segments); i++) {
        g_autoptr(Elfgen) elf = elf_with(1, &segments[i]);
        g_autofree char *path = testdir_path(*state, "vmcore");
        const char *const paths[] = {path, NULL};
        g_autoptr(GcGuest) guest = NULL;
        g_autoptr(GError) error = NULL;
        GcDumpInfo info;
        char byte;

        elfgen_save(elf, path);
        guest = gc_guest_open_files(paths, &info, NULL);
        assert_non_null(guest);
        assert_true(info.is_incomplete);
        assert_false(gc_memory_read(gc_guest_get_memory(guest),
                                    segments[i].memsz - 1, &byte, 1, &error));
        assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_NO_DATA));
    }
}

static void append_be64(GByteArray *bytes, uint64_t value)
{
    uint64_t disk = GUINT64_TO_BE(value);

    g_byte_array_append(bytes, (const uint8_t *)&disk, sizeof(disk));
}

/* The file in one record; with its end mark or not. */
static void save_flattened(const Elfgen *elf, const char *path, bool has_end)
{
    static const uint8_t zeros[4096 - 32];
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    g_byte_array_append(bytes, (const uint8_t *)"makedumpfile\0\0\0\0", 16);
    append_be64(bytes, 1);
    append_be64(bytes, 1);
    g_byte_array_append(bytes, zeros, sizeof(zeros));
    append_be64(bytes, 0);
    append_be64(bytes, elf->bytes->len);
    g_byte_array_append(bytes, elf->bytes->data, elf->bytes->len);
    if (has_end) {
        append_be64(bytes, UINT64_MAX);
        append_be64(bytes, UINT64_MAX);
    }
    assert_true(
        g_file_set_contents(path, (const char *)bytes->data, bytes->len, NULL));
}

/* A flattened file has no size: what no record has is zeros. */
static void test_a_flattened_file_may_end_with_a_hole(void **state)
{
    const ElfgenSegment segment = {.paddr = 0, .filesz = 64, .memsz = 64};
    g_autoptr(Elfgen) elf = elf_with(1, &segment);
    g_autofree char *path = testdir_path(*state, "vmcore");
    const char *const paths[] = {path, NULL};

    for (int has_end = 0; has_end < 2; has_end++) {
        g_autoptr(GcGuest) guest = NULL;
        GcDumpInfo info;
        char found[64];

        save_flattened(elf, path, has_end != 0);
        guest = gc_guest_open_files(paths, &info, NULL);
        assert_non_null(guest);
        assert_true(info.is_flattened);
        assert_int_equal(info.is_incomplete, !has_end);
        assert_bytes(guest, 0, "0123456789abcdef");
        assert_int_equal(gc_memory_read(gc_guest_get_memory(guest), 0, found,
                                        sizeof(found), NULL),
                         has_end);
        assert_true(!has_end || found[63] == 0);
    }
}

static void test_a_machine_that_is_not_known_is_unsupported(void **state)
{
    g_autoptr(Elfgen) elf = elfgen_new(true, false, 0xbeef, 0);
    g_autoptr(Elfgen) wrong_class = elfgen_new(false, false, X86_64, 0);
    g_autoptr(Elfgen) wrong_order = elfgen_new(true, true, X86_64, 0);

    assert_refused(elf, *state, GC_ERROR_UNSUPPORTED);
    assert_refused(wrong_class, *state, GC_ERROR_UNSUPPORTED);
    assert_refused(wrong_order, *state, GC_ERROR_UNSUPPORTED);
}

/* Opens a core whose only note is this. */
static GcGuest *open_with_note(const char *dir, const char *name, uint32_t type,
                               const char *desc, uint32_t size)
{
    g_autoptr(Elfgen) elf = elfgen_new(true, false, X86_64, 1);
    uint64_t at = elf->bytes->len;
    uint64_t note = elfgen_append_note(elf, name, type, desc, size);

    elfgen_set_segment(elf, 0, (ElfgenSegment){4, at, 0, note, 0});
    return open_elf(elf, dir);
}

/* QEMU writes whatever the guest announced. */
static void test_a_vmcoreinfo_that_is_not_usable_is_left_out(void **state)
{
    static const struct {
        const char *desc;
        uint32_t size;
        bool usable;
    } cases[] = {
        {"OSRELEASE=6.1.0\n", 16, true},
        {"", 0, false},
        {"\0\0\0\0", 4, false},
        {"not a kernel", 12, false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GcGuest) guest = open_with_note(*state, "VMCOREINFO", 0,
                                                  cases[i].desc, cases[i].size);

        assert_int_equal(gc_guest_get_vmcoreinfo(guest) != NULL,
                         cases[i].usable);
    }
}

static void test_a_note_that_is_too_large_is_not_of_the_format(void **state)
{
    g_autofree char *desc = g_malloc0(2 * GUESTGEN_MIB);
    g_autoptr(Elfgen) elf = elfgen_new(true, false, X86_64, 1);
    uint64_t at = elf->bytes->len;
    uint64_t note = elfgen_append_note(elf, "CORE", 1, desc, 2 * GUESTGEN_MIB);

    elfgen_set_segment(elf, 0, (ElfgenSegment){4, at, 0, note, 0});
    assert_refused(elf, *state, GC_ERROR_FORMAT);
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, testdir_setup, testdir_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_memory_that_the_file_has_not_reads_as_zeros),
        TEST(test_memory_shown_twice_is_there_once),
        TEST(test_the_first_of_many_segments_counts),
        TEST(test_the_order_of_segments_costs_nothing),
        TEST(test_segments_of_no_memory_are_passed_over),
        TEST(test_segments_that_lie_are_refused),
        TEST(test_a_file_that_breaks_off_is_incomplete),
        TEST(test_a_flattened_file_may_end_with_a_hole),
        TEST(test_a_machine_that_is_not_known_is_unsupported),
        TEST(test_a_vmcoreinfo_that_is_not_usable_is_left_out),
        TEST(test_a_note_that_is_too_large_is_not_of_the_format),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
