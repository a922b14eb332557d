/* SPDX-License-Identifier: MIT */
/* The client side of QMP, QEMU's machine protocol, over a unix socket: one
 * command at a time, each answered before the next. */
#pragma once

#include <json-glib/json-glib.h>
#include <sys/types.h>

#include "guestcore/types.h"

typedef struct GcQmpClient GcQmpClient;

/**
 * GcQmpLimits:
 * @deadline: monotonic time in microseconds at which all waiting ends; 0 if
 *     only each command has its own
 * @is_cancelled: (nullable): asked while waiting; true ends it
 * @user_data: passed to it
 *
 * What bounds the waiting for QEMU.
 */
typedef struct GcQmpLimits {
    gint64 deadline;
    bool (*is_cancelled)(void *user_data);
    void *user_data;
} GcQmpLimits;

/**
 * gc_qmp_client_new:
 * @path: the socket
 * @limits: (nullable): what bounds the waiting
 * @error: (out) (optional): return location
 *
 * Connects and negotiates.
 *
 * Returns: (transfer full): the client, or NULL
 * Errors: GC_ERROR_IO if there is no answer in time; GC_ERROR_FORMAT if it
 *     is not QMP that answers
 * Threads: the client belongs to one thread
 */
GcQmpClient *gc_qmp_client_new(const char *path, const GcQmpLimits *limits,
                               GError **error);
void gc_qmp_client_free(GcQmpClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcQmpClient, gc_qmp_client_free)

/* The process that made the socket, which is QEMU unless somebody started
 * it with the socket open; 0 if this process cannot see it. */
pid_t gc_qmp_client_get_pid(const GcQmpClient *client);

/* The connection; borrowed. */
int gc_qmp_client_get_fd(const GcQmpClient *client);

/* From now on only each command's own deadline counts. */
void gc_qmp_client_clear_limits(GcQmpClient *client);

/* Whether the connection broke: no command can succeed any more. */
bool gc_qmp_client_is_lost(const GcQmpClient *client);

/**
 * gc_qmp_client_execute:
 * @client: the client
 * @command: its name
 * @arguments: (transfer full) (nullable): its arguments
 * @error: (out) (optional): return location
 *
 * Returns: (transfer full): what the command returned, or NULL
 * Errors: GC_ERROR_IO; GC_ERROR_FORMAT if QEMU refuses, with its words, or
 *     if its answer is not QMP; GC_ERROR_CANCELLED
 */
JsonNode *gc_qmp_client_execute(GcQmpClient *client, const char *command,
                                JsonObject *arguments, GError **error);

/* The two halves of gc_qmp_client_execute(), for a command that does not end
 * by itself; @fd, unless it is -1, is passed along. */
bool gc_qmp_client_send(GcQmpClient *client, const char *command,
                        JsonObject *arguments, int fd, GError **error);
JsonNode *gc_qmp_client_receive(GcQmpClient *client, const char *command,
                                GError **error);

/**
 * gc_qmp_client_monitor:
 * @client: the client
 * @command_line: a command of the human monitor
 * @error: (out) (optional): return location
 *
 * Returns: (transfer full): what the human monitor printed, or NULL
 * Errors: as gc_qmp_client_execute()
 */
char *gc_qmp_client_monitor(GcQmpClient *client, const char *command_line,
                            GError **error);

/* The text that member @name of an answer holds; @fallback if it is absent or
 * no text.  Borrowed. */
const char *gc_qmp_get_string(JsonObject *object, const char *name,
                              const char *fallback);

/* The number, or the truth as 1, that member @name of an answer holds; 0 if it
 * is absent or none of these. */
gint64 gc_qmp_get_int(JsonObject *object, const char *name);
