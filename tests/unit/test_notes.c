/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "guestcore/error.h"

#include "guest/notes.h"
#include "tests/unit/cmocka_all.h"

/* CORE/1 "abcde", VMCOREINFO/0 "OSRELEASE=6.1.0", and an empty QEMU/0; bytes
 * written down after the gABI. */
/* clang-format off */
static const uint8_t little[] = {
    5, 0, 0, 0,   5, 0, 0, 0,   1, 0, 0, 0,
    'C', 'O', 'R', 'E', 0, 0, 0, 0,
    'a', 'b', 'c', 'd', 'e', 0, 0, 0,
    11, 0, 0, 0,  15, 0, 0, 0,  0, 0, 0, 0,
    'V', 'M', 'C', 'O', 'R', 'E', 'I', 'N', 'F', 'O', 0, 0,
    'O', 'S', 'R', 'E', 'L', 'E', 'A', 'S', 'E', '=', '6', '.', '1', '.', '0', 0,
    5, 0, 0, 0,   0, 0, 0, 0,   0, 0, 0, 0,
    'Q', 'E', 'M', 'U', 0, 0, 0, 0,
};
static const uint8_t big[] = {
    0, 0, 0, 5,   0, 0, 0, 5,   0, 0, 0, 1,
    'C', 'O', 'R', 'E', 0, 0, 0, 0,
    'a', 'b', 'c', 'd', 'e', 0, 0, 0,
};
/* clang-format on */

#define NOTE_1_END 28u
#define VMCOREINFO_DESC 52u
#define NOTE_2_END 68u

static void assert_note(GPtrArray *notes, guint i, const char *name,
                        uint32_t type, const char *desc)
{
    const GcNote *note = g_ptr_array_index(notes, i);

    assert_string_equal(note->name, name);
    assert_int_equal(note->type, type);
    assert_int_equal(g_bytes_get_size(note->desc), strlen(desc));
    if (desc[0] != '\0') {
        assert_memory_equal(g_bytes_get_data(note->desc, NULL), desc,
                            strlen(desc));
    }
}

static void test_notes_are_parsed_in_order(void **state)
{
    g_autoptr(GPtrArray) notes = gc_notes_new();

    (void)state;
    assert_true(gc_notes_parse(notes, little, sizeof(little), false, NULL));
    assert_int_equal(notes->len, 3);
    assert_note(notes, 0, "CORE", 1, "abcde");
    assert_note(notes, 1, "VMCOREINFO", 0, "OSRELEASE=6.1.0");
    assert_note(notes, 2, "QEMU", 0, "");
    assert_true(gc_note_is_prstatus(g_ptr_array_index(notes, 0)));
    assert_true(gc_note_is_vmcoreinfo(g_ptr_array_index(notes, 1)));
    assert_false(gc_note_is_prstatus(g_ptr_array_index(notes, 1)));
    assert_false(gc_note_is_vmcoreinfo(g_ptr_array_index(notes, 2)));
}

static void test_headers_have_the_byte_order_asked_for(void **state)
{
    g_autoptr(GPtrArray) notes = gc_notes_new();
    g_autoptr(GByteArray) bytes = NULL;
    size_t vmcoreinfo = 42;

    (void)state;
    assert_true(gc_notes_parse(notes, big, sizeof(big), true, NULL));
    assert_note(notes, 0, "CORE", 1, "abcde");
    bytes = gc_notes_serialize(notes, true, &vmcoreinfo);
    assert_int_equal(bytes->len, sizeof(big));
    assert_memory_equal(bytes->data, big, sizeof(big));
    assert_int_equal(vmcoreinfo, 0);
}

