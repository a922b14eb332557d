/* SPDX-License-Identifier: MIT */
/* What speaks against dumping a guest, asked before anything is touched. */
#pragma once

#include "guest/attach/qmp_client.h"

/**
 * gc_checks_run:
 * @client: a QEMU
 * @force: whether what would be refused is only to be warned of
 * @warnings: (element-type utf8): where warnings are added, each a sentence
 * @error: (out) (optional): return location
 *
 * A guest that is being migrated is refused, for its memory is elsewhere;
 * and one whose memory is encrypted, for nobody could read the dump.  A
 * device that is passed through is only warned of.
 *
 * Errors: GC_ERROR_UNSUPPORTED if the guest is refused; GC_ERROR_IO
 */
bool gc_checks_run(GcQmpClient *client, bool force, GPtrArray *warnings,
                   GError **error);
