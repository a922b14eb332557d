/* SPDX-License-Identifier: MIT */
#include "guestcore/error.h"

#include "dump/pipeline.h"
#include "tests/unit/cmocka_all.h"

#define NEVER UINT64_MAX

/* A pipeline that squares numbers, and where it is to fail. */
typedef struct Squares {
    uint64_t n_items;
    uint64_t work_fails_from; /* work of this item and of all after fails */
    uint64_t emit_fails_at;

    /* What happened.  Only the caller's thread touches what is not gint. */
    uint64_t n_next;
    GArray *emitted; /* of uint64_t */
    gint items;      /* alive */
    gint workers;    /* alive */
    gint most_workers;
    gint works;
} Squares;

typedef struct Item {
    uint64_t number;
    uint64_t square;
} Item;

static void *new_item(void *opaque)
{
    Squares *squares = opaque;

    g_atomic_int_inc(&squares->items);
    return g_new0(Item, 1);
}

/* The pipeline frees items without saying whose they are. */
static Squares *current;

static void free_item(void *item)
{
    g_atomic_int_add(&current->items, -1);
    g_free(item);
}

static void *new_worker(void *opaque)
{
    Squares *squares = opaque;

    g_atomic_int_inc(&squares->workers);
    g_atomic_int_inc(&squares->most_workers);
    return g_new0(uint64_t, 1);
}

static void free_worker(void *opaque, void *worker)
{
    Squares *squares = opaque;

    g_atomic_int_add(&squares->workers, -1);
    g_free(worker);
}

static bool next(void *opaque, void *item)
{
    Squares *squares = opaque;
    Item *number = item;

    if (squares->n_next == squares->n_items) {
        return false;
    }
    number->number = squares->n_next++;
    return true;
}

static bool work(void *opaque, void *worker, void *item, GError **error)
{
    Squares *squares = opaque;
    Item *number = item;
    uint64_t *count = worker;

    g_atomic_int_inc(&squares->works);
    if (count != NULL) {
        ++*count; /* a race here would mean that workers share a state */
    }
    if (number->number % 3 == 0) {
        g_usleep(50); /* let others overtake */
    }
    if (number->number >= squares->work_fails_from) {
        g_set_error(error, GC_ERROR, GC_ERROR_IO, "work %u",
                    (unsigned)number->number);
        return false;
    }
    number->square = number->number * number->number;
    return true;
}

static bool emit(void *opaque, void *item, GError **error)
{
    Squares *squares = opaque;
    const Item *number = item;

    if (number->number == squares->emit_fails_at) {
        g_set_error(error, GC_ERROR, GC_ERROR_CANCELLED, "emit %u",
                    (unsigned)number->number);
        return false;
    }
    g_array_append_val(squares->emitted, number->square);
    return true;
}

static const GcPipelineOps ops = {
    .new_item = new_item,
    .free_item = free_item,
    .new_worker = new_worker,
    .free_worker = free_worker,
    .next = next,
    .work = work,
    .emit = emit,
};

static const unsigned thread_counts[] = {0, 1, 2, 7};

/* Runs @squares anew, and checks what is true of every run. */
static bool run(Squares *squares, const GcPipelineOps *with, unsigned threads,
                GError **error)
{
    bool ok;

    current = squares;
    g_clear_pointer(&squares->emitted, g_array_unref);
    squares->emitted = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    squares->n_next = 0;
    squares->most_workers = 0;
    squares->works = 0;
    ok = gc_pipeline_run(with, squares, threads, error);
    assert_int_equal(squares->items, 0);
    assert_int_equal(squares->workers, 0);
    for (guint i = 0; i < squares->emitted->len; i++) {
        assert_int_equal(g_array_index(squares->emitted, uint64_t, i),
                         (uint64_t)i * i);
    }
    return ok;
}

static void test_results_come_in_order_for_any_number_of_threads(void **state)
{
    static const uint64_t counts[] = {1, 2, 3, 13, 14, 15, 200};
    Squares squares = {.work_fails_from = NEVER, .emit_fails_at = NEVER};

    (void)state;
    for (size_t t = 0; t < G_N_ELEMENTS(thread_counts); t++) {
        for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
            squares.n_items = counts[i];
            assert_true(run(&squares, &ops, thread_counts[t], NULL));
            assert_int_equal(squares.emitted->len, counts[i]);
            assert_int_equal(squares.works, counts[i]);
        }
    }
    g_array_unref(squares.emitted);
}

