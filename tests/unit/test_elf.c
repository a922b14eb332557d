/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "guestcore/error.h"

#include "guest/elf.h"
#include "guest/notes.h"
#include "tests/lib/elfgen.h"
#include "tests/unit/cmocka_all.h"

static const GcEncoding encodings[] = {
    {false, false}, {false, true}, {true, false}, {true, true}};

static Elfgen *elf_of(GcEncoding encoding, unsigned n)
{
    return elfgen_new(encoding.is_64bit, encoding.big_endian, 22, n);
}

static const GcElfSegment *segment_of(const GcElf *elf, guint i)
{
    return &g_array_index(elf->segments, GcElfSegment, i);
}

static void assert_refused(Elfgen *gen)
{
    GcFile file = elfgen_get_file(gen);
    g_autoptr(GError) error = NULL;

    assert_null(gc_elf_open(&file, &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_FORMAT));
}

static void test_headers_of_both_classes_and_byte_orders(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(encodings); i++) {
        g_autoptr(Elfgen) gen = elf_of(encodings[i], 2);
        ElfgenSegment segment = {1, 0x1234, 0xabcd000, 0x11, 0x22};
        g_autoptr(GcElf) elf = NULL;
        GcFile file;

        elfgen_set_segment(gen, 1, segment);
        file = elfgen_get_file(gen);
        elf = gc_elf_open(&file, NULL);
        assert_non_null(elf);
        assert_int_equal(elf->encoding.is_64bit, encodings[i].is_64bit);
        assert_int_equal(elf->encoding.big_endian, encodings[i].big_endian);
        assert_int_equal(elf->header.machine, 22);
        assert_int_equal(elf->segments->len, 2);
        assert_int_equal(segment_of(elf, 0)->type, 0);
        assert_int_equal(segment_of(elf, 1)->type, 1);
        assert_int_equal(segment_of(elf, 1)->offset, 0x1234);
        assert_int_equal(segment_of(elf, 1)->paddr, 0xabcd000);
        assert_int_equal(segment_of(elf, 1)->vaddr, 0xabcd000);
        assert_int_equal(segment_of(elf, 1)->filesz, 0x11);
        assert_int_equal(segment_of(elf, 1)->memsz, 0x22);
    }
}

static void
test_very_many_program_headers_are_counted_in_a_section(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(encodings); i++) {
        g_autoptr(Elfgen) gen = elf_of(encodings[i], 70000);
        g_autoptr(GcElf) elf = NULL;
        GcFile file;

        elfgen_set_segment(gen, 69999, (ElfgenSegment){.type = 7});
        elfgen_set_phnum(gen, 0xffff);
        elfgen_set_shoff(gen, elfgen_append_section(gen, 70000));
        file = elfgen_get_file(gen);
        elf = gc_elf_open(&file, NULL);
        assert_non_null(elf);
        assert_int_equal(elf->segments->len, 70000);
        assert_int_equal(segment_of(elf, 69999)->type, 7);
    }
}

static void test_headers_that_lie_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(encodings); i++) {
        for (unsigned lie = 0; lie < 10; lie++) {
            g_autoptr(Elfgen) gen = elf_of(encodings[i], 2);
            unsigned wrong_size = encodings[i].is_64bit ? 32 : 56;

            switch (lie) {
            case 0: /* no class */
                elfgen_put(gen, 4, 1, 0);
                break;
            case 1:
                elfgen_put(gen, 4, 1, 3);
                break;
            case 2: /* no byte order */
                elfgen_put(gen, 5, 1, 0);
                break;
            case 3: /* an executable */
                elfgen_set_type(gen, 2);
                break;
            case 4: /* the other class's program headers */
                elfgen_set_phentsize(gen, (uint16_t)wrong_size);
                break;
            case 5: /* one more than the file has */
                elfgen_set_phnum(gen, 3);
                break;
            case 6: /* past the end */
                elfgen_set_phoff(gen, UINT32_MAX);
                break;
            case 7: /* at the edge of the address space */
                elfgen_set_phoff(gen, UINT64_MAX);
                break;
            case 8: /* a section that is not there */
                elfgen_set_phnum(gen, 0xffff);
                elfgen_set_shoff(gen, UINT64_MAX);
                break;
            default: /* a section that counts more than there is */
                elfgen_set_phnum(gen, 0xffff);
                elfgen_set_shoff(gen, elfgen_append_section(gen, UINT32_MAX));
                break;
            }
            assert_refused(gen);
        }
    }
}

