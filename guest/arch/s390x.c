/* SPDX-License-Identifier: MIT */
/* 64-bit z/Architecture, big-endian. */
#include <elf.h>

#include "guest/arch.h"

/* Kernels before 6.10 run where their symbols are, at low addresses that
 * are mapped one to one. */
static bool get_image_map(const GcVmcoreinfoText *text G_GNUC_UNUSED,
                          GcPaddr memory_start G_GNUC_UNUSED,
                          GcImageMap *ret_map)
{
    *ret_map = (GcImageMap){.start = 0, .end = UINT64_C(1) << 53};
    return true;
}

const GcArch gc_arch_s390x = {
    .name = "s390x",
    .machine = "s390x",
    .encoding = {.is_64bit = true, .big_endian = true},
    .elf_machine = EM_S390,
    .page_size = 4096,
    .page_sizes = 4096,
    .prstatus_size = 336,
    .aligns_u64 = true,
    .get_image_map = get_image_map,
};
