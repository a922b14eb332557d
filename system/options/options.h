/* SPDX-License-Identifier: MIT */
/* The command line: a table of options, each with its help and the function
 * that puts it into a GcConfig. */
#pragma once

#include "guestcore/types.h"

#include "system/options/config.h"

/**
 * GcOption:
 * @name: without its dash
 * @argument: (nullable): what its value is called; NULL if it has none
 * @help: one line or more for people
 * @apply: puts it into @config; @value is NULL if it has none
 *
 * One option.  Applied in the order of the command line; a later one of the
 * same name adds to lists and replaces single values.
 */
typedef struct GcOption {
    const char *name;
    const char *argument;
    const char *help;
    bool (*apply)(GcConfig *config, const char *value, GError **error);
} GcOption;

/* All of them, ended by a row without a name. */
extern const GcOption gc_options[];

/* The target that a program of that name is for: what is after the last
 * dash.  Errors: GC_ERROR_INVALID if no machine is for it. */
const char *gc_options_find_target(const char *program, GError **error);

/**
 * gc_options_parse:
 * @argc: number of words
 * @argv: (array length=argc): the words, the program's name first
 * @error: (out) (optional): return location
 *
 * Returns: (transfer full): what they ask for; if @message is set in it,
 *     that is to be printed and nothing run
 *
 * Errors: GC_ERROR_INVALID for an unknown option or value, GC_ERROR_IO for
 *     a file that cannot be read
 */
GcConfig *gc_options_parse(int argc, char *const *argv, GError **error);

/* The text of -h.  Free with g_free(). */
char *gc_options_dup_help(void);
