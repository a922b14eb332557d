/* SPDX-License-Identifier: MIT */
/* Kernels' logs of every kind, as they fill and wrap, and torn ones. */
#include <string.h>

#include "guestcore/error.h"
#include "guestcore/log.h"

#include "tests/lib/loggen.h"
#include "tests/unit/cmocka_all.h"

static const char *const arches[] = {"ppc64le", "i386", "s390x"};

/* What was read of a log. */
typedef struct Reading {
    const Loggen *gen;
    LoggenKind kind;
    guint n;
    guint stop; /* after so many; 0 for none */
} Reading;

static bool is_expected(const GcLogRecord *record, void *user_data)
{
    Reading *reading = user_data;
    GPtrArray *records = loggen_get_records(reading->gen);
    const LoggenRecord *expected;

    assert_true(reading->n < records->len);
    expected = g_ptr_array_index(records, reading->n++);
    assert_int_equal(record->text_len, expected->text_len);
    assert_memory_equal(record->text, expected->text, record->text_len);
    assert_int_equal(record->has_time, reading->kind != LOGGEN_PLAIN);
    assert_int_equal(record->has_caller, reading->kind != LOGGEN_PLAIN &&
                                             reading->kind != LOGGEN_RECORDS);
    if (record->has_time) {
        assert_int_equal(record->nanoseconds, expected->nanoseconds);
        assert_int_equal(record->level, expected->level);
        assert_int_equal(record->facility, 3);
    }
    if (record->has_caller) {
        assert_int_equal(record->caller, expected->caller);
    }
    if (reading->kind == LOGGEN_RING || reading->kind == LOGGEN_RING_FIT) {
        assert_int_equal(record->sequence, expected->sequence);
    } else {
        assert_int_equal(record->sequence, reading->n - 1);
    }
    return reading->n != reading->stop;
}

static void check_log(Loggen *gen, LoggenKind kind)
{
    g_autoptr(GcGuest) guest = loggen_make_guest(gen, "");
    g_autoptr(GError) error = NULL;
    Reading reading = {.gen = gen, .kind = kind};
    uint64_t lost = 42;

    if (!gc_guest_read_log(guest, is_expected, &reading, &lost, &error)) {
        fail_msg("%s", error->message);
    }
    assert_int_equal(reading.n, loggen_get_records(gen)->len);
    assert_int_equal(lost, 0);
}

/* Texts of all lengths, with lines, and now and then none. */
static void add_some(Loggen *gen, unsigned i, unsigned max)
{
    g_autofree char *text = g_strdup_printf("%u\n\x01%0*u", i, (int)max, i);
    unsigned len = i % 7 == 3 ? 0 : i * 31 % max + 1;

    loggen_add(gen, UINT64_C(1234567890) * i, i % 8, i << 28 | i, text, len);
}

static void fill_and_check(LoggenKind kind, unsigned max)
{
    for (size_t i = 0; i < G_N_ELEMENTS(arches); i++) {
        g_autoptr(Loggen) gen = loggen_new(arches[i], kind);

        check_log(gen, kind);
        for (unsigned j = 0; j < 300; j++) {
            add_some(gen, j, max);
            check_log(gen, kind);
        }
    }
}

/* Short texts, so that descriptors run out; long ones, so that bytes do. */
static void test_the_ring_as_it_fills_and_wraps(void **state)
{
    (void)state;
    fill_and_check(LOGGEN_RING, 12);
    fill_and_check(LOGGEN_RING, 40);
    fill_and_check(LOGGEN_RING, 500);
}

static void test_the_ring_whose_blocks_may_end_where_it_does(void **state)
{
    (void)state;
    fill_and_check(LOGGEN_RING_FIT, 12);
    fill_and_check(LOGGEN_RING_FIT, 40);
    fill_and_check(LOGGEN_RING_FIT, 500);
}

static void test_records_as_they_fill_and_wrap(void **state)
{
    (void)state;
    fill_and_check(LOGGEN_RECORDS, 40);
    fill_and_check(LOGGEN_RECORDS, 300);
    fill_and_check(LOGGEN_RECORDS_CALLER, 100);
}

