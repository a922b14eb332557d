/* SPDX-License-Identifier: MIT */
/* A file that a command makes: it has mode 0600, since what comes out of a
 * guest is secret, and its name only when it is complete.  "-" is standard
 * output. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

typedef struct OutFile {
    char *path;
    char *temporary; /* NULL if the bytes go to where the path leads */
    FILE *stream;
} OutFile;

/* Whether standard output is meant. */
bool out_file_is_stdout(const char *path);

/* Begins it.  Errors: GFileError */
bool out_file_open(OutFile *file, const char *path, GError **error);

/* Errors: GFileError */
bool out_file_write(OutFile *file, const void *bytes, size_t len,
                    GError **error);

/* Ends it, and gives it its name.  Errors: GFileError */
bool out_file_finish(OutFile *file, GError **error);

/* Frees what is left, and removes a file that was not finished. */
void out_file_clear(OutFile *file);