static void test_each_thread_has_its_own_worker(void **state)
{
    Squares squares = {20, NEVER, NEVER, .n_next = 0};

    (void)state;
    for (size_t t = 0; t < G_N_ELEMENTS(thread_counts); t++) {
        assert_true(run(&squares, &ops, thread_counts[t], NULL));
        assert_int_equal(squares.most_workers, MAX(thread_counts[t], 1));
    }
    g_array_unref(squares.emitted);
}

static void test_no_items_is_no_work_and_no_error(void **state)
{
    Squares squares = {0, 0, 0, .n_next = 0};

    (void)state;
    for (size_t t = 0; t < G_N_ELEMENTS(thread_counts); t++) {
        assert_true(run(&squares, &ops, thread_counts[t], NULL));
        assert_int_equal(squares.emitted->len, 0);
        assert_int_equal(squares.works, 0);
    }
    g_array_unref(squares.emitted);
}

static void test_workers_are_not_needed(void **state)
{
    GcPipelineOps plain = ops;
    Squares squares = {30, NEVER, NEVER, .n_next = 0};

    (void)state;
    plain.new_worker = NULL;
    plain.free_worker = NULL;
    for (size_t t = 0; t < G_N_ELEMENTS(thread_counts); t++) {
        assert_true(run(&squares, &plain, thread_counts[t], NULL));
        assert_int_equal(squares.emitted->len, 30);
    }
    g_array_unref(squares.emitted);
}

/* All items from n on fail, and others overtake n; still n's error is told,
 * after all before it were emitted and none after it. */
static void test_the_first_failed_work_in_order_is_told(void **state)
{
    Squares squares = {40, NEVER, NEVER, .n_next = 0};

    (void)state;
    for (size_t t = 0; t < G_N_ELEMENTS(thread_counts); t++) {
        for (uint64_t n = 0; n < 40; n += 3) {
            g_autoptr(GError) error = NULL;
            g_autofree char *message = g_strdup_printf("work %u", (unsigned)n);

            squares.work_fails_from = n;
            assert_false(run(&squares, &ops, thread_counts[t], &error));
            assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_IO));
            assert_string_equal(error->message, message);
            assert_int_equal(squares.emitted->len, n);
        }
    }
    g_array_unref(squares.emitted);
}

static void test_nothing_is_emitted_after_emit_failed(void **state)
{
    Squares squares = {40, NEVER, NEVER, .n_next = 0};

    (void)state;
    for (size_t t = 0; t < G_N_ELEMENTS(thread_counts); t++) {
        for (uint64_t n = 0; n < 40; n += 3) {
            g_autoptr(GError) error = NULL;

            squares.emit_fails_at = n;
            squares.work_fails_from = n + 1;
            assert_false(run(&squares, &ops, thread_counts[t], &error));
            assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_CANCELLED));
            assert_int_equal(squares.emitted->len, n);
        }
    }
    g_array_unref(squares.emitted);
}

static void test_after_a_failure_nothing_more_is_asked_for(void **state)
{
    Squares squares = {1000, NEVER, 5, .n_next = 0};

    (void)state;
    for (size_t t = 0; t < G_N_ELEMENTS(thread_counts); t++) {
        uint64_t ahead = 2 * thread_counts[t];

        assert_false(run(&squares, &ops, thread_counts[t], NULL));
        assert_true(squares.n_next <= 6 + ahead);
    }
    g_array_unref(squares.emitted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results_come_in_order_for_any_number_of_threads),
        cmocka_unit_test(test_each_thread_has_its_own_worker),
        cmocka_unit_test(test_no_items_is_no_work_and_no_error),
        cmocka_unit_test(test_workers_are_not_needed),
        cmocka_unit_test(test_the_first_failed_work_in_order_is_told),
        cmocka_unit_test(test_nothing_is_emitted_after_emit_failed),
        cmocka_unit_test(test_after_a_failure_nothing_more_is_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
