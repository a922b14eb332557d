/* SPDX-License-Identifier: MIT */
/* The qtest protocol: a test client plays the guest's CPUs, one line and one
 * answer at a time.  No line ends the server; a malformed one gets an answer
 * that starts with ERR. */
#pragma once

#include "system/stream.h"
#include "system/vm.h"

/* The most bytes that one command reads or writes. */
#define GC_QTEST_MAX_TRANSFER (16 * 1024 * 1024)

/* The longest line: a write of that much, in hexadecimal. */
#define GC_QTEST_MAX_LINE (2 * GC_QTEST_MAX_TRANSFER + 128)

typedef struct GcQtest GcQtest;

/* What to call when no client is left. */
typedef void (*GcQtestLeft)(void *opaque);

/**
 * gc_qtest_new:
 * @vm: what the clients work on; must outlive the server
 * @log_path: (nullable): where to write what is said, or "none"
 * @error: (out) (optional): return location
 *
 * Returns: (transfer full): a server without clients
 *
 * Errors: GC_ERROR_IO if the log cannot be opened
 */
GcQtest *gc_qtest_new(GcVm *vm, const char *log_path, GError **error);
void gc_qtest_free(GcQtest *qtest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcQtest, gc_qtest_free)

void gc_qtest_set_left(GcQtest *qtest, GcQtestLeft left, void *opaque);

/* A GcChardevAccept: takes a client. */
void gc_qtest_accept(void *opaque, GcStream *stream);

/**
 * gc_qtest_execute:
 * @qtest: the server
 * @line: (array length=len): one line, without its line feed
 * @len: its length
 * @reply: what is to be sent is appended: one line of an answer, after
 *     any lines that tell of interrupts
 *
 * Does what a line says.  For the clients, and for tests.
 */
void gc_qtest_execute(GcQtest *qtest, const char *line, size_t len,
                      GString *reply);
