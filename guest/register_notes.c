/* SPDX-License-Identifier: MIT */
#include "guest/register_notes.h"

#include <string.h>

/* The number that @name has after the prefix of @run. */
static bool parse_number(const GcRegisterRun *run, const char *name,
                         guint64 *ret_number)
{
    size_t length = strlen(run->name);

    if (strncmp(name, run->name, length) != 0 ||
        (name[length] == '0' && name[length + 1] != '\0')) {
        return false;
    }
    return g_ascii_string_to_unsigned(name + length, 10, run->first,
                                      run->first + run->count - 1u, ret_number,
                                      NULL);
}

static bool find_in_run(const GcRegisterRun *run, const char *name,
                        size_t *ret_offset)
{
    guint64 number;

    if (run->name == NULL) {
        return false;
    }
    if (run->count == 0) {
        *ret_offset = run->offset;
        return strcmp(name, run->name) == 0;
    }
    if (!parse_number(run, name, &number)) {
        return false;
    }
    *ret_offset = run->offset + (size_t)(number - run->first) * run->width;
    return true;
}

bool gc_register_note_find(const GcRegisterNote *note, const char *name,
                           size_t *ret_offset, size_t *ret_width)
{
    for (size_t i = 0; i < note->n_runs; i++) {
        size_t offset;

        if (find_in_run(&note->runs[i], name, &offset)) {
            *ret_offset = offset;
            *ret_width = note->runs[i].width;
            return true;
        }
    }
    return false;
}
