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

static const GcRegisterRun prstatus[] = {
    GC_REGISTER(GC_REGISTER_PID, 32, 4), GC_REGISTERS("r", 112, 8, 32),
    GC_REGISTER("era", 376, 8),          GC_REGISTER("badv", 384, 8),
    GC_REGISTER_CONSTANT(472, 4, 1), /* floating point is valid */
};

static const GcRegisterRun fpregset[] = {
    GC_REGISTERS("f", 0, 8, 32),
    GC_REGISTER("fcc", 256, 8),
    GC_REGISTER("fcsr", 264, 4),
};

static const GcRegisterNote notes[] = {
    GC_REGISTER_NOTE("CORE", NT_PRSTATUS, 480, prstatus),
    GC_REGISTER_NOTE("CORE", NT_FPREGSET, 268, fpregset),
};

const GcArch gc_arch_loongarch64 = {
    .name = "loongarch64",
    .machine = "loongarch64",
    .encoding = {.is_64bit = true, .big_endian = false},
    .elf_machine = EM_LOONGARCH,
    .page_size = 16384,
    .page_sizes = 4096 | 16384 | 65536,
    .notes = notes,
    .n_notes = G_N_ELEMENTS(notes),
    .aligns_u64 = true,
    .get_image_map = get_image_map,
};
