/* SPDX-License-Identifier: MIT */
/* What the files of the monitor share. */
#pragma once

#include "system/monitor/qmp.h"

GcVm *gc_qmp_get_vm(GcQmp *qmp);

/* The line that answers a request: @answer, or, if that is NULL, @error.
 * @id: (nullable) is what the request was called. */
GString *gc_qmp_format_answer(JsonNode *answer, const char *error_class,
                              const GError *error, JsonNode *id);
