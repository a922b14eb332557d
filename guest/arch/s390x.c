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

/* clang-format off */
static const GcRegisterRun prstatus[] = {
    GC_REGISTER(GC_REGISTER_PID, 32, 4),
    GC_REGISTER("psw_mask", 112, 8),
    GC_REGISTER("psw_addr", 120, 8),
    GC_REGISTERS("r", 128, 8, 16),
    GC_REGISTERS("a", 256, 4, 16),
};

static const GcRegisterRun fpregset[] = {
    GC_REGISTER("fpc", 0, 4),
    GC_REGISTERS("f", 8, 8, 16),
};

static const GcRegisterRun prefix[] = {
    GC_REGISTER("prefix", 0, 4),
};

static const GcRegisterRun ctrs[] = {
    GC_REGISTERS("c", 0, 8, 16),
};

static const GcRegisterRun timer[] = {
    GC_REGISTER("timer", 0, 8),
};

static const GcRegisterRun todcmp[] = {
    GC_REGISTER("todcmp", 0, 8),
};

static const GcRegisterRun todpreg[] = {
    GC_REGISTER("todpreg", 0, 4),
};

/* The halves of v0 to v15 that f0 to f15 are not; then the others. */
static const GcRegisterRun vxrs_low[] = {
    GC_REGISTERS("v_low", 0, 8, 16),
};

static const GcRegisterRun vxrs_high[] = {
    GC_REGISTERS_FROM("v", 16, 0, 16, 16),
};

/* The guarded-storage control block, after 8 bytes that are not used. */
static const GcRegisterRun gs_cb[] = {
    GC_REGISTER("gsd", 8, 8),
    GC_REGISTER("gssm", 16, 8),
    GC_REGISTER("gs_epl_a", 24, 8),
};

static const GcRegisterNote notes[] = {
    GC_REGISTER_NOTE("CORE", NT_PRSTATUS, 336, prstatus),
    GC_REGISTER_NOTE("CORE", NT_FPREGSET, 136, fpregset),
    GC_REGISTER_NOTE("LINUX", NT_S390_PREFIX, 4, prefix),
    GC_REGISTER_NOTE("LINUX", NT_S390_CTRS, 128, ctrs),
    GC_REGISTER_NOTE("LINUX", NT_S390_TIMER, 8, timer),
    GC_REGISTER_NOTE("LINUX", NT_S390_TODCMP, 8, todcmp),
    GC_REGISTER_NOTE("LINUX", NT_S390_TODPREG, 4, todpreg),
    GC_REGISTER_NOTE("LINUX", NT_S390_VXRS_LOW, 128, vxrs_low),
    GC_REGISTER_NOTE("LINUX", NT_S390_VXRS_HIGH, 256, vxrs_high),
    GC_REGISTER_NOTE("LINUX", NT_S390_GS_CB, 32, gs_cb),
};
/* clang-format on */

const GcArch gc_arch_s390x = {
    .name = "s390x",
    .machine = "s390x",
    .encoding = {.is_64bit = true, .big_endian = true},
    .elf_machine = EM_S390,
    .page_size = 4096,
    .page_sizes = 4096,
    .notes = notes,
    .n_notes = G_N_ELEMENTS(notes),
    .aligns_u64 = true,
    .get_image_map = get_image_map,
};
