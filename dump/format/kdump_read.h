/* SPDX-License-Identifier: MIT */
/* A guest out of a kdump-compressed file, or out of its parts. */
#pragma once

#include "dump/format/format.h"

/* As GcFormat.open. */
GcGuest *gc_kdump_read(GcImageReader *const *images, size_t n_images,
                       GcDumpInfo *ret_info, GError **error);
