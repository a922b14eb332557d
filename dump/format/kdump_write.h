/* SPDX-License-Identifier: MIT */
/* A kdump-compressed file out of a guest. */
#pragma once

#include "dump/format/format.h"

/* As GcFormat.write. */
bool gc_kdump_write(const GcWriteRequest *request, GError **error);
