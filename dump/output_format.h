/* SPDX-License-Identifier: MIT */
/* The formats by the names that a user gives them, which are QEMU's: NAME,
 * or, for a format whose pages are packed, NAME-CODEC if it is flattened and
 * NAME-raw-CODEC if it is not. */
#pragma once

#include "dump/format/format.h"

typedef struct GcOutputFormat {
    const GcFormat *format;
    const GcCodec *codec; /* NULL if the format has none */
    bool is_flattened;
} GcOutputFormat;

/* Finds the format that the user calls @name.
 * Errors: GC_ERROR_INVALID, naming those that there are. */
bool gc_output_format_find(const char *name, GcOutputFormat *ret_format,
                           GError **error);

/* Whether the format's codec has that level.
 * Errors: GC_ERROR_INVALID, naming those that there are. */
bool gc_output_format_check_level(const GcOutputFormat *format, int level,
                                  GError **error);
