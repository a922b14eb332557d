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

/* clang-format off */
static const GcRegisterRun prstatus[] = {
    GC_REGISTER(GC_REGISTER_PID, 24, 4),
    GC_REGISTERS("r", 72, 4, 16),
    GC_REGISTER("cpsr", 136, 4),
    GC_REGISTER_CONSTANT(144, 4, 1), /* floating point is valid */
};

static const GcRegisterRun vfp[] = {
    GC_REGISTERS("d", 0, 8, 32),
    GC_REGISTER("fpscr", 256, 4),
};

static const GcRegisterNote notes[] = {
    GC_REGISTER_NOTE("CORE", NT_PRSTATUS, 148, prstatus),
    GC_REGISTER_NOTE("LINUX", NT_ARM_VFP, 260, vfp),
};
/* clang-format on */

const GcArch gc_arch_arm = {
    .name = "arm",
    .machine = "armv7l",
    .machine_pattern = "armv*",
    .encoding = {.is_64bit = false, .big_endian = false},
    .elf_machine = EM_ARM,
    .page_size = 4096,
    .page_sizes = 4096,
    .notes = notes,
    .n_notes = G_N_ELEMENTS(notes),
    .aligns_u64 = true,
    .phys_base_is_memory_start = true,
    .get_image_map = get_image_map,
};
