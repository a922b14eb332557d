/* SPDX-License-Identifier: MIT */
#include "system/monitor/qmp_session.h"

#include <unistd.h>

#include "guestcore/error.h"

#include "base/fileio.h"
#include "system/monitor/qmp_json.h"
#include "system/monitor/qmp_private.h"
#include "system/monitor/qmp_split.h"

struct GcQmpSession {
    GcQmp *qmp;
    GcStream *stream;
    GcQmpSplitter *splitter;
    GHashTable *fds;   /* name → descriptor */
    GcQmpLater *later; /* (nullable): a command that has not ended */
    bool ready;
};

struct GcQmpLater {
    GcQmpSession *session; /* NULL once the client has left */
    JsonNode *id;          /* (nullable) */
    bool is_text;
};

static void close_fd(gpointer data)
{
    close(GPOINTER_TO_INT(data));
}

GcQmpSession *gc_qmp_session_new(GcQmp *qmp, GcStream *stream)
{
    GcQmpSession *session = g_new0(GcQmpSession, 1);

    session->qmp = qmp;
    session->stream = stream;
    session->splitter = gc_qmp_splitter_new();
    session->fds =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, close_fd);
    return session;
}

void gc_qmp_session_free(GcQmpSession *session)
{
    if (session == NULL) {
        return;
    }
    if (session->later != NULL) {
        session->later->session = NULL;
    }
    gc_stream_free(session->stream);
    gc_qmp_splitter_free(session->splitter);
    g_hash_table_unref(session->fds);
    g_free(session);
}

GcQmp *gc_qmp_session_get_qmp(GcQmpSession *session)
{
    return session->qmp;
}

GcStream *gc_qmp_session_get_stream(GcQmpSession *session)
{
    return session->stream;
}

bool gc_qmp_session_is_ready(const GcQmpSession *session)
{
    return session->ready;
}

void gc_qmp_session_set_ready(GcQmpSession *session)
{
    session->ready = true;
}

bool gc_qmp_session_name_fd(GcQmpSession *session, const char *name,
                            GError **error)
{
    GC_AUTO_FD fd = -1;

    if (session->stream != NULL) {
        fd = gc_stream_steal_fd(session->stream);
    }
    if (fd < 0) {
        g_set_error(error, GC_ERROR, GC_ERROR_NO_DATA,
                    "No file descriptor supplied via SCM_RIGHTS");
        return false;
    }
    if (name[0] == '\0' || g_ascii_isdigit(name[0])) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "Parameter 'fdname' expects a name not starting with a "
                    "digit");
        return false;
    }
    if (g_hash_table_size(session->fds) >= GC_QMP_MAX_FDS &&
        !g_hash_table_contains(session->fds, name)) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "there are %d descriptors already", GC_QMP_MAX_FDS);
        return false;
    }
    g_hash_table_replace(session->fds, g_strdup(name), GINT_TO_POINTER(fd));
    fd = -1;
    return true;
}

int gc_qmp_session_take_fd(GcQmpSession *session, const char *name,
                           GError **error)
{
    gpointer key;
    gpointer value;

    if (!g_hash_table_steal_extended(session->fds, name, &key, &value)) {
        g_set_error(error, GC_ERROR, GC_ERROR_NO_DATA,
                    "File descriptor named '%s' not found", name);
        return -1;
    }
    g_free(key);
    return GPOINTER_TO_INT(value);
}

static GString *answer_limit(const char *reason, size_t len)
{
    GString *line = g_string_new("{\"error\": {\"class\": \"GenericError\", "
                                 "\"desc\": ");
    g_autofree char *text = g_strndup(reason, len);

    gc_qmp_json_write_string(line, text);
    g_string_append(line, "}}\r\n");
    return line;
}

static void send_line(GcQmpSession *session, GString *line)
{
    if (line != NULL && session->stream != NULL) {
        gc_stream_send(session->stream, line->str, line->len);
    }
    if (line != NULL) {
        g_string_free(line, TRUE);
    }
}

/* Answers what came, up to a command whose answer comes later. */
static void answer_texts(GcQmpSession *session)
{
    const char *text = NULL;
    size_t len = 0;
    GcQmpSplit got;

    while (session->later == NULL &&
           (got = gc_qmp_splitter_pull(session->splitter, &text, &len)) !=
               GC_QMP_NONE) {
        send_line(session,
                  got == GC_QMP_ERROR
                      ? answer_limit(text, len)
                      : gc_qmp_execute(session->qmp, session, text, len));
    }
}

void gc_qmp_session_input(GcQmpSession *session, const uint8_t *data,
                          size_t len)
{
    gc_qmp_splitter_push(session->splitter, data, len);
    answer_texts(session);
}

GcQmpLater *gc_qmp_session_defer(GcQmpSession *session)
{
    g_assert(session->later == NULL);
    session->later = g_new0(GcQmpLater, 1);
    session->later->session = session;
    gc_stream_hold(session->stream, true);
    return session->later;
}

void gc_qmp_later_set_id(GcQmpLater *later, JsonNode *id)
{
    later->id = id != NULL ? json_node_copy(id) : NULL;
}

void gc_qmp_later_set_text(GcQmpLater *later)
{
    later->is_text = true;
}

/* NULL if the answer is @error. */
static JsonNode *make_answer(bool is_text, const GError *error)
{
    g_autofree char *text = NULL;
    JsonNode *answer;

    if (is_text) {
        text = error != NULL ? g_strdup_printf("Error: %s\r\n", error->message)
                             : g_strdup("");
        return json_node_init_string(json_node_alloc(), text);
    }
    if (error != NULL) {
        return NULL;
    }
    answer = json_node_new(JSON_NODE_OBJECT);
    json_node_take_object(answer, json_object_new());
    return answer;
}

void gc_qmp_later_finish(GcQmpLater *later, const GError *error)
{
    GcQmpSession *session = later->session;
    g_autoptr(JsonNode) id = later->id;
    g_autoptr(JsonNode) answer = make_answer(later->is_text, error);

    g_free(later);
    if (session == NULL) {
        return;
    }
    session->later = NULL;
    send_line(session, gc_qmp_format_answer(answer, "GenericError", error, id));
    answer_texts(session);
    if (session->later == NULL) {
        gc_stream_hold(session->stream, false);
    }
}
