/* SPDX-License-Identifier: MIT */
#pragma once

#include "dump/format/format.h"

/* As GcFormat.inspect. */
bool gc_kdump_inspect(GcImageReader *const *images, size_t n_images,
                      const GcGuest *guest, GcDumpInspection *inspection,
                      GError **error);
