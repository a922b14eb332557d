/* SPDX-License-Identifier: MIT */
/* From a JSON text to a command and back.  What can be wrong is said in
 * QEMU's words, for those who drive QEMU look for them. */
#include <string.h>

#include "guestcore/error.h"

#include "system/dump_task.h"
#include "system/monitor/qmp.h"
#include "system/monitor/qmp_json.h"
#include "system/monitor/qmp_private.h"
#include "system/monitor/qmp_session.h"

/* A request, borrowed from the JSON that it came in. */
typedef struct Request {
    const char *name;
    JsonObject *arguments; /* (nullable) */
    JsonNode *id;          /* (nullable) */
} Request;

const GcQmpCommand *gc_qmp_find_command(const char *name)
{
    for (size_t i = 0; gc_qmp_groups[i] != NULL; i++) {
        for (const GcQmpCommand *at = gc_qmp_groups[i]->commands;
             at->name != NULL; at++) {
            if (strcmp(at->name, name) == 0) {
                return at;
            }
        }
    }
    return NULL;
}

const char *gc_qmp_get_string(const GcQmpCall *call, const char *name)
{
    return json_object_get_string_member_with_default(call->arguments, name,
                                                      NULL);
}

bool gc_qmp_get_boolean(const GcQmpCall *call, const char *name, bool fallback)
{
    return json_object_get_boolean_member_with_default(call->arguments, name,
                                                       fallback);
}

bool gc_qmp_get_integer(const GcQmpCall *call, const char *name,
                        int64_t *ret_value)
{
    bool given = json_object_has_member(call->arguments, name);

    if (given) {
        *ret_value = json_object_get_int_member(call->arguments, name);
    }
    return given;
}

static bool check(bool is_in_the_way, GError **error)
{
    if (is_in_the_way) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "There is a dump in process, please wait.");
    }
    return !is_in_the_way;
}

bool gc_qmp_check_no_dump(const GcQmpCall *call, GError **error)
{
    return check(gc_dump_task_is_active(gc_vm_get_dump(call->vm)), error);
}

bool gc_qmp_check_not_held(const GcQmpCall *call, GError **error)
{
    return check(gc_dump_task_is_holding(gc_vm_get_dump(call->vm)), error);
}

bool gc_qmp_can_defer(const GcQmpCall *call)
{
    return call->session != NULL &&
           gc_qmp_session_get_stream(call->session) != NULL;
}

GcQmpLater *gc_qmp_defer(GcQmpCall *call)
{
    call->later = gc_qmp_session_defer(call->session);
    return call->later;
}

void gc_qmp_put_string(JsonBuilder *reply, const char *name, const char *value)
{
    json_builder_set_member_name(reply, name);
    json_builder_add_string_value(reply, value);
}

void gc_qmp_put_boolean(JsonBuilder *reply, const char *name, bool value)
{
    json_builder_set_member_name(reply, name);
    json_builder_add_boolean_value(reply, value);
}

void gc_qmp_put_integer(JsonBuilder *reply, const char *name, uint64_t value)
{
    json_builder_set_member_name(reply, name);
    json_builder_add_int_value(reply, (gint64)value);
}

static bool is_string(JsonNode *node)
{
    return JSON_NODE_HOLDS_VALUE(node) &&
           json_node_get_value_type(node) == G_TYPE_STRING;
}

/* One member of a request.  The id is there already. */
static bool read_member(Request *request, const char *name, JsonNode *value,
                        GError **error)
{
    if (strcmp(name, "execute") == 0) {
        if (is_string(value)) {
            request->name = json_node_get_string(value);
            return true;
        }
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "QMP input member 'execute' must be a string");
    } else if (strcmp(name, "arguments") == 0) {
        if (JSON_NODE_HOLDS_OBJECT(value)) {
            request->arguments = json_node_get_object(value);
            return true;
        }
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "QMP input member 'arguments' must be an object");
    } else if (strcmp(name, "id") == 0) {
        return true;
    } else {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "QMP input member '%s' is unexpected", name);
    }
    return false;
}

static bool read_request(JsonNode *node, Request *request, GError **error)
{
    JsonObjectIter iter;
    const char *name;
    JsonNode *value;

    if (!JSON_NODE_HOLDS_OBJECT(node)) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "QMP input must be a JSON object");
        return false;
    }
    request->id = json_object_get_member(json_node_get_object(node), "id");
    json_object_iter_init_ordered(&iter, json_node_get_object(node));
    while (json_object_iter_next_ordered(&iter, &name, &value)) {
        if (!read_member(request, name, value, error)) {
            return false;
        }
    }
    if (request->name == NULL) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "QMP input lacks member 'execute'");
        return false;
    }
    return true;
}

