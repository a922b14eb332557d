/* SPDX-License-Identifier: MIT */
/* The client against answers good and bad, without QEMU. */
#include <string.h>
#include <unistd.h>

#include "guestcore/error.h"

#include "guest/attach/qmp_client.h"
#include "tests/lib/qmpserver.h"
#include "tests/lib/testdir.h"
#include "tests/unit/cmocka_all.h"

/* A client of a server that greets and then says @answer. */
typedef struct Talk {
    char *path;
    const char *answers[4];
    QmpServer *server;
    GcQmpClient *client;
} Talk;

static void talk_init(Talk *talk, const char *dir, const char *answer)
{
    *talk = (Talk){
        .path = testdir_path(dir, "qmp"),
        .answers = {QMPSERVER_GREETING, QMPSERVER_OK, answer},
    };
    talk->server = qmpserver_new(talk->path, talk->answers, FALSE);
    talk->client = gc_qmp_client_new(talk->path, NULL, NULL);
    assert_non_null(talk->client);
}

static void talk_clear(Talk *talk)
{
    gc_qmp_client_free(talk->client);
    qmpserver_free(talk->server);
    unlink(talk->path);
    g_free(talk->path);
}

static void test_a_command_is_answered_whatever_comes_between(void **state)
{
    Talk talk;
    g_autoptr(JsonNode) result = NULL;

    talk_init(&talk, *state,
              "{\"event\": \"STOP\", \"timestamp\": {}}\r\n"
              "{\"return\": {\"value\": 1}, \"id\": 77}\r\n" /* not ours */
              "{\"event\": \"RESUME\"}\n"
              "{\"return\": {\"value\": 2}}\r\n");
    result = gc_qmp_client_execute(talk.client, "query-x", NULL, NULL);
    assert_non_null(result);
    assert_int_equal(
        json_object_get_int_member(json_node_get_object(result), "value"), 2);
    assert_int_equal(gc_qmp_client_get_pid(talk.client), getpid());
    talk_clear(&talk);
}

static void test_commands_go_out_with_arguments_and_descriptors(void **state)
{
    Talk talk;
    g_autoptr(JsonNode) result = NULL;
    JsonObject *arguments = json_object_new();
    GPtrArray *lines;
    unsigned n_fds;

    talk_init(&talk, *state, QMPSERVER_OK);
    json_object_set_string_member(arguments, "fdname", "a \"name\"\n");
    assert_true(gc_qmp_client_send(talk.client, "getfd", arguments, 0, NULL));
    result = gc_qmp_client_receive(talk.client, "getfd", NULL);
    assert_non_null(result);
    gc_qmp_client_free(g_steal_pointer(&talk.client));
    lines = qmpserver_finish(talk.server, &n_fds);
    assert_int_equal(lines->len, 2);
    assert_non_null(strstr(g_ptr_array_index(lines, 0), "qmp_capabilities"));
    assert_non_null(strstr(g_ptr_array_index(lines, 1), "\"getfd\""));
    assert_non_null(strstr(g_ptr_array_index(lines, 1), "a \\\"name\\\"\\n"));
    assert_int_equal(n_fds, 1);
    talk_clear(&talk);
}

static void assert_answer_fails(const char *dir, const char *answer, int code,
                                const char *words)
{
    Talk talk;
    g_autoptr(GError) error = NULL;

    talk_init(&talk, dir, answer);
    assert_null(gc_qmp_client_execute(talk.client, "query-x", NULL, &error));
    if (!g_error_matches(error, GC_ERROR, code) ||
        strstr(error->message, words) == NULL) {
        fail_msg("%s", error->message);
    }
    assert_true(g_str_has_prefix(error->message, "query-x: "));
    talk_clear(&talk);
}

static void test_a_refusal_is_told_in_qemus_words(void **state)
{
    assert_answer_fails(*state,
                        "{\"error\": {\"class\": \"GenericError\", "
                        "\"desc\": \"it is not migratable\"}}\r\n",
                        GC_ERROR_FORMAT, "it is not migratable");
    assert_answer_fails(*state, "{\"error\": {}}\r\n", GC_ERROR_FORMAT,
                        "no reason given");
}

static void test_refusals_of_no_sense_are_survived(void **state)
{
    static const char *const answers[] = {
        "{\"error\": {\"desc\": 1}}\r\n",
        "{\"error\": {\"desc\": {}}}\r\n",
        "{\"error\": {\"desc\": null}}\r\n",
        "{\"error\": \"text\"}\r\n",
        "{\"error\": null}\r\n",
        "{\"return\": 1, \"id\": {}}\r\n{\"error\": {}}\r\n",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
        Talk talk;
        g_autoptr(GError) error = NULL;
        g_autoptr(JsonNode) result = NULL;

        talk_init(&talk, *state, answers[i]);
        result = gc_qmp_client_execute(talk.client, "query-x", NULL, &error);
        assert_int_equal(result == NULL, error != NULL);
        if (error != NULL) {
            assert_null(strstr(error->message, "(null)"));
        }
        talk_clear(&talk);
    }
}

