/* SPDX-License-Identifier: MIT */
/* A guest out of a kdump-compressed file. */
#pragma once

#include "dump/format/format.h"

/* As GcFormat.probe. */
bool gc_kdump_probe(const uint8_t *head, size_t size);

/* As GcFormat.open. */
GcGuest *gc_kdump_read(GcImageReader *image, GError **error);
