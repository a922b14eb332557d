/* SPDX-License-Identifier: MIT */
/* An ELF core file out of a guest. */
#pragma once

#include "dump/format/format.h"

/* As GcFormat.write. */
bool gc_elf_write(const GcWriteRequest *request, GError **error);
