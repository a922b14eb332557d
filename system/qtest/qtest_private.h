/* SPDX-License-Identifier: MIT */
/* What the server and the commands of qtest share. */
#pragma once

#include "system/qtest/qtest.h"

/**
 * GcQtestState:
 * @vm: what the commands work on
 * @clock: in ns since the machine was made
 * @intercepted: (nullable): the device whose inputs are reported
 * @levels: of its inputs, one bit each
 *
 * What lines change.
 */
typedef struct GcQtestState {
    GcVm *vm;
    int64_t clock;
    const char *intercepted;
    uint64_t levels;
} GcQtestState;

/**
 * GcQtestCall:
 * @state: what it works on
 * @words: the line; the command first
 * @n_words: how many
 * @size: of the access, for commands that come in widths
 * @reply: gets the answer
 *
 * One line on its way.
 */
typedef struct GcQtestCall {
    GcQtestState *state;
    char **words;
    size_t n_words;
    unsigned size;
    GString *reply;
} GcQtestCall;

/**
 * GcQtestCommand:
 * @name: the first word
 * @min_args: the words after it, at least
 * @max_args: and at most
 * @run: answers
 * @size: of the access, for commands that come in widths
 * @needs_clock: whether only an accelerator whose clock a client moves has it
 *
 * One command is one row.
 */
typedef struct GcQtestCommand {
    const char *name;
    size_t min_args;
    size_t max_args;
    void (*run)(GcQtestCall *call);
    unsigned size;
    bool needs_clock;
} GcQtestCommand;

/* All of them, ended by a row without a name. */
extern const GcQtestCommand gc_qtest_commands[];

#define GC_QTEST_MAX_ARGS 4
