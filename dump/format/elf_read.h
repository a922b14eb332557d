/* SPDX-License-Identifier: MIT */
/* A guest out of an ELF core file. */
#pragma once

#include "dump/format/format.h"

/* As GcFormat.open. */
GcGuest *gc_elf_read(GcImageReader *const *images, size_t n_images,
                     GcDumpInfo *ret_info, GError **error);
