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
 * @rest: what of the line has not been taken yet, without spaces before it
 * @out: gets the answer, with plain line feeds
 *
 * One command on its way.
 */
typedef struct GcHmpCall {
    GcVm *vm;
    GcQmpCall *monitor;
    const char *rest;
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

/* Takes the next word; NULL at the end of the line. */
char *gc_hmp_take_word(GcHmpCall *call);

/**
 * gc_hmp_take_string:
 * @call: the command
 *
 * Takes the next word, or what stands between two quotes, which may have
 * spaces; there \n, \r, \\, \' and \" stand for what they do in C.
 *
 * Returns: (transfer full) (nullable): the text; NULL at the end of the line,
 *     and where the quotes are not right, after saying so
 */
char *gc_hmp_take_string(GcHmpCall *call);

/* Takes the next word, which is a number; otherwise says what is wrong. */
bool gc_hmp_take_number(GcHmpCall *call, uint64_t *ret_value);

/* Whether nothing follows; says that @name takes no more if something does. */
bool gc_hmp_take_end(GcHmpCall *call, const char *name);
