/* SPDX-License-Identifier: MIT */
/* The formats by the names that a user gives them: NAME, or NAME-CODEC for a
 * format whose pages are packed. */
#pragma once

#include "dump/format/format.h"

typedef struct GcOutputFormat {
    const GcFormat *format;
    const GcCodec *codec; /* NULL if the format has none */
} GcOutputFormat;

/* Finds the format that the user calls @name.
 * Errors: GC_ERROR_INVALID, naming those that there are. */
bool gc_output_format_find(const char *name, GcOutputFormat *ret_format,
                           GError **error);
