/* SPDX-License-Identifier: MIT */
/* The commands that QEMU has for people only, and that tools which attach to
 * it use nevertheless.  What they print is what QEMU prints. */
#pragma once

#include "system/vm.h"

/**
 * GcHmpCall:
 * @vm: what it works on
 * @args: what follows the name, split at spaces
 * @out: gets the answer, with plain line feeds
 *
 * One command on its way.
 */
typedef struct GcHmpCall {
    GcVm *vm;
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
 * terminal.  Free with g_free(). */
char *gc_hmp_execute(GcVm *vm, const char *line);

/* The number that @text, a word, is; otherwise says what is wrong with it. */
bool gc_hmp_get_number(GcHmpCall *call, const char *text, uint64_t *ret_value);
