/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guestcore/error.h"
#include "guestcore/memory.h"

#include "tests/unit/cmocka_all.h"

#define KIB UINT64_C(1024)

static const uint8_t low[4096] = {1, 2, 3};
static const uint8_t high[4096] = {4, 5, 6};

static GcMemory *two_neighbours_and_a_gap(void)
{
    GcMemory *memory = gc_memory_new();

    assert_true(gc_memory_add_host(memory, 4 * KIB, 4096, high, NULL));
    assert_true(gc_memory_add_host(memory, 0, 4096, low, NULL));
    assert_true(gc_memory_add_host(memory, 16 * KIB, 4096, high, NULL));
    return memory;
}

static void test_blocks_are_sorted(void **state)
{
    g_autoptr(GcMemory) memory = two_neighbours_and_a_gap();

    (void)state;
    assert_int_equal(gc_memory_get_n_blocks(memory), 3);
    assert_int_equal(gc_memory_get_block(memory, 0).start, 0);
    assert_int_equal(gc_memory_get_block(memory, 2).start, 16 * KIB);
}

static void test_impossible_blocks_are_refused(void **state)
{
    static const struct {
        GcPaddr start;
        uint64_t size;
    } cases[] = {{0, 1},         {4095, 2},       {8 * KIB, 9 * KIB},
                 {32 * KIB, 0},  {UINT64_MAX, 1}, {1, UINT64_MAX},
                 {0, UINT64_MAX}};
    g_autoptr(GcMemory) memory = two_neighbours_and_a_gap();

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        assert_false(gc_memory_add_host(memory, cases[i].start, cases[i].size,
                                        low, &error));
        assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_INVALID));
    }
    assert_int_equal(gc_memory_get_n_blocks(memory), 3);
}

static void test_read_crosses_neighbours_but_not_gaps(void **state)
{
    g_autoptr(GcMemory) memory = two_neighbours_and_a_gap();
    g_autoptr(GError) error = NULL;
    uint8_t buf[8];

    (void)state;
    assert_true(gc_memory_read(memory, 4094, buf, 5, NULL));
    assert_memory_equal(buf, ((uint8_t[]){0, 0, 4, 5, 6}), 5);
    assert_false(gc_memory_read(memory, 8 * KIB - 2, buf, 4, &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_NO_DATA));
    memset(buf, 0xff, sizeof(buf));
    assert_true(gc_memory_read_padded(memory, 16 * KIB - 4, buf, 8, NULL));
    assert_memory_equal(buf, ((uint8_t[]){0, 0, 0, 0, 4, 5, 6, 0}), 8);
    assert_true(gc_memory_read_padded(memory, UINT64_MAX - 3, buf, 8, NULL));
    assert_memory_equal(buf, ((uint8_t[8]){0}), 8);
}

static void test_only_what_is_mapped_in_one_piece_is_borrowed(void **state)
{
    g_autoptr(GcMemory) memory = two_neighbours_and_a_gap();
    int fd = memfd_create("memory", MFD_CLOEXEC);

    (void)state;
    assert_int_equal(ftruncate(fd, 4096), 0);
    assert_true(gc_memory_add_fd(memory, 32 * KIB, 4096, fd, 0, NULL));
    close(fd);
    assert_ptr_equal(gc_memory_borrow(memory, 0, 4096), low);
    assert_ptr_equal(gc_memory_borrow(memory, 4 * KIB + 1, 4095), high + 1);
    assert_ptr_equal(gc_memory_borrow(memory, 16 * KIB, 1), high);
    assert_null(gc_memory_borrow(memory, 0, 4097));
    assert_null(gc_memory_borrow(memory, 8 * KIB, 1));
    assert_null(gc_memory_borrow(memory, 16 * KIB - 1, 2));
    assert_null(gc_memory_borrow(memory, 16 * KIB, SIZE_MAX));
    assert_null(gc_memory_borrow(memory, 32 * KIB, 4096));
    assert_null(gc_memory_borrow(memory, UINT64_MAX, 1));
}

static void test_holes_of_a_file_are_not_data(void **state)
{
    g_autoptr(GcMemory) memory = gc_memory_new();
    int fd = memfd_create("memory", MFD_CLOEXEC);
    GcPaddr start;
    GcPaddr end;

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, 64 * 1024), 0);
    assert_int_equal(pwrite(fd, "x", 1, 32 * 1024), 1);
    assert_true(
        gc_memory_add_fd(memory, 0x100000, 32 * KIB, fd, 16 * KIB, NULL));
    close(fd);
    assert_true(gc_memory_next_data(memory, 0, 0x200000, &start, &end, NULL));
    assert_int_equal(start, 0x100000 + 16 * KIB);
    assert_int_equal(end, 0x100000 + 20 * KIB);
    assert_true(gc_memory_next_data(memory, end, 0x200000, &start, &end, NULL));
    assert_int_equal(start, 0x200000);
    assert_int_equal(end, 0x200000);
}

static void test_next_data_without_knowledge_is_the_block(void **state)
{
    g_autoptr(GcMemory) memory = two_neighbours_and_a_gap();
    GcPaddr start;
    GcPaddr end;

    (void)state;
    assert_true(
        gc_memory_next_data(memory, 9 * KIB, 17 * KIB, &start, &end, NULL));
    assert_int_equal(start, 16 * KIB);
    assert_int_equal(end, 17 * KIB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_are_sorted),
        cmocka_unit_test(test_impossible_blocks_are_refused),
        cmocka_unit_test(test_read_crosses_neighbours_but_not_gaps),
        cmocka_unit_test(test_only_what_is_mapped_in_one_piece_is_borrowed),
        cmocka_unit_test(test_holes_of_a_file_are_not_data),
        cmocka_unit_test(test_next_data_without_knowledge_is_the_block),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
