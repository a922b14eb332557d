/* SPDX-License-Identifier: MIT */
/* Records of a kernel's log as people and programs read them. */
#pragma once

#include <json-glib/json-glib.h>

#include "guestcore/log.h"

/* Appends @record as makedumpfile --dump-dmesg prints it, and dmesg: the
 * time, then the text, the further lines of which are indented.  What could
 * do something to a terminal becomes \xNN.  With @caller, who logged it
 * comes after the time, as kernels print it that were built to. */
void log_text_append(GString *text, const GcLogRecord *record, bool caller);

/* The level as dmesg calls it; NULL if it is not known. */
const char *log_text_get_level(const GcLogRecord *record);

/* Returns: (transfer full): @record as an object */
JsonObject *log_text_to_json(const GcLogRecord *record);
