/* SPDX-License-Identifier: MIT */
/* 64-bit Power, little-endian. */
#include <elf.h>

#include "guest/arch/ppc64_common.h"

const GcArch gc_arch_ppc64le = {
    .name = "ppc64le",
    .machine = "ppc64le",
    .encoding = {.is_64bit = true, .big_endian = false},
    .elf_machine = EM_PPC64,
    .page_size = 65536,
    .page_sizes = 4096 | 65536,
    .notes = gc_ppc64_notes,
    .n_notes = GC_PPC64_N_NOTES,
    .aligns_u64 = true,
    .get_image_map = gc_ppc64_get_image_map,
};