static bool has_type(JsonNode *node, GcQmpType type)
{
    GType held = JSON_NODE_HOLDS_VALUE(node) ? json_node_get_value_type(node)
                                             : G_TYPE_INVALID;

    switch (type) {
    case GC_QMP_STRING:
        return held == G_TYPE_STRING;
    case GC_QMP_BOOLEAN:
        return held == G_TYPE_BOOLEAN;
    case GC_QMP_INTEGER:
        return held == G_TYPE_INT64;
    case GC_QMP_ARRAY:
        return JSON_NODE_HOLDS_ARRAY(node);
    default:
        return false;
    }
}

static bool check_param(const GcQmpParam *param, JsonObject *arguments,
                        GError **error)
{
    static const char *const types[] = {"string", "boolean", "integer",
                                        "array"};
    JsonNode *value = json_object_get_member(arguments, param->name);

    if (value == NULL && param->required) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "Parameter '%s' is missing", param->name);
        return false;
    }
    if (value != NULL && !has_type(value, param->type)) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "Invalid parameter type for '%s', expected: %s",
                    param->name, types[param->type]);
        return false;
    }
    return true;
}

static bool is_param(const GcQmpParam *params, const char *name)
{
    for (; params != NULL && params->name != NULL; params++) {
        if (strcmp(params->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool check_arguments(const GcQmpCommand *command, JsonObject *arguments,
                            GError **error)
{
    JsonObjectIter iter;
    const char *name;

    for (const GcQmpParam *param = command->params;
         param != NULL && param->name != NULL; param++) {
        if (!check_param(param, arguments, error)) {
            return false;
        }
    }
    json_object_iter_init_ordered(&iter, arguments);
    while (json_object_iter_next_ordered(&iter, &name, NULL)) {
        if (!is_param(command->params, name)) {
            g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                        "Parameter '%s' is unexpected", name);
            return false;
        }
    }
    return true;
}

/* Why @session may not use a command that may well be there; NULL if it
 * may. */
static const char *check_negotiation(const GcQmpSession *session,
                                     const char *name)
{
    bool negotiates = strcmp(name, "qmp_capabilities") == 0;

    if (session == NULL || negotiates != gc_qmp_session_is_ready(session)) {
        return NULL;
    }
    return negotiates
               ? "Capabilities negotiation is already complete, command ignored"
               : "Expecting capabilities negotiation with 'qmp_capabilities'";
}

/* Finds and runs the command; NULL and an error if it did not work, NULL and
 * *@ret_later if that is not known yet. */
static JsonNode *run_request(GcQmp *qmp, GcQmpSession *session,
                             const Request *request, const char **ret_class,
                             GcQmpLater **ret_later, GError **error)
{
    const GcQmpCommand *command = gc_qmp_find_command(request->name);
    const char *reason = check_negotiation(session, request->name);
    g_autoptr(JsonObject) none = json_object_new();
    g_autoptr(JsonBuilder) reply = json_builder_new();
    GcQmpCall call = {.vm = gc_qmp_get_vm(qmp),
                      .session = session,
                      .arguments = request->arguments,
                      .reply = reply};
    JsonNode *answer;

    if (call.arguments == NULL) {
        call.arguments = none;
    }
    if (reason != NULL || command == NULL) {
        *ret_class = "CommandNotFound";
        if (reason != NULL) {
            g_set_error_literal(error, GC_ERROR, GC_ERROR_INVALID, reason);
        } else {
            g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                        "The command %s has not been found", request->name);
        }
        return NULL;
    }
    if (!check_arguments(command, call.arguments, error) ||
        !command->run(&call, error)) {
        return NULL;
    }
    *ret_later = call.later;
    if (call.later != NULL) {
        return NULL;
    }
    answer = call.value != NULL ? call.value : json_builder_get_root(reply);
    return answer != NULL ? answer
                          : json_node_init_object(json_node_alloc(), none);
}

GString *gc_qmp_format_answer(JsonNode *answer, const char *error_class,
                              const GError *error, JsonNode *id)
{
    GString *line = g_string_new("{");

    if (answer != NULL) {
        g_string_append(line, "\"return\": ");
        gc_qmp_json_write(line, answer);
    } else {
        g_string_append_printf(
            line, "\"error\": {\"class\": \"%s\", \"desc\": ", error_class);
        gc_qmp_json_write_string(line, error->message);
        g_string_append_c(line, '}');
    }
    if (id != NULL) {
        g_string_append(line, ", \"id\": ");
        gc_qmp_json_write(line, id);
    }
    g_string_append(line, "}\r\n");
    return line;
}

GString *gc_qmp_execute(GcQmp *qmp, GcQmpSession *session, const char *text,
                        size_t len)
{
    Request request = {0};
    const char *class = "GenericError";
    GcQmpLater *later = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) node = gc_qmp_json_parse(text, len, &error);
    g_autoptr(JsonNode) answer = NULL;

    if (node != NULL && read_request(node, &request, &error)) {
        answer = run_request(qmp, session, &request, &class, &later, &error);
    }
    if (later != NULL) {
        gc_qmp_later_set_id(later, request.id);
        return NULL;
    }
    return gc_qmp_format_answer(answer, class, error, request.id);
}
