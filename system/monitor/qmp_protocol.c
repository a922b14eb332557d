/* SPDX-License-Identifier: MIT */
/* The commands about the monitor itself. */
#include <stdio.h>
#include <unistd.h>

#include "guestcore/error.h"

#include "base/fileio.h"
#include "system/monitor/qmp.h"
#include "system/monitor/qmp_session.h"
#include "system/monitor/qmp_version.h"

/* The version of QEMU whose behaviour is followed. */
#define QEMU_MAJOR 7
#define QEMU_MINOR 2
#define QEMU_MICRO 0

void gc_qmp_build_version(JsonBuilder *builder)
{
    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "qemu");
    json_builder_begin_object(builder);
    gc_qmp_put_integer(builder, "micro", QEMU_MICRO);
    gc_qmp_put_integer(builder, "minor", QEMU_MINOR);
    gc_qmp_put_integer(builder, "major", QEMU_MAJOR);
    json_builder_end_object(builder);
    gc_qmp_put_string(builder, "package", "guestcore " GC_VERSION);
    json_builder_end_object(builder);
}

static bool run_query_version(GcQmpCall *call, GError **error G_GNUC_UNUSED)
{
    gc_qmp_build_version(call->reply);
    return true;
}

/* We offer no capability, so none can be asked for. */
static bool run_qmp_capabilities(GcQmpCall *call, GError **error)
{
    JsonNode *enable = json_object_get_member(call->arguments, "enable");

    if (enable != NULL &&
        json_array_get_length(json_node_get_array(enable)) > 0) {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "there are no capabilities to enable");
        return false;
    }
    if (call->session != NULL) {
        gc_qmp_session_set_ready(call->session);
    }
    return true;
}

static bool run_query_commands(GcQmpCall *call, GError **error G_GNUC_UNUSED)
{
    json_builder_begin_array(call->reply);
    for (size_t i = 0; gc_qmp_groups[i] != NULL; i++) {
        for (const GcQmpCommand *at = gc_qmp_groups[i]->commands;
             at->name != NULL; at++) {
            json_builder_begin_object(call->reply);
            gc_qmp_put_string(call->reply, "name", at->name);
            json_builder_end_object(call->reply);
        }
    }
    json_builder_end_array(call->reply);
    return true;
}

static bool run_getfd(GcQmpCall *call, GError **error)
{
    const char *name = gc_qmp_get_string(call, "fdname");

    return call->session == NULL ||
           gc_qmp_session_name_fd(call->session, name, error);
}

static bool run_closefd(GcQmpCall *call, GError **error)
{
    const char *name = gc_qmp_get_string(call, "fdname");
    GC_AUTO_FD fd = -1;

    if (call->session != NULL) {
        fd = gc_qmp_session_take_fd(call->session, name, error);
    }
    return fd >= 0;
}

static const GcQmpParam fd_params[] = {
    {"fdname", GC_QMP_STRING, true},
    {NULL, GC_QMP_STRING, false},
};

static const GcQmpParam capabilities_params[] = {
    {"enable", GC_QMP_ARRAY, false},
    {NULL, GC_QMP_STRING, false},
};

static const GcQmpCommand commands[] = {
    {"qmp_capabilities", capabilities_params, run_qmp_capabilities},
    {"query-version", NULL, run_query_version},
    {"query-commands", NULL, run_query_commands},
    {"getfd", fd_params, run_getfd},
    {"closefd", fd_params, run_closefd},
    {NULL, NULL, NULL},
};

extern const GcQmpGroup gc_qmp_protocol;

const GcQmpGroup gc_qmp_protocol = {commands};
