/* SPDX-License-Identifier: MIT */
/* 64-bit Power, big-endian. */
#include <elf.h>

#include "guest/arch/ppc64_common.h"

const GcArch gc_arch_ppc64 = {
    .name = "ppc64",
    .machine = "ppc64",
    .encoding = {.is_64bit = true, .big_endian = true},
    .elf_machine = EM_PPC64,
    .page_size = 65536,
    .page_sizes = 4096 | 65536,
    .notes = gc_ppc64_notes,
    .n_notes = GC_PPC64_N_NOTES,
    .aligns_u64 = true,
    .get_image_map = gc_ppc64_get_image_map,
};
