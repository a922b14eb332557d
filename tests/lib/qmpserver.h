/* SPDX-License-Identifier: MIT */
/* Somebody who answers on a QMP socket, well or badly: a thread that serves
 * one client and says what a test wrote down. */
#pragma once

#include <glib.h>

typedef struct QmpServer QmpServer;

/* What QEMU says first, and its answer to qmp_capabilities. */
#define QMPSERVER_GREETING                                                     \
    "{\"QMP\": {\"version\": {}, \"capabilities\": [\"oob\"]}}\r\n"
#define QMPSERVER_OK "{\"return\": {}}\r\n"

/**
 * qmpserver_new:
 * @path: of the socket
 * @answers: (array zero-terminated=1): the first is sent at once, each other
 *     one after a line of the client; must outlive the server
 * @hangs: at the end, whether to keep the connection and say nothing more;
 *     else it is closed
 */
QmpServer *qmpserver_new(const char *path, const char *const *answers,
                         gboolean hangs);

/* Ends the server; to be called when the client is gone. */
void qmpserver_free(QmpServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QmpServer, qmpserver_free)

/* Ends the server, and tells the lines that the client sent, and how many
 * descriptors came with them.  (element-type utf8) */
GPtrArray *qmpserver_finish(QmpServer *server, unsigned *ret_fds);
