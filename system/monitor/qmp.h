/* SPDX-License-Identifier: MIT */
/* The monitor protocol of QEMU: clients send commands as JSON objects, get
 * one answer to each, and events in between. */
#pragma once

#include <json-glib/json-glib.h>

#include "system/stream.h"
#include "system/vm.h"

typedef struct GcQmp GcQmp;
typedef struct GcQmpSession GcQmpSession;

/* An answer that is still to come. */
typedef struct GcQmpLater GcQmpLater;

/* All clients of one VM.  Must be freed before @vm. */
GcQmp *gc_qmp_new(GcVm *vm);
void gc_qmp_free(GcQmp *qmp);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcQmp, gc_qmp_free)

/* A GcChardevAccept: takes a client and greets it. */
void gc_qmp_accept(void *opaque, GcStream *stream);

/**
 * GcQmpType:
 *
 * What a parameter is.
 */
typedef enum GcQmpType {
    GC_QMP_STRING,
    GC_QMP_BOOLEAN,
    GC_QMP_INTEGER,
    GC_QMP_ARRAY,
} GcQmpType;

typedef struct GcQmpParam {
    const char *name;
    GcQmpType type;
    bool required;
} GcQmpParam;

/**
 * GcQmpCall:
 * @vm: what it works on
 * @session: who asks
 * @arguments: checked against the command's parameters
 * @reply: gets the answer, an object or array; one left empty is the empty
 *     object
 * @value: (transfer full) (nullable): the answer if it is neither
 * @later: (nullable): set by gc_qmp_defer()
 *
 * One command on its way.
 */
typedef struct GcQmpCall {
    GcVm *vm;
    GcQmpSession *session;
    JsonObject *arguments;
    JsonBuilder *reply;
    JsonNode *value;
    GcQmpLater *later;
} GcQmpCall;

/**
 * GcQmpCommand:
 * @name: of the command
 * @params: (nullable): its parameters, ended by one without a name
 * @run: does it, or starts to and calls gc_qmp_defer().  The main loop does
 *     nothing else meanwhile.
 *
 * One command is one row.
 */
typedef struct GcQmpCommand {
    const char *name;
    const GcQmpParam *params;
    bool (*run)(GcQmpCall *call, GError **error);
} GcQmpCommand;

/* A table of commands, ended by a row without a name. */
typedef struct GcQmpGroup {
    const GcQmpCommand *commands;
} GcQmpGroup;

/* All tables, ended by NULL; generated from system/monitor/meson.build. */
extern const GcQmpGroup *const gc_qmp_groups[];

/* The command of that name, or NULL. */
const GcQmpCommand *gc_qmp_find_command(const char *name);

/* Arguments; NULL and @fallback if they were not given. */
const char *gc_qmp_get_string(const GcQmpCall *call, const char *name);
bool gc_qmp_get_boolean(const GcQmpCall *call, const char *name, bool fallback);

/* Whether @name was given; if so, and only then, *@ret_value is set. */
bool gc_qmp_get_integer(const GcQmpCall *call, const char *name,
                        int64_t *ret_value);

/* Whether there is somebody to answer later. */
bool gc_qmp_can_defer(const GcQmpCall *call);

/* Keeps the answer back; for a command that is going to succeed.  Whoever
 * knows how it ended calls gc_qmp_later_finish(), once.  Until then this
 * client's further commands wait; it may well leave. */
GcQmpLater *gc_qmp_defer(GcQmpCall *call);

/* The answer will be a text for people: an empty one, or what went wrong. */
void gc_qmp_later_set_text(GcQmpLater *later);

/* (transfer full): the answer: the empty object, or @error. */
void gc_qmp_later_finish(GcQmpLater *later, const GError *error);

/* Whether the VM may be dumped: not while it is. */
bool gc_qmp_check_no_dump(const GcQmpCall *call, GError **error);

/* Whether the VM may be stopped, started or reset: not while it must stand
 * still for a dump. */
bool gc_qmp_check_not_held(const GcQmpCall *call, GError **error);

/* Members of the object that the reply is at. */
void gc_qmp_put_string(JsonBuilder *reply, const char *name, const char *value);
void gc_qmp_put_boolean(JsonBuilder *reply, const char *name, bool value);
void gc_qmp_put_integer(JsonBuilder *reply, const char *name, uint64_t value);

/**
 * gc_qmp_execute:
 * @qmp: the monitor
 * @session: (nullable): who asks; NULL: nobody who can be answered, in tests
 * @text: (array length=len): one JSON text
 * @len: its length
 *
 * Does what a text says.
 *
 * Returns: (transfer full) (nullable): the line that answers it; NULL if the
 *     answer comes later
 */
GString *gc_qmp_execute(GcQmp *qmp, GcQmpSession *session, const char *text,
                        size_t len);
