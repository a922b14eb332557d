/* SPDX-License-Identifier: MIT */
/* A guest out of an ELF core file. */
#pragma once

#include "dump/format/format.h"

/* As GcFormat.open. */
GcGuest *gc_elf_read(GcImageReader *image, GError **error);