static void test_what_is_not_qmp_is_not_understood(void **state)
{
    static const char *const answers[] = {
        "garbage\r\n",
        "\r\n",
        "[]\r\n",
        "1\r\n",
        "{\"return\"\r\n",
        "{\"return\": {}} x\r\n",
        "\033[2J\xff\xfe\r\n",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
        assert_answer_fails(*state, answers[i], GC_ERROR_FORMAT, "not QMP");
    }
}

static void test_a_connection_that_ends_is_lost(void **state)
{
    assert_answer_fails(*state, "", GC_ERROR_IO, "closed");
    assert_answer_fails(*state, "{\"return\": {}}", GC_ERROR_IO, "closed");
    assert_answer_fails(*state, "{\"event\": \"SHUTDOWN\"}\r\n", GC_ERROR_IO,
                        "closed");
}

static void test_a_line_without_end_is_bounded(void **state)
{
    g_autofree char *endless = g_strnfill(17 * 1024 * 1024, ' ');

    assert_answer_fails(*state, endless, GC_ERROR_FORMAT, "bytes");
}

/* A parser that calls itself for each bracket would run out of stack. */
static void test_brackets_without_end_are_survived(void **state)
{
    g_autofree char *open = g_strnfill(1024 * 1024, '[');
    g_autofree char *close = g_strnfill(1024 * 1024, ']');
    g_autofree char *answer =
        g_strdup_printf("{\"return\": %s%s}\r\n", open, close);

    assert_answer_fails(*state, answer, GC_ERROR_FORMAT, "not QMP");
}

static void test_a_greeting_must_be_qmps(void **state)
{
    static const char *const greetings[] = {
        "",
        "SSH-2.0-OpenSSH\r\n",
        "{}\r\n",
        "{\"return\": {}}\r\n",
        "{\"QMP\": {}",
    };
    g_autofree char *path = testdir_path(*state, "qmp");

    for (size_t i = 0; i < G_N_ELEMENTS(greetings); i++) {
        const char *const answers[] = {greetings[i], NULL};
        g_autoptr(QmpServer) server = qmpserver_new(path, answers, FALSE);
        g_autoptr(GError) error = NULL;

        (void)server;
        assert_null(gc_qmp_client_new(path, NULL, &error));
        assert_int_equal(error->domain, GC_ERROR);
        assert_non_null(strstr(error->message, path));
        unlink(path);
    }
}

static void test_one_who_says_nothing_is_not_waited_for_for_ever(void **state)
{
    static const char *const silent[] = {"", NULL};
    static const char *const greets[] = {QMPSERVER_GREETING, NULL};
    static const char *const *const cases[] = {silent, greets};
    g_autofree char *path = testdir_path(*state, "qmp");

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        gint64 start = g_get_monotonic_time();
        g_autoptr(QmpServer) server = qmpserver_new(path, cases[i], TRUE);
        GcQmpLimits limits = {.deadline = start + G_USEC_PER_SEC / 5};
        g_autoptr(GError) error = NULL;

        (void)server;
        assert_null(gc_qmp_client_new(path, &limits, &error));
        assert_int_equal(error->domain, GC_ERROR);
        assert_in_range(g_get_monotonic_time() - start, G_USEC_PER_SEC / 10,
                        5 * G_USEC_PER_SEC);
        unlink(path);
    }
}

static void test_nobody_there_is_an_io_error(void **state)
{
    g_autofree char *path = testdir_path(*state, "nobody");
    g_autofree char *name = g_strnfill(200, 'x');
    g_autofree char *too_long = testdir_path(*state, name);
    g_autoptr(GError) error = NULL;

    assert_null(gc_qmp_client_new(path, NULL, &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_IO));
    assert_non_null(strstr(error->message, path));
    g_clear_error(&error);
    assert_null(gc_qmp_client_new(too_long, NULL, &error));
    assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_INVALID));
}

static void test_the_human_monitor_answers_with_text(void **state)
{
    static const char *const wrong[] = {"{\"return\": {}}\r\n",
                                        "{\"return\": 5}\r\n",
                                        "{\"return\": null}\r\n"};
    Talk talk;
    g_autofree char *text = NULL;

    talk_init(&talk, *state, "{\"return\": \"FlatView #0\\r\\n\"}\r\n");
    text = gc_qmp_client_monitor(talk.client, "info mtree -f", NULL);
    assert_string_equal(text, "FlatView #0\r\n");
    talk_clear(&talk);
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;

        talk_init(&talk, *state, wrong[i]);
        assert_null(gc_qmp_client_monitor(talk.client, "info x", &error));
        assert_true(g_error_matches(error, GC_ERROR, GC_ERROR_FORMAT));
        talk_clear(&talk);
    }
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, testdir_setup, testdir_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_a_command_is_answered_whatever_comes_between),
        TEST(test_commands_go_out_with_arguments_and_descriptors),
        TEST(test_a_refusal_is_told_in_qemus_words),
        TEST(test_refusals_of_no_sense_are_survived),
        TEST(test_what_is_not_qmp_is_not_understood),
        TEST(test_a_connection_that_ends_is_lost),
        TEST(test_a_line_without_end_is_bounded),
        TEST(test_brackets_without_end_are_survived),
        TEST(test_a_greeting_must_be_qmps),
        TEST(test_one_who_says_nothing_is_not_waited_for_for_ever),
        TEST(test_nobody_there_is_an_io_error),
        TEST(test_the_human_monitor_answers_with_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
