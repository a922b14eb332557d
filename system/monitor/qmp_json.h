/* SPDX-License-Identifier: MIT */
/* JSON as the monitor protocol writes it: on one line, spaced as QEMU spaces
 * it, in ASCII. */
#pragma once

#include <json-glib/json-glib.h>

#include "guestcore/types.h"

/* A text of the splitter, parsed.  Errors: GC_ERROR_FORMAT, in QEMU's form. */
JsonNode *gc_qmp_json_parse(const char *text, size_t len, GError **error);

/* Appends @node to @out. */
void gc_qmp_json_write(GString *out, JsonNode *node);

/* Appends @text to @out as a JSON string. */
void gc_qmp_json_write_string(GString *out, const char *text);