static void test_serialized_notes_are_those_that_were_parsed(void **state)
{
    g_autoptr(GPtrArray) notes = gc_notes_new();
    g_autoptr(GByteArray) bytes = NULL;
    size_t vmcoreinfo;

    (void)state;
    assert_true(gc_notes_parse(notes, little, sizeof(little), false, NULL));
    bytes = gc_notes_serialize(notes, false, &vmcoreinfo);
    assert_int_equal(bytes->len, sizeof(little));
    assert_memory_equal(bytes->data, little, sizeof(little));
    assert_int_equal(vmcoreinfo, VMCOREINFO_DESC);
}

static void test_no_notes_are_no_bytes(void **state)
{
    g_autoptr(GPtrArray) notes = gc_notes_new();
    g_autoptr(GByteArray) bytes = NULL;
    size_t vmcoreinfo = 42;

    (void)state;
    assert_true(gc_notes_parse(notes, little, 0, false, NULL));
    bytes = gc_notes_serialize(notes, false, &vmcoreinfo);
    assert_int_equal(bytes->len, 0);
    assert_int_equal(vmcoreinfo, 0);
}

/* The last note need not be padded; any other cut is an error, and what came
 * before it is still there. */
static void test_every_prefix_ends_in_an_error_or_after_a_note(void **state)
{
    (void)state;
    for (size_t size = 0; size < sizeof(little); size++) {
        g_autofree uint8_t *exact = g_memdup2(little, size);
        g_autoptr(GPtrArray) notes = gc_notes_new();
        g_autoptr(GError) error = NULL;
        bool whole = size == 0 ||
                     (size >= NOTE_1_END - 3 && size <= NOTE_1_END) ||
                     (size >= NOTE_2_END - 1 && size <= NOTE_2_END) ||
                     size >= sizeof(little) - 3;

        assert_int_equal(gc_notes_parse(notes, exact, size, false, &error),
                         whole);
        assert_int_equal(notes->len, (size >= NOTE_1_END - 3) +
                                         (size >= NOTE_2_END - 1) +
                                         (size >= sizeof(little) - 3));
        assert_int_equal(g_error_matches(error, GC_ERROR, GC_ERROR_FORMAT),
                         !whole);
    }
}

static void test_sizes_near_the_limit_of_32_bits_do_not_wrap(void **state)
{
    static const uint32_t sizes[] = {UINT32_MAX, UINT32_MAX - 3,
                                     UINT32_MAX - 11, 0x80000000u, 9};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(sizes) * 2; i++) {
        uint8_t bytes[20] = {0};
        uint32_t size = GUINT32_TO_LE(sizes[i / 2]);
        g_autoptr(GPtrArray) notes = gc_notes_new();

        memcpy(bytes + i % 2 * 4, &size, sizeof(size));
        assert_false(gc_notes_parse(notes, bytes, sizeof(bytes), false, NULL));
        assert_int_equal(notes->len, 0);
    }
}

/* A name that is not terminated, or terminated early, is what it shows. */
static void test_a_name_ends_at_its_size_or_at_a_nul(void **state)
{
    static const uint8_t bytes[] = {
        4, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 'C', 'O', 'R', 'E', /* no NUL */
        4, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 'A', 0,   'B', 0,
        0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0,
    };
    g_autoptr(GPtrArray) notes = gc_notes_new();

    (void)state;
    assert_true(gc_notes_parse(notes, bytes, sizeof(bytes), false, NULL));
    assert_int_equal(notes->len, 3);
    assert_note(notes, 0, "CORE", 7, "");
    assert_note(notes, 1, "A", 7, "");
    assert_note(notes, 2, "", 7, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_notes_are_parsed_in_order),
        cmocka_unit_test(test_headers_have_the_byte_order_asked_for),
        cmocka_unit_test(test_serialized_notes_are_those_that_were_parsed),
        cmocka_unit_test(test_no_notes_are_no_bytes),
        cmocka_unit_test(test_every_prefix_ends_in_an_error_or_after_a_note),
        cmocka_unit_test(test_sizes_near_the_limit_of_32_bits_do_not_wrap),
        cmocka_unit_test(test_a_name_ends_at_its_size_or_at_a_nul),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