/* The structure had another name before 3.11. */
static void test_records_by_their_old_name(void **state)
{
    static const char *const old =
        "SIZE(log)=16\nOFFSET(log.ts_nsec)=0\nOFFSET(log.len)=8\n"
        "OFFSET(log.text_len)=10\nOFFSET(log.dict_len)=12\n"
        "SIZE(printk_log)=none\n";
    g_autoptr(Loggen) gen = loggen_new("ppc64le", LOGGEN_RECORDS);
    g_autoptr(GcGuest) guest = NULL;
    Reading reading = {.gen = gen, .kind = LOGGEN_RECORDS};

    (void)state;
    loggen_add(gen, 5, 6, 0, "hello", 5);
    guest = loggen_make_guest(gen, old);
    assert_true(gc_guest_read_log(guest, is_expected, &reading, NULL, NULL));
    assert_int_equal(reading.n, 1);
}

static void test_plain_text_as_it_wraps(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(arches); i++) {
        g_autoptr(Loggen) gen = loggen_new(arches[i], LOGGEN_PLAIN);

        check_log(gen, LOGGEN_PLAIN);
        for (unsigned j = 0; j < 100; j++) {
            g_autofree char *text =
                g_strdup_printf("<%u>line %0*u", j % 8, (int)(j % 60), j);

            loggen_add(gen, 0, j % 8, 0, text, strlen(text));
            check_log(gen, LOGGEN_PLAIN);
        }
    }
}

static bool has_level_of_text(const GcLogRecord *record, void *user_data)
{
    guint *n = user_data;

    assert_int_equal(record->level, *n == 0 ? 5 : GC_LOG_UNKNOWN);
    assert_int_equal(record->facility, GC_LOG_UNKNOWN);
    ++*n;
    return true;
}

static void test_plain_text_may_tell_a_level(void **state)
{
    g_autoptr(Loggen) gen = loggen_new("i386", LOGGEN_PLAIN);
    g_autoptr(GcGuest) guest = NULL;
    guint n = 0;

    (void)state;
    loggen_add(gen, 0, 0, 0, "<5>notice", 9);
    loggen_add(gen, 0, 0, 0, "<9>", 3);
    loggen_add(gen, 0, 0, 0, "5", 1);
    guest = loggen_make_guest(gen, "");
    assert_true(gc_guest_read_log(guest, has_level_of_text, &n, NULL, NULL));
    assert_int_equal(n, 3);
}

static void test_the_caller_ends_the_reading(void **state)
{
    static const LoggenKind kinds[] = {LOGGEN_RING, LOGGEN_RECORDS,
                                       LOGGEN_PLAIN};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autoptr(Loggen) gen = loggen_new("s390x", kinds[i]);
        g_autoptr(GcGuest) guest = NULL;
        Reading reading = {.gen = gen, .kind = kinds[i], .stop = 2};

        for (unsigned j = 0; j < 5; j++) {
            loggen_add(gen, 0, 1, 0, "again", 5);
        }
        guest = loggen_make_guest(gen, "");
        assert_true(
            gc_guest_read_log(guest, is_expected, &reading, NULL, NULL));
        assert_int_equal(reading.n, 2);
    }
}

typedef struct Counts {
    guint n;
    gsize bytes;
} Counts;

static bool count(const GcLogRecord *record, void *user_data)
{
    Counts *counts = user_data;

    counts->n++;
    counts->bytes += record->text_len;
    assert_true(record->text_len <= 65535);
    return true;
}

/* Five records, of which something is done to the fourth. */
typedef void (*Damage)(Loggen *gen, uint64_t id, uint8_t *desc);

static void set_reserved(Loggen *gen, uint64_t id, uint8_t *desc)
{
    loggen_put(gen, desc, loggen_get_long_size(gen), id);
}

static void set_reusable(Loggen *gen, uint64_t id, uint8_t *desc)
{
    unsigned width = loggen_get_long_size(gen);

    loggen_put(gen, desc, width, id | UINT64_C(3) << (8 * width - 2));
}

static void change_id(Loggen *gen, uint64_t id, uint8_t *desc)
{
    unsigned width = loggen_get_long_size(gen);

    loggen_put(gen, desc, width,
               (id ^ LOGGEN_COUNT) | UINT64_C(2) << (8 * width - 2));
}

static uint64_t get_begin(Loggen *gen, const uint8_t *desc)
{
    unsigned width = loggen_get_long_size(gen);

    return loggen_get(gen, desc + width, width);
}

static void set_next(Loggen *gen, uint8_t *desc, uint64_t next)
{
    unsigned width = loggen_get_long_size(gen);

    loggen_put(gen, desc + 2 * width, width, next);
}

