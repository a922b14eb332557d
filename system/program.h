/* SPDX-License-Identifier: MIT */
/* The program: a VM, the peers that drive it, and the main loop that owns
 * them all. */
#pragma once

#include "system/options/config.h"

/**
 * gc_program_run:
 * @config: what the command line asked for
 * @error: (out) (optional): return location
 *
 * Makes the VM and runs it until it shuts down: by a monitor, by SIGTERM,
 * SIGINT or SIGHUP, or because its last test client on standard input left.
 *
 * Returns: whether it could be made
 *
 * Errors: GC_ERROR_INVALID, GC_ERROR_UNSUPPORTED, GC_ERROR_IO
 */
bool gc_program_run(const GcConfig *config, GError **error);
