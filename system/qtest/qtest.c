/* SPDX-License-Identifier: MIT */
#include "system/qtest/qtest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/lineio.h"
#include "system/qtest/qtest_private.h"

/* Clients at the same time; libqtest is one. */
#define CLIENTS_MAX 8

struct GcQtest {
    GcQtestState state;
    FILE *log;
    gint64 log_start;
    GPtrArray *clients; /* of Client */
    GcQtestLeft left;
    void *left_opaque;
};

typedef struct Client {
    GcQtest *qtest;
    GcStream *stream;
    GcLineReader *reader;
} Client;

static void client_free(gpointer data)
{
    Client *client = data;

    gc_stream_free(client->stream);
    gc_line_reader_free(client->reader);
    g_free(client);
}

GcQtest *gc_qtest_new(GcVm *vm, const char *log_path, GError **error)
{
    g_autoptr(GcQtest) qtest = g_new0(GcQtest, 1);

    qtest->state.vm = vm;
    qtest->clients = g_ptr_array_new_with_free_func(client_free);
    qtest->log_start = g_get_monotonic_time();
    if (log_path != NULL && strcmp(log_path, "none") != 0) {
        qtest->log = fopen(log_path, "we");
        if (qtest->log == NULL) {
            gc_set_error_errno(error, errno, "cannot open %s", log_path);
            return NULL;
        }
        setlinebuf(qtest->log);
    }
    return g_steal_pointer(&qtest);
}

void gc_qtest_free(GcQtest *qtest)
{
    if (qtest == NULL) {
        return;
    }
    g_ptr_array_unref(qtest->clients);
    g_clear_pointer(&qtest->log, fclose);
    g_free(qtest);
}

void gc_qtest_set_left(GcQtest *qtest, GcQtestLeft left, void *opaque)
{
    qtest->left = left;
    qtest->left_opaque = opaque;
}

static void write_log(GcQtest *qtest, char what, const char *text)
{
    if (qtest->log != NULL) {
        gint64 us = g_get_monotonic_time() - qtest->log_start;

        fprintf(qtest->log, "[%c +%d.%06d] %s\n", what, (int)(us / 1000000),
                (int)(us % 1000000), text);
    }
}

static const GcQtestCommand *find_command(const GcQtestState *state,
                                          const char *name)
{
    bool has_clock = gc_accel_get_class(gc_vm_get_accel(state->vm))->has_clock;

    for (const GcQtestCommand *at = gc_qtest_commands; at->name != NULL; at++) {
        if (strcmp(at->name, name) == 0 && (has_clock || !at->needs_clock)) {
            return at;
        }
    }
    return NULL;
}

static void execute_words(GcQtestCall *call)
{
    const GcQtestCommand *command = find_command(call->state, call->words[0]);
    size_t n_args = call->n_words - 1;

    if (command == NULL) {
        g_string_append_printf(call->reply, "FAIL Unknown command '%.80s'\n",
                               call->words[0]);
    } else if (n_args < command->min_args || n_args > command->max_args) {
        g_string_append_printf(
            call->reply, "ERR %s takes %zu to %zu arguments\n", command->name,
            command->min_args, command->max_args);
    } else {
        call->size = command->size;
        command->run(call);
    }
}

void gc_qtest_execute(GcQtest *qtest, const char *line, size_t len,
                      GString *reply)
{
    /* One more than any command takes shows that there are too many. */
    g_auto(GStrv) words = g_strsplit(line, " ", GC_QTEST_MAX_ARGS + 2);
    GcQtestCall call = {
        .state = &qtest->state,
        .words = words,
        .n_words = g_strv_length(words),
        .reply = reply,
    };

    if (strlen(line) != len) {
        g_string_append(reply, "ERR line holds a zero byte\n");
    } else if (len == 0) {
        g_string_append(reply, "FAIL Unknown command ''\n");
    } else {
        execute_words(&call);
    }
}

static void answer_line(Client *client, GcLineResult result, const char *line,
                        size_t len)
{
    g_autoptr(GString) reply = g_string_new(NULL);

    if (result == GC_LINE_TOO_LONG) {
        g_string_append_printf(reply, "ERR line is longer than %d bytes\n",
                               GC_QTEST_MAX_LINE);
    } else {
        write_log(client->qtest, 'R', line);
        gc_qtest_execute(client->qtest, line, len, reply);
    }
    gc_stream_send(client->stream, reply->str, reply->len);
    g_string_truncate(reply, reply->len - 1);
    write_log(client->qtest, 'S', reply->str);
}

static void on_input(void *opaque, const uint8_t *data, size_t len)
{
    Client *client = opaque;
    const char *line = NULL;
    size_t line_len = 0;
    GcLineResult result;

    gc_line_reader_push(client->reader, data, len);
    while ((result = gc_line_reader_pull(client->reader, &line, &line_len)) !=
           GC_LINE_NONE) {
        answer_line(client, result, line, line_len);
    }
}

static void on_closed(void *opaque)
{
    Client *client = opaque;
    GcQtest *qtest = client->qtest;

    write_log(qtest, 'I', "CLOSED");
    g_ptr_array_remove(qtest->clients, client);
    if (qtest->clients->len > 0) {
        return;
    }
    qtest->state.intercepted = NULL;
    qtest->state.levels = 0;
    if (qtest->left != NULL) {
        qtest->left(qtest->left_opaque);
    }
}

void gc_qtest_accept(void *opaque, GcStream *stream)
{
    static const GcStreamHandler handler = {on_input, on_closed};
    GcQtest *qtest = opaque;
    Client *client;

    if (qtest->clients->len >= CLIENTS_MAX) {
        gc_stream_free(stream);
        return;
    }
    client = g_new0(Client, 1);
    client->qtest = qtest;
    client->stream = stream;
    client->reader = gc_line_reader_new(GC_QTEST_MAX_LINE);
    g_ptr_array_add(qtest->clients, client);
    write_log(qtest, 'I', "OPENED");
    gc_stream_start(stream, &handler, client);
}