/* A sparse file costs nothing, so its size bounds nothing. */
static bool read_zeros(void *opaque, uint64_t offset, void *buf, size_t len,
                       GError **error)
{
    Elfgen *gen = opaque;
    GcFile file = elfgen_get_file(gen);

    if (offset + len <= file.size) {
        return file.read(gen, offset, buf, len, error);
    }
    memset(buf, 0, len);
    return true;
}

static void test_program_headers_without_end_are_refused(void **state)
{
    g_autoptr(Elfgen) gen = elf_of(encodings[2], 2);
    GcFile huge = {read_zeros, gen, UINT64_C(1) << 60};
    g_autoptr(GError) error = NULL;

    (void)state;
    elfgen_set_phnum(gen, 0xffff);
    elfgen_set_shoff(gen, elfgen_append_section(gen, UINT32_MAX));
    assert_null(gc_elf_open(&huge, &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_FORMAT));
}

static void test_every_prefix_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(encodings); i++) {
        g_autoptr(Elfgen) gen = elf_of(encodings[i], 3);

        while (gen->bytes->len > 0) {
            g_byte_array_set_size(gen->bytes, gen->bytes->len - 1);
            assert_refused(gen);
        }
    }
}

static GPtrArray *notes_of(Elfgen *gen, GError **error)
{
    GcFile file = elfgen_get_file(gen);
    g_autoptr(GcElf) elf = gc_elf_open(&file, NULL);

    assert_non_null(elf);
    return gc_elf_read_notes(elf, &file, error);
}

static void test_notes_of_all_segments_are_read_in_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(encodings); i++) {
        g_autoptr(Elfgen) gen = elf_of(encodings[i], 3);
        uint64_t at = gen->bytes->len;
        uint64_t size = elfgen_append_note(gen, "CORE", 1, "abcde", 5);
        uint64_t more = elfgen_append_note(gen, "LINUX", 0x405, "", 0);
        g_autoptr(GPtrArray) notes = NULL;

        elfgen_set_segment(gen, 0, (ElfgenSegment){4, at, 0, size, 0});
        elfgen_set_segment(gen, 1, (ElfgenSegment){1, at, 0, size, size});
        elfgen_set_segment(gen, 2, (ElfgenSegment){4, at + size, 0, more, 0});
        notes = notes_of(gen, NULL);
        assert_int_equal(notes->len, 2);
        assert_true(gc_note_is(g_ptr_array_index(notes, 0), "CORE", 1));
        assert_true(gc_note_is(g_ptr_array_index(notes, 1), "LINUX", 0x405));
    }
}

static void test_notes_past_the_end_or_too_large_are_refused(void **state)
{
    static const uint64_t sizes[] = {
        1, GC_NOTES_MAX_SIZE, GC_NOTES_MAX_SIZE + UINT64_C(1), UINT64_MAX};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autoptr(Elfgen) gen = elf_of(encodings[2], 1);
        g_autoptr(GError) error = NULL;

        elfgen_set_segment(gen, 0,
                           (ElfgenSegment){4, gen->bytes->len, 0, sizes[i], 0});
        assert_null(notes_of(gen, &error));
        assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_FORMAT));
    }
}

/* Many headers that all point at the same bytes. */
static void test_all_notes_together_are_bounded(void **state)
{
    g_autoptr(Elfgen) gen = elf_of(encodings[2], 1000);
    g_autofree char *desc = g_malloc0(1024 * 1024);
    uint64_t at = gen->bytes->len;
    uint64_t size = elfgen_append_note(gen, "CORE", 1, desc, 1024 * 1024 - 64);
    g_autoptr(GError) error = NULL;

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        elfgen_set_segment(gen, i, (ElfgenSegment){4, at, 0, size, 0});
    }
    assert_null(notes_of(gen, &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_FORMAT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers_of_both_classes_and_byte_orders),
        cmocka_unit_test(
            test_very_many_program_headers_are_counted_in_a_section),
        cmocka_unit_test(test_headers_that_lie_are_refused),
        cmocka_unit_test(test_program_headers_without_end_are_refused),
        cmocka_unit_test(test_every_prefix_is_refused),
        cmocka_unit_test(test_notes_of_all_segments_are_read_in_order),
        cmocka_unit_test(test_notes_past_the_end_or_too_large_are_refused),
        cmocka_unit_test(test_all_notes_together_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
