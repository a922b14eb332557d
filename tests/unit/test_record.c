/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "guestcore/error.h"

#include "base/record.h"
#include "tests/unit/cmocka_all.h"

typedef struct Sample {
    uint64_t wide;
    int64_t base;
    uint32_t flags;
    char name[3];
} Sample;

/* flags stands in another place in each class, as p_flags does in ELF. */
static const GcField sample_fields[] = {
    GC_FIELD(Sample, flags, 0, 4),
    GC_FIELD(Sample, wide, 4, 8),
    GC_FIELD_INT(Sample, base, 4, 8),
    GC_FIELD_BYTES(Sample, name),
    GC_FIELD_PAD(1, 5),
    GC_FIELD(Sample, flags, 2, 0),
};
static const GcRecord sample = GC_RECORD("sample", sample_fields);

static const GcEncoding encodings[] = {
    {false, false}, {false, true}, {true, false}, {true, true}};

static void test_round_trip_in_every_encoding(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(encodings); i++) {
        Sample in = {0x12345678, -5, 0xabcd, {'a', 'b', 'c'}};
        Sample out;
        uint8_t disk[64];
        GError *error = NULL;

        memset(&out, 0xff, sizeof(out));
        assert_true(gc_record_put(&sample, encodings[i], &in, disk, &error));
        assert_null(error);
        gc_record_get(&sample, encodings[i], disk, &out);
        assert_int_equal(out.wide, in.wide);
        assert_int_equal(out.base, in.base);
        assert_int_equal(out.flags, in.flags);
        assert_memory_equal(out.name, in.name, sizeof(in.name));
    }
}

static void test_bytes_on_disk(void **state)
{
    const Sample in = {0x01020304, -2, 0x0506, {'x', 'y', 'z'}};
    const uint8_t be32[] = {1,    2,   3,   4,   0xff, 0xff, 0xff,
                            0xfe, 'x', 'y', 'z', 0,    5,    6};
    uint8_t disk[64];

    (void)state;
    assert_int_equal(gc_record_get_size(&sample, encodings[1]), sizeof(be32));
    assert_true(gc_record_put(&sample, encodings[1], &in, disk, NULL));
    assert_memory_equal(disk, be32, sizeof(be32));
    assert_int_equal(gc_record_get_size(&sample, encodings[2]), 28);
}

static void test_value_that_does_not_fit_names_the_field(void **state)
{
    const Sample wide = {UINT64_C(1) << 32, 0, 0, {0}};
    const Sample low = {0, -(INT64_C(1) << 31) - 1, 0, {0}};
    uint8_t disk[64];
    GError *error = NULL;

    (void)state;
    assert_false(gc_record_put(&sample, encodings[0], &wide, disk, &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_UNSUPPORTED));
    assert_non_null(strstr(error->message, "sample: wide"));
    g_clear_error(&error);
    assert_false(gc_record_put(&sample, encodings[0], &low, disk, &error));
    assert_non_null(strstr(error->message, "sample: base"));
    g_clear_error(&error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip_in_every_encoding),
        cmocka_unit_test(test_bytes_on_disk),
        cmocka_unit_test(test_value_that_does_not_fit_names_the_field),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
