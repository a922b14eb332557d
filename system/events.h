/* SPDX-License-Identifier: MIT */
/* What happens to the VM, told to whoever asked to hear it. */
#pragma once

#include <json-glib/json-glib.h>

#include "guestcore/types.h"

typedef struct GcEvents GcEvents;

/* @data is NULL for an event without any; borrowed. */
typedef void (*GcEventSink)(void *opaque, const char *name, JsonNode *data);

GcEvents *gc_events_new(void);
void gc_events_free(GcEvents *events);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcEvents, gc_events_free)

/* Not from inside a sink. */
void gc_events_add(GcEvents *events, GcEventSink sink, void *opaque);
void gc_events_remove(GcEvents *events, GcEventSink sink, void *opaque);

/* Tells all of them, in the order they were added; takes @data. */
void gc_events_emit(GcEvents *events, const char *name, JsonNode *data);
