/* SPDX-License-Identifier: MIT */
/* The saved state of a device as a versioned record: a header that says what
 * it is, then the fields that a GcRecord describes, all little-endian. */
#pragma once

#include "base/record.h"

/* What a device saves. */
typedef struct GcState {
    const char *magic; /* 8 characters */
    uint32_t version;
    const GcRecord *record;
} GcState;

/* (transfer full): the record of @host. */
GBytes *gc_state_save(const GcState *state, const void *host);

/**
 * gc_state_load:
 * @state: what is expected
 * @bytes: what gc_state_save() returned
 * @host: (out): the struct; untouched on failure
 * @error: (out) (optional): return location
 *
 * Errors: GC_ERROR_FORMAT if it is no such record or not whole;
 *     GC_ERROR_UNSUPPORTED if it is newer.
 */
bool gc_state_load(const GcState *state, GBytes *bytes, void *host,
                   GError **error);
