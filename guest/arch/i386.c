/* SPDX-License-Identifier: MIT */
/* 32-bit x86, and any x86 guest that is not in long mode yet. */
#include <elf.h>

#include "guest/arch.h"

/* Where Linux maps low memory unless it was built otherwise. */
#define PAGE_OFFSET UINT64_C(0xc0000000)
#define LOW_MEMORY_END UINT64_C(0xf8000000)

static bool get_image_map(const GcVmcoreinfoText *text G_GNUC_UNUSED,
                          GcPaddr memory_start G_GNUC_UNUSED,
                          GcImageMap *ret_map)
{
    *ret_map = (GcImageMap){
        .start = PAGE_OFFSET,
        .end = LOW_MEMORY_END,
        .delta = -PAGE_OFFSET,
    };
    return true;
}

const GcArch gc_arch_i386 = {
    .name = "i386",
    .machine = "i686",
    .machine_pattern = "i?86",
    .encoding = {.is_64bit = false, .big_endian = false},
    .elf_machine = EM_386,
    .page_size = 4096,
    .page_sizes = 4096,
    .prstatus_size = 144,
    .get_image_map = get_image_map,
};
