/* SPDX-License-Identifier: MIT */
#include "guest/arch/ppc64_common.h"

#include <elf.h>

/* All of memory is mapped here, and the kernel is linked there. */
#define LINEAR_MAP_START UINT64_C(0xc000000000000000)
#define LINEAR_MAP_END UINT64_C(0xc008000000000000)

bool gc_ppc64_get_image_map(const GcVmcoreinfoText *text G_GNUC_UNUSED,
                            GcPaddr memory_start G_GNUC_UNUSED,
                            GcImageMap *ret_map)
{
    *ret_map = (GcImageMap){
        .start = LINEAR_MAP_START,
        .end = LINEAR_MAP_END,
        .delta = -LINEAR_MAP_START,
    };
    return true;
}

/* clang-format off */
static const GcRegisterRun prstatus[] = {
    GC_REGISTER(GC_REGISTER_PID, 32, 4),
    GC_REGISTERS("r", 112, 8, 32),
    GC_REGISTER("nip", 368, 8),
    GC_REGISTER("msr", 376, 8),
    GC_REGISTER("orig_r3", 384, 8),
    GC_REGISTER("ctr", 392, 8),
    GC_REGISTER("lr", 400, 8),
    GC_REGISTER("xer", 408, 8),
    GC_REGISTER("ccr", 416, 8),
    GC_REGISTER("softe", 424, 8),
    GC_REGISTER("trap", 432, 8),
    GC_REGISTER("dar", 440, 8),
    GC_REGISTER("dsisr", 448, 8),
    GC_REGISTER("result", 456, 8),
};

static const GcRegisterRun fpregset[] = {
    GC_REGISTERS("f", 0, 8, 32),
    GC_REGISTER("fpscr", 256, 8),
};

static const GcRegisterRun vmx[] = {
    GC_REGISTERS("vr", 0, 16, 32),
    GC_REGISTER("vscr", 524, 4),
    GC_REGISTER("vrsave", 528, 4),
};

/* The halves of the first 32 vector-scalar registers that f0 to f31 are not. */
static const GcRegisterRun vsx[] = {
    GC_REGISTERS("vs_low", 0, 8, 32),
};

const GcRegisterNote gc_ppc64_notes[GC_PPC64_N_NOTES] = {
    GC_REGISTER_NOTE("CORE", NT_PRSTATUS, 504, prstatus),
    GC_REGISTER_NOTE("CORE", NT_FPREGSET, 264, fpregset),
    GC_REGISTER_NOTE("CORE", NT_PPC_VMX, 544, vmx),
    GC_REGISTER_NOTE("CORE", NT_PPC_VSX, 256, vsx),
};
/* clang-format on */
