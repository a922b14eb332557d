/* SPDX-License-Identifier: MIT */
/* What a dump is without, in words. */
#pragma once

#include <json-glib/json-glib.h>

#include "guestcore/dump.h"

/* "left out 5 pages: 3 cache, 2 free"; NULL if nothing was.  (transfer
 * full) */
char *left_out_to_text(const GcDumpStats *stats);

/* The number of pages left out of each kind that can be.  (transfer full) */
JsonObject *left_out_to_json(const GcDumpStats *stats);

/* The kinds of pages that a dump of @level is without: "cache, free"; NULL if
 * there are none.  (transfer full) */
char *left_out_describe_level(unsigned level);