static void change_owner(Loggen *gen, uint64_t id, uint8_t *desc)
{
    uint8_t *data = loggen_get_memory(gen) + LOGGEN_DATA;

    (void)id;
    data[get_begin(gen, desc) % LOGGEN_SIZE] ^= 1;
    data[get_begin(gen, desc) % LOGGEN_SIZE + 3] ^= 1;
}

static void end_before_begin(Loggen *gen, uint64_t id, uint8_t *desc)
{
    (void)id;
    set_next(gen, desc, get_begin(gen, desc) - 8);
}

static void end_at_begin(Loggen *gen, uint64_t id, uint8_t *desc)
{
    (void)id;
    set_next(gen, desc, get_begin(gen, desc));
}

static void end_two_rounds_later(Loggen *gen, uint64_t id, uint8_t *desc)
{
    (void)id;
    set_next(gen, desc, get_begin(gen, desc) + 2 * LOGGEN_SIZE + 8);
}

static void end_within_owner(Loggen *gen, uint64_t id, uint8_t *desc)
{
    (void)id;
    set_next(gen, desc, get_begin(gen, desc) + 2);
}

static void test_torn_records_are_left_out_and_counted(void **state)
{
    static const struct {
        Damage damage;
        uint64_t lost;
    } cases[] = {
        {set_reserved, 1},     {set_reusable, 0},         {change_id, 1},
        {change_owner, 1},     {end_at_begin, 1},         {end_before_begin, 1},
        {end_within_owner, 1}, {end_two_rounds_later, 1},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        for (size_t j = 0; j < G_N_ELEMENTS(arches); j++) {
            g_autoptr(Loggen) gen = loggen_new(arches[j], LOGGEN_RING);
            g_autoptr(GcGuest) guest = NULL;
            Counts counts = {0};
            uint64_t lost = 42;
            uint64_t id;

            for (unsigned k = 0; k < 5; k++) {
                loggen_add(gen, 0, 1, 0, "a text of some length", 21);
            }
            id = loggen_get_head_id(gen) - 1;
            cases[i].damage(gen, id, loggen_get_desc(gen, id));
            guest = loggen_make_guest(gen, "");
            assert_true(gc_guest_read_log(guest, count, &counts, &lost, NULL));
            assert_int_equal(counts.n, 4);
            assert_int_equal(lost, cases[i].lost);
        }
    }
}

/* Each text is as long as it can be said to be, and all that is told is
 * still not more than the ring holds. */
static void test_texts_that_overlap_are_bounded(void **state)
{
    g_autoptr(Loggen) gen = loggen_new("ppc64le", LOGGEN_RING);
    g_autoptr(GcGuest) guest = NULL;
    Counts counts = {0};
    uint64_t lost = 0;

    (void)state;
    for (unsigned i = 0; i < LOGGEN_COUNT - 1; i++) {
        loggen_add(gen, 0, 1, 0, "text", 4);
    }
    for (unsigned i = 0; i < LOGGEN_COUNT; i++) {
        uint8_t *desc = loggen_get_desc(gen, i);

        set_next(gen, desc, get_begin(gen, desc) + LOGGEN_SIZE / 2);
        loggen_put(gen, loggen_get_memory(gen) + LOGGEN_INFOS + i * 88 + 16, 2,
                   65535);
    }
    guest = loggen_make_guest(gen, "");
    assert_true(gc_guest_read_log(guest, count, &counts, &lost, NULL));
    assert_true(counts.bytes <= LOGGEN_SIZE);
    assert_true(lost > 0);
}

/* Every value of every word of the log's structures: no guest's log may be
 * more than its buffer, nor cost more. */
static void test_hostile_words_are_survived(void **state)
{
    static const uint64_t values[] = {
        0, 1, 0x7fff, 0xffff, UINT32_MAX, UINT64_MAX, UINT64_C(1) << 63,
    };
    static const LoggenKind kinds[] = {LOGGEN_RING, LOGGEN_RECORDS,
                                       LOGGEN_PLAIN};
    gint64 start = g_get_monotonic_time();

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        for (unsigned at = 0x100; at < LOGGEN_DATA + LOGGEN_SIZE; at += 4) {
            g_autoptr(Loggen) gen = loggen_new("i386", kinds[i]);
            g_autoptr(GcGuest) guest = NULL;

            for (unsigned j = 0; j < 40; j++) {
                add_some(gen, j, 100);
            }
            guest = loggen_make_guest(gen, "");
            for (size_t k = 0; k < G_N_ELEMENTS(values); k++) {
                g_autoptr(GError) error = NULL;
                Counts counts = {0};

                loggen_put(gen, loggen_get_memory(gen) + at, 4, values[k]);
                if (!gc_guest_read_log(guest, count, &counts, NULL, &error)) {
                    assert_true(error->domain == GC_ERROR);
                }
                assert_true(counts.bytes <= LOGGEN_MEMORY);
            }
        }
    }
    assert_true(g_get_monotonic_time() - start < 60 * G_USEC_PER_SEC);
}

