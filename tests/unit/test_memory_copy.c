/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "guestcore/error.h"

#include "dump/memory_copy.h"
#include "tests/unit/cmocka_all.h"

#define MIB UINT64_C(0x100000)
#define SIZE (12 * MIB)
#define DATA_START (3 * MIB + 5)
#define DATA_END (9 * MIB + 7)
#define GAP (100 * MIB)

/* Noise, of which only [DATA_START, DATA_END) is said to be data. */
typedef struct Source {
    uint8_t bytes[SIZE];
    bool is_broken;
} Source;

static bool source_read(void *opaque, uint64_t offset, void *buf, size_t len,
                        GError **error)
{
    const Source *source = opaque;

    if (source->is_broken && offset > 5 * MIB) {
        g_set_error(error, GC_ERROR, GC_ERROR_IO, "broken");
        return false;
    }
    g_assert(offset >= DATA_START);
    g_assert(offset + len <= DATA_END);
    memcpy(buf, source->bytes + offset, len);
    return true;
}

static bool source_next_data(void *opaque, uint64_t offset, uint64_t end,
                             uint64_t *ret_start, uint64_t *ret_end,
                             GError **error)
{
    (void)opaque;
    (void)error;
    *ret_start = MIN(MAX(offset, DATA_START), end);
    *ret_end = MIN(DATA_END, end);
    if (*ret_start >= *ret_end) {
        *ret_start = *ret_end = end;
    }
    return true;
}

static GcMemory *make_memory(Source *source)
{
    static const GcMemoryOps ops = {.read = source_read,
                                    .next_data = source_next_data};
    GcMemory *memory = gc_memory_new();

    for (size_t i = 0; i < SIZE; i++) {
        source->bytes[i] = (uint8_t)(i * 2654435761U >> 13);
    }
    assert_true(gc_memory_add(memory, 0, SIZE, &ops, source, NULL));
    assert_true(gc_memory_add(memory, GAP, SIZE, &ops, source, NULL));
    return memory;
}

static void test_a_copy_has_what_was_there(void **state)
{
    g_autofree Source *source = g_new0(Source, 1);
    g_autofree uint8_t *found = g_malloc(SIZE);
    g_autoptr(GcMemory) memory = make_memory(source);
    uint64_t size;

    (void)state;
    assert_true(gc_memory_count_data(memory, NULL, &size, NULL));
    assert_int_equal(size, 2 * (DATA_END - DATA_START));
    for (unsigned threads = 0; threads < 4; threads++) {
        g_autoptr(GcMemory) copy =
            gc_memory_copy(memory, NULL, threads, NULL, NULL, NULL);
        GcPaddr start;
        GcPaddr end;

        assert_int_equal(gc_memory_get_n_blocks(copy), 2);
        assert_true(gc_memory_read(copy, GAP, found, SIZE, NULL));
        assert_memory_equal(found + DATA_START, source->bytes + DATA_START,
                            DATA_END - DATA_START);
        assert_int_equal(found[DATA_START - 1], 0);
        assert_int_equal(found[DATA_END], 0);
        assert_true(
            gc_memory_next_data(copy, 0, UINT64_MAX, &start, &end, NULL));
        assert_int_equal(start, DATA_START);
        assert_int_equal(end, DATA_END);
        assert_true(
            gc_memory_next_data(copy, end, UINT64_MAX, &start, &end, NULL));
        assert_int_equal(start, GAP + DATA_START);
    }
}

static void test_only_what_is_wanted_is_copied(void **state)
{
    g_autofree Source *source = g_new0(Source, 1);
    g_autoptr(GcMemory) memory = make_memory(source);
    g_autoptr(GcRanges) only = gc_ranges_new();
    g_autoptr(GcMemory) copy = NULL;
    g_autoptr(GError) error = NULL;
    uint8_t found[16];
    uint64_t size;

    (void)state;
    gc_ranges_add(only, 0, MIB);
    gc_ranges_add(only, 4 * MIB, 5 * MIB);
    gc_ranges_add(only, 8 * MIB, GAP + 4 * MIB);
    assert_true(gc_memory_count_data(memory, only, &size, NULL));
    assert_int_equal(size, MIB + (DATA_END - 8 * MIB) + (4 * MIB - DATA_START));
    copy = gc_memory_copy(memory, only, 2, NULL, NULL, NULL);
    assert_non_null(copy);
    assert_true(gc_memory_read(copy, 5 * MIB - 16, found, 16, NULL));
    assert_memory_equal(found, source->bytes + 5 * MIB - 16, 16);
    assert_true(gc_memory_read(copy, MIB - 16, found, 16, NULL));
    assert_int_equal(found[0], 0);
    assert_false(gc_memory_read(copy, 5 * MIB - 15, found, 16, &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_NO_DATA));
}

static bool is_cancelled(void *user_data)
{
    return g_atomic_int_add((gint *)user_data, 1) > 1;
}

static void test_what_cannot_be_copied_is_an_error(void **state)
{
    g_autofree Source *source = g_new0(Source, 1);
    g_autoptr(GcMemory) memory = make_memory(source);
    g_autoptr(GError) error = NULL;
    gint n_asked = 0;

    (void)state;
    assert_null(
        gc_memory_copy(memory, NULL, 1, is_cancelled, &n_asked, &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_CANCELLED));
    g_clear_error(&error);
    source->is_broken = true;
    assert_null(gc_memory_copy(memory, NULL, 2, NULL, NULL, &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_IO));
}

static void test_no_memory_makes_an_empty_copy(void **state)
{
    g_autoptr(GcMemory) memory = gc_memory_new();
    g_autoptr(GcMemory) copy =
        gc_memory_copy(memory, NULL, 1, NULL, NULL, NULL);

    (void)state;
    assert_int_equal(gc_memory_get_n_blocks(copy), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_copy_has_what_was_there),
        cmocka_unit_test(test_only_what_is_wanted_is_copied),
        cmocka_unit_test(test_what_cannot_be_copied_is_an_error),
        cmocka_unit_test(test_no_memory_makes_an_empty_copy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
