/* SPDX-License-Identifier: MIT */
/* 64-bit LoongArch. */
#include <elf.h>

#include "guest/arch.h"

/* The window through which Linux sees memory cached, and is linked in. */
#define WINDOW_START UINT64_C(0x9000000000000000)
#define WINDOW_SIZE (UINT64_C(1) << 48)

static bool get_image_map(const GcVmcoreinfoText *text G_GNUC_UNUSED,
                          GcPaddr memory_start G_GNUC_UNUSED,
                          GcImageMap *ret_map)
{
    *ret_map = (GcImageMap){
        .start = WINDOW_START,
        .end = WINDOW_START + WINDOW_SIZE,
        .delta = -WINDOW_START,
    };
    return true;
}

const GcArch gc_arch_loongarch64 = {
    .name = "loongarch64",
    .machine = "loongarch64",
    .encoding = {.is_64bit = true, .big_endian = false},
    .elf_machine = EM_LOONGARCH,
    .page_size = 16384,
    .page_sizes = 4096 | 16384 | 65536,
    .prstatus_size = 480,
    .aligns_u64 = true,
    .get_image_map = get_image_map,
};
