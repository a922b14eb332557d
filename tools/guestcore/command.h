/* SPDX-License-Identifier: MIT */
/* A subcommand of guestcore.
 *
 * To add one: a file cmd_NAME.c that defines the struct, one line in
 * meson.build. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Command {
    const char *name;
    const char *summary; /* one line for --help */

    /* Runs it; argv[0] is its name.  Returns whether it did what was asked;
     * if not, the error says why. */
    bool (*run)(int argc, char **argv, GError **error);
} Command;

/* All subcommands; ends with NULL. */
extern const Command *const commands[];

/**
 * command_parse:
 * @argc: (inout): number of arguments
 * @argv: (inout): the arguments; options are taken out
 * @usage: what follows the options, for --help
 * @description: what the command does, for --help
 * @entries: its options
 * @error: (out) (optional): return location
 *
 * Errors: GOptionError
 */
bool command_parse(int *argc, char ***argv, const char *usage,
                   const char *description, const GOptionEntry *entries,
                   GError **error);

/* Writes to standard output; it may be a pipe whose reader has gone.
 * Errors: GFileError */
bool command_print(const char *text, size_t len, GError **error);

/**
 * command_parse_number:
 * @option: its name, for the message
 * @text: (nullable): its value, decimal, or hexadecimal after 0x
 * @ret_value: (out): the number; untouched if @text is NULL
 * @error: (out) (optional): return location
 *
 * Errors: GOptionError
 */
bool command_parse_number(const char *option, const char *text,
                          uint64_t *ret_value, GError **error);
