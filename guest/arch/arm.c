/* SPDX-License-Identifier: MIT */
/* 32-bit ARM, little-endian. */
#include <elf.h>

#include "guest/arch.h"

/* Where Linux maps low memory unless it was built otherwise. */
#define PAGE_OFFSET UINT64_C(0xc0000000)
#define LOW_MEMORY_END UINT64_C(0xf0000000)

static bool get_image_map(const GcVmcoreinfoText *text G_GNUC_UNUSED,
                          GcPaddr memory_start, GcImageMap *ret_map)
{
    *ret_map = (GcImageMap){
        .start = PAGE_OFFSET,
        .end = LOW_MEMORY_END,
        .delta = memory_start - PAGE_OFFSET,
    };
    return true;
}

const GcArch gc_arch_arm = {
    .name = "arm",
    .machine = "armv7l",
    .machine_pattern = "armv*",
    .encoding = {.is_64bit = false, .big_endian = false},
    .elf_machine = EM_ARM,
    .page_size = 4096,
    .page_sizes = 4096,
    .prstatus_size = 148,
    .aligns_u64 = true,
    .phys_base_is_memory_start = true,
    .get_image_map = get_image_map,
};