static void assert_refused(const char *arch, LoggenKind kind, const char *text,
                           int code)
{
    g_autoptr(Loggen) gen = loggen_new(arch, kind);
    g_autoptr(GcGuest) guest = NULL;
    g_autoptr(GError) error = NULL;
    Counts counts = {0};

    loggen_add(gen, 0, 1, 0, "text", 4);
    guest = loggen_make_guest(gen, text);
    assert_false(gc_guest_read_log(guest, count, &counts, NULL, &error));
    if (!g_error_matches(error, GC_ERROR, code)) {
        fail_msg("%s: %s", text, error->message);
    }
    assert_int_equal(counts.n, 0);
}

static void test_a_vmcoreinfo_that_cannot_be_right_is_refused(void **state)
{
    static const struct {
        LoggenKind kind;
        const char *text;
        int code;
    } cases[] = {
        {LOGGEN_RING, "SIZE(prb_desc)=-1\n", GC_ERROR_FORMAT},
        {LOGGEN_RING, "SIZE(prb_desc)=4097\n", GC_ERROR_FORMAT},
        {LOGGEN_RING, "SIZE(prb_desc)=0\n", GC_ERROR_FORMAT},
        {LOGGEN_RING, "SIZE(printk_info)=19\n", GC_ERROR_FORMAT},
        {LOGGEN_RING, "OFFSET(printk_info.text_len)=85\n", GC_ERROR_FORMAT},
        {LOGGEN_RING, "OFFSET(prb_desc.state_var)=17\n", GC_ERROR_FORMAT},
        {LOGGEN_RING, "OFFSET(prb_desc_ring.descs)=what\n", GC_ERROR_FORMAT},
        {LOGGEN_RING, "SYMBOL(prb)=10\n", GC_ERROR_NO_DATA},
        {LOGGEN_RING, "SYMBOL(prb)=ffffffffffffffff\n", GC_ERROR_NO_DATA},
        {LOGGEN_RECORDS, "SIZE(printk_log)=15\n", GC_ERROR_FORMAT},
        {LOGGEN_RECORDS, "OFFSET(printk_log.len)=-2\n", GC_ERROR_FORMAT},
        {LOGGEN_RECORDS, "SYMBOL(log_next_idx)=none\n", GC_ERROR_FORMAT},
        {LOGGEN_RECORDS, "SYMBOL(log_buf)=10\n", GC_ERROR_NO_DATA},
        {LOGGEN_PLAIN, "SYMBOL(log_buf_len)=none\n", GC_ERROR_FORMAT},
        {LOGGEN_PLAIN, "SYMBOL(log_buf)=none\n", GC_ERROR_NO_DATA},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        assert_refused("ppc64le", cases[i].kind, cases[i].text, cases[i].code);
    }
}

static void test_without_vmcoreinfo_there_is_no_log(void **state)
{
    g_autoptr(GcMemory) memory = gc_memory_new();
    g_autoptr(GcGuest) guest = gc_guest_new("x86_64", memory, NULL);
    g_autoptr(GError) error = NULL;
    Counts counts = {0};

    (void)state;
    assert_false(gc_guest_read_log(guest, count, &counts, NULL, &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_NO_DATA));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_ring_as_it_fills_and_wraps),
        cmocka_unit_test(test_the_ring_whose_blocks_may_end_where_it_does),
        cmocka_unit_test(test_records_as_they_fill_and_wrap),
        cmocka_unit_test(test_records_by_their_old_name),
        cmocka_unit_test(test_plain_text_as_it_wraps),
        cmocka_unit_test(test_plain_text_may_tell_a_level),
        cmocka_unit_test(test_the_caller_ends_the_reading),
        cmocka_unit_test(test_torn_records_are_left_out_and_counted),
        cmocka_unit_test(test_texts_that_overlap_are_bounded),
        cmocka_unit_test(test_hostile_words_are_survived),
        cmocka_unit_test(test_a_vmcoreinfo_that_cannot_be_right_is_refused),
        cmocka_unit_test(test_without_vmcoreinfo_there_is_no_log),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
