/* SPDX-License-Identifier: MIT */
#include "system/events.h"

typedef struct Listener {
    GcEventSink sink;
    void *opaque;
} Listener;

struct GcEvents {
    GArray *listeners; /* of Listener */
};

GcEvents *gc_events_new(void)
{
    GcEvents *events = g_new0(GcEvents, 1);

    events->listeners = g_array_new(FALSE, FALSE, sizeof(Listener));
    return events;
}

void gc_events_free(GcEvents *events)
{
    if (events == NULL) {
        return;
    }
    g_array_unref(events->listeners);
    g_free(events);
}

void gc_events_add(GcEvents *events, GcEventSink sink, void *opaque)
{
    Listener listener = {sink, opaque};

    g_array_append_val(events->listeners, listener);
}

void gc_events_remove(GcEvents *events, GcEventSink sink, void *opaque)
{
    for (guint i = 0; i < events->listeners->len; i++) {
        const Listener *at = &g_array_index(events->listeners, Listener, i);

        if (at->sink == sink && at->opaque == opaque) {
            g_array_remove_index(events->listeners, i);
            return;
        }
    }
}

void gc_events_emit(GcEvents *events, const char *name, JsonNode *data)
{
    for (guint i = 0; i < events->listeners->len; i++) {
        Listener at = g_array_index(events->listeners, Listener, i);

        at.sink(at.opaque, name, data);
    }
    g_clear_pointer(&data, json_node_unref);
}
