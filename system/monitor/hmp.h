/* SPDX-License-Identifier: MIT */
/* The commands that QEMU has for people only, and that tools which attach to
 * it use nevertheless.  What they print is what QEMU prints. */
#pragma once

#include "system/monitor/qmp.h"
#include "system/vm.h"

/**
 * GcHmpCall:
 * @vm: what it works on
 * @monitor: (nullable): the command that brought it, in tests there is none
 * @args: what follows the name, split at spaces
 * @out: gets the answer, with plain line feeds
 *
 * One command on its way.
 */
typedef struct GcHmpCall {
    GcVm *vm;
    GcQmpCall *monitor;
    char **args;
    GString *out;
} GcHmpCall;

/**
 * GcHmpCommand:
 * @name: of the command, one word or two
 * @args: what follows, for people
 * @help: one line for people
 * @run: does it; false if the arguments are wrong, after saying why
 *
 * One command is one row.
 */
typedef struct GcHmpCommand {
    const char *name;
    const char *args;
    const char *help;
    bool (*run)(GcHmpCall *call);
} GcHmpCommand;

/* A table of commands, ended by a row without a name. */
typedef struct GcHmpGroup {
    const GcHmpCommand *commands;
} GcHmpGroup;

/* All tables, ended by NULL; generated from system/monitor/meson.build. */
extern const GcHmpGroup *const gc_hmp_groups[];

/* Does what @line says, and returns what it prints, with the line ends of a
 * terminal.  Free with g_free().  @monitor as in GcHmpCall; if the command has
 * not ended when this returns, its answer will come later. */
char *gc_hmp_execute(GcVm *vm, GcQmpCall *monitor, const char *line);

/* Runs the monitor's command @name, and prints why it failed if it did. */
void gc_hmp_run_qmp(GcHmpCall *call, const char *name, JsonObject *arguments);

/* The number that @text, a word, is; otherwise says what is wrong with it. */
bool gc_hmp_get_number(GcHmpCall *call, const char *text, uint64_t *ret_value);
