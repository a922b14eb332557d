/* SPDX-License-Identifier: MIT */
/* Who is told to go on, and who is left alone, without QEMU. */
#include <string.h>
#include <unistd.h>

#include "guestcore/attach.h"
#include "guestcore/error.h"

#include "tests/lib/qmpserver.h"
#include "tests/lib/testdir.h"
#include "tests/unit/cmocka_all.h"

#define PAUSED "{\"return\": {\"running\": false, \"status\": \"paused\"}}\r\n"
#define RUNNING "{\"return\": {\"running\": true, \"status\": \"running\"}}\r\n"
#define PANICKED                                                               \
    "{\"return\": {\"running\": false, \"status\": \"guest-panicked\"}}\r\n"

/* What became of an attempt, and how many commands it took after the
 * negotiation. */
typedef struct Attempt {
    char *found;
    GError *error;
    guint n_commands;
    bool sent_cont;
} Attempt;

static void attempt_clear(Attempt *attempt)
{
    g_free(attempt->found);
    g_clear_error(&attempt->error);
}

/* Resumes the guest of a QEMU that gives @answers, one for each command. */
static void attempt_run(Attempt *attempt, const char *dir, bool force,
                        const char *const *answers)
{
    g_autofree char *path = testdir_path(dir, "qmp");
    const char *all[8] = {QMPSERVER_GREETING, QMPSERVER_OK};
    g_autoptr(GcAttachOptions) options = gc_attach_options_new();
    g_autoptr(QmpServer) server = NULL;
    GPtrArray *lines;
    unsigned n_fds;

    *attempt = (Attempt){.found = NULL};
    for (size_t i = 0; answers[i] != NULL; i++) {
        g_assert(2 + i + 1 < G_N_ELEMENTS(all));
        all[2 + i] = answers[i];
    }
    server = qmpserver_new(path, all, FALSE);
    gc_attach_options_set_force(options, force);
    attempt->found = gc_attach_resume_qemu(path, options, &attempt->error);
    lines = qmpserver_finish(server, &n_fds);
    attempt->n_commands = lines->len - 1;
    for (guint i = 0; i < lines->len; i++) {
        attempt->sent_cont |=
            strstr(g_ptr_array_index(lines, i), "\"cont\"") != NULL;
    }
    unlink(path);
}

static void test_a_paused_guest_goes_on(void **state)
{
    static const char *const answers[] = {PAUSED, QMPSERVER_OK, RUNNING, NULL};
    Attempt attempt;

    attempt_run(&attempt, *state, false, answers);
    assert_string_equal(attempt.found, "paused");
    assert_true(attempt.sent_cont);
    attempt_clear(&attempt);
}

static void test_a_running_guest_is_not_spoken_to(void **state)
{
    static const char *const answers[] = {RUNNING, QMPSERVER_OK, NULL};
    Attempt attempt;

    attempt_run(&attempt, *state, true, answers);
    assert_string_equal(attempt.found, "running");
    assert_int_equal(attempt.n_commands, 1);
    attempt_clear(&attempt);
}

static void test_a_guest_that_nobody_paused_is_left_alone(void **state)
{
    static const char *const words[][2] = {
        {"guest-panicked", "its kernel has panicked"},
        {"io-error", "one of its disks failed"},
        {"prelaunch", "it was never started"},
        {"postmigrate", "it went to another QEMU"},
        {"something-new", "nobody paused it"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        g_autofree char *answer = g_strdup_printf(
            "{\"return\": {\"running\": false, \"status\": \"%s\"}}\r\n",
            words[i][0]);
        /* It would hear another command. */
        const char *const answers[] = {answer, QMPSERVER_OK, NULL};
        Attempt attempt;

        attempt_run(&attempt, *state, false, answers);
        assert_null(attempt.found);
        assert_true(
            g_error_matches(attempt.error, GC_ERROR, GC_ERROR_UNSUPPORTED));
        assert_non_null(strstr(attempt.error->message, words[i][0]));
        assert_non_null(strstr(attempt.error->message, words[i][1]));
        assert_false(attempt.sent_cont);
        attempt_clear(&attempt);
    }
}

static void test_force_overrules_that(void **state)
{
    static const char *const answers[] = {PANICKED, QMPSERVER_OK, RUNNING,
                                          NULL};
    Attempt attempt;

    attempt_run(&attempt, *state, true, answers);
    assert_string_equal(attempt.found, "guest-panicked");
    attempt_clear(&attempt);
}

static void test_a_guest_that_still_stands_still_is_an_error(void **state)
{
    static const char *const refused[] = {
        PANICKED, "{\"error\": {\"desc\": \"Resetting is required\"}}\r\n",
        NULL};
    static const char *const ignored[] = {PAUSED, QMPSERVER_OK, PAUSED, NULL};
    Attempt attempt;

    attempt_run(&attempt, *state, true, refused);
    assert_true(g_error_matches(attempt.error, GC_ERROR, GC_ERROR_FORMAT));
    assert_non_null(strstr(attempt.error->message, "Resetting is required"));
    attempt_clear(&attempt);
    attempt_run(&attempt, *state, true, ignored);
    assert_true(g_error_matches(attempt.error, GC_ERROR, GC_ERROR_FORMAT));
    attempt_clear(&attempt);
}

static void test_answers_of_no_sense_are_survived(void **state)
{
    static const char *const wrong[] = {
        "{\"return\": []}\r\n",
        "{\"return\": {}}\r\n",
        "{\"return\": {\"running\": false}}\r\n",
        "{\"return\": {\"running\": false, \"status\": 5}}\r\n",
        "{\"return\": {\"running\": {}, \"status\": null}}\r\n",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        const char *const answers[] = {wrong[i], QMPSERVER_OK, NULL};
        Attempt attempt;

        attempt_run(&attempt, *state, false, answers);
        assert_null(attempt.found);
        assert_int_equal(attempt.error->domain, GC_ERROR);
        assert_false(attempt.sent_cont);
        attempt_clear(&attempt);
    }
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, testdir_setup, testdir_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_a_paused_guest_goes_on),
        TEST(test_a_running_guest_is_not_spoken_to),
        TEST(test_a_guest_that_nobody_paused_is_left_alone),
        TEST(test_force_overrules_that),
        TEST(test_a_guest_that_still_stands_still_is_an_error),
        TEST(test_answers_of_no_sense_are_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
