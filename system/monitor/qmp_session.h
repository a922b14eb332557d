/* SPDX-License-Identifier: MIT */
/* One client of the monitor: what it may do and what it passed to us. */
#pragma once

#include "system/monitor/qmp.h"

/* Descriptors that one client may leave with us. */
#define GC_QMP_MAX_FDS 64

/* @stream may be NULL, for tests. */
GcQmpSession *gc_qmp_session_new(GcQmp *qmp, GcStream *stream);
void gc_qmp_session_free(GcQmpSession *session);

GcQmp *gc_qmp_session_get_qmp(GcQmpSession *session);
GcStream *gc_qmp_session_get_stream(GcQmpSession *session);

/* Whether capabilities were negotiated, after which commands are taken and
 * events sent. */
bool gc_qmp_session_is_ready(const GcQmpSession *session);
void gc_qmp_session_set_ready(GcQmpSession *session);

/* Names the descriptor that came last.  Errors: GC_ERROR_NO_DATA if none
 * came, GC_ERROR_INVALID if the name is none or there are too many. */
bool gc_qmp_session_name_fd(GcQmpSession *session, const char *name,
                            GError **error);

/* The descriptor of that name, now the caller's.  Errors: GC_ERROR_NO_DATA,
 * and then -1. */
int gc_qmp_session_take_fd(GcQmpSession *session, const char *name,
                           GError **error);

/* As gc_qmp_defer().  There must be a stream, and no other such answer. */
GcQmpLater *gc_qmp_session_defer(GcQmpSession *session);

/* What the request was called, (nullable); to be known before the answer. */
void gc_qmp_later_set_id(GcQmpLater *later, JsonNode *id);

/* Bytes came from this client: answers what they say. */
void gc_qmp_session_input(GcQmpSession *session, const uint8_t *data,
                          size_t len);
