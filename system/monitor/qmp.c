/* SPDX-License-Identifier: MIT */
#include "system/monitor/qmp.h"

#include "system/monitor/qmp_json.h"
#include "system/monitor/qmp_private.h"
#include "system/monitor/qmp_session.h"
#include "system/monitor/qmp_version.h"

/* Clients at the same time, over all monitors. */
#define SESSIONS_MAX 32

struct GcQmp {
    GcVm *vm;
    GPtrArray *sessions; /* of GcQmpSession */
};

static void free_session(gpointer data)
{
    gc_qmp_session_free(data);
}

static void send_event(void *opaque, const char *name, JsonNode *data)
{
    GcQmp *qmp = opaque;
    gint64 now = g_get_real_time();
    g_autoptr(GString) line = g_string_new(NULL);

    g_string_printf(line,
                    "{\"timestamp\": {\"seconds\": %" G_GINT64_FORMAT
                    ", \"microseconds\": %" G_GINT64_FORMAT
                    "}, \"event\": \"%s\"",
                    now / G_USEC_PER_SEC, now % G_USEC_PER_SEC, name);
    if (data != NULL) {
        g_string_append(line, ", \"data\": ");
        gc_qmp_json_write(line, data);
    }
    g_string_append(line, "}\r\n");
    for (guint i = 0; i < qmp->sessions->len; i++) {
        GcQmpSession *session = qmp->sessions->pdata[i];

        if (gc_qmp_session_is_ready(session)) {
            gc_stream_send(gc_qmp_session_get_stream(session), line->str,
                           line->len);
        }
    }
}

GcQmp *gc_qmp_new(GcVm *vm)
{
    GcQmp *qmp = g_new0(GcQmp, 1);

    qmp->vm = vm;
    qmp->sessions = g_ptr_array_new_with_free_func(free_session);
    gc_events_add(gc_vm_get_events(vm), send_event, qmp);
    return qmp;
}

void gc_qmp_free(GcQmp *qmp)
{
    if (qmp == NULL) {
        return;
    }
    gc_events_remove(gc_vm_get_events(qmp->vm), send_event, qmp);
    g_ptr_array_unref(qmp->sessions);
    g_free(qmp);
}

GcVm *gc_qmp_get_vm(GcQmp *qmp)
{
    return qmp->vm;
}

static void on_input(void *opaque, const uint8_t *data, size_t len)
{
    gc_qmp_session_input(opaque, data, len);
}

static void on_closed(void *opaque)
{
    GcQmpSession *session = opaque;

    g_ptr_array_remove(gc_qmp_session_get_qmp(session)->sessions, session);
}

static void greet(GcStream *stream)
{
    g_autoptr(GString) line = g_string_new("{\"QMP\": {\"version\": ");
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonNode) version = NULL;

    gc_qmp_build_version(builder);
    version = json_builder_get_root(builder);
    gc_qmp_json_write(line, version);
    g_string_append(line, ", \"capabilities\": []}}\r\n");
    gc_stream_send(stream, line->str, line->len);
}

void gc_qmp_accept(void *opaque, GcStream *stream)
{
    static const GcStreamHandler handler = {on_input, on_closed};
    GcQmp *qmp = opaque;
    GcQmpSession *session;

    if (qmp->sessions->len >= SESSIONS_MAX) {
        gc_stream_free(stream);
        return;
    }
    session = gc_qmp_session_new(qmp, stream);
    g_ptr_array_add(qmp->sessions, session);
    greet(stream);
    gc_stream_start(stream, &handler, session);
}
