/* SPDX-License-Identifier: MIT */
/* A guest whose byte order QEMU mistakes.
 *
 * QEMU 7.2 writes the notes of a Power guest in the byte order in which the
 * machine began, big-endian, even if the kernel has changed it. */
#pragma once

#include "guest/arch.h"
#include "guest/notes.h"

/* The architecture that differs from @arch in its byte order alone; NULL if
 * there is none. */
const GcArch *gc_byte_order_find_twin(const GcArch *arch);

/**
 * gc_byte_order_turn:
 * @notes: (element-type GcNote): the notes of CPUs
 * @twin: the architecture in whose byte order they are wanted
 *
 * Returns: (transfer full) (element-type GcNote): the same registers in the
 *     other byte order; what is not understood is left out
 */
GPtrArray *gc_byte_order_turn(GPtrArray *notes, const GcArch *twin);
