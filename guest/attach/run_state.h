/* SPDX-License-Identifier: MIT */
/* Whether a guest runs, and if not, why. */
#pragma once

#include "guest/attach/qmp_client.h"

/* @status is QEMU's word for it, such as "running" or "paused". */
typedef struct GcRunState {
    bool runs;
    char status[64];
} GcRunState;

/**
 * gc_run_state_query:
 * @client: a QEMU
 * @ret_state: (out): its guest's state
 * @error: (out) (optional): return location
 *
 * Errors: GC_ERROR_IO; GC_ERROR_FORMAT if QEMU does not tell
 */
bool gc_run_state_query(GcQmpClient *client, GcRunState *ret_state,
                        GError **error);

/* Whether it stands still because somebody said "stop", and for no other
 * reason. */
bool gc_run_state_is_paused(const GcRunState *state);
