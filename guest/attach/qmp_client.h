/* SPDX-License-Identifier: MIT */
/* The client side of QMP, QEMU's machine protocol, over a unix socket: one
 * command at a time, each answered before the next. */
#pragma once

#include <json-glib/json-glib.h>
#include <sys/types.h>

#include "guestcore/types.h"

typedef struct GcQmpClient GcQmpClient;

/**
 * gc_qmp_client_new:
 * @path: the socket
 * @error: (out) (optional): return location
 *
 * Connects and negotiates.
 *
 * Returns: (transfer full): the client, or NULL
 * Errors: GC_ERROR_IO if there is no answer in time; GC_ERROR_FORMAT if it
 *     is not QMP that answers
 * Threads: the client belongs to one thread
 */
GcQmpClient *gc_qmp_client_new(const char *path, GError **error);
void gc_qmp_client_free(GcQmpClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcQmpClient, gc_qmp_client_free)

/* The process at the other end; 0 if this process cannot see it. */
pid_t gc_qmp_client_get_pid(const GcQmpClient *client);

/**
 * gc_qmp_client_execute:
 * @client: the client
 * @command: its name
 * @arguments: (transfer full) (nullable): its arguments
 * @error: (out) (optional): return location
 *
 * Returns: (transfer full): what the command returned, or NULL
 * Errors: GC_ERROR_IO; GC_ERROR_FORMAT if QEMU refuses, with its words, or
 *     if its answer is not QMP
 */
JsonNode *gc_qmp_client_execute(GcQmpClient *client, const char *command,
                                JsonObject *arguments, GError **error);

/* As gc_qmp_client_execute(), and passes @fd along with the command. */
JsonNode *gc_qmp_client_execute_with_fd(GcQmpClient *client,
                                        const char *command,
                                        JsonObject *arguments, int fd,
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
