/* SPDX-License-Identifier: MIT */
/* 32-bit RISC-V. */
#include <elf.h>

#include "guest/arch/riscv.h"

static const GcRegisterRun prstatus[] = {
    GC_REGISTER(GC_REGISTER_PID, 24, 4),
    GC_REGISTER("pc", 72, 4),
    GC_REGISTERS_FROM("x", 1, 76, 4, 31),
};

static const GcRegisterNote notes[] = {
    GC_REGISTER_NOTE("CORE", NT_PRSTATUS, 204, prstatus),
};

const GcArch gc_arch_riscv32 = {
    .name = "riscv32",
    .machine = "riscv32",
    .encoding = {.is_64bit = false, .big_endian = false},
    .elf_machine = EM_RISCV,
    .page_size = 4096,
    .page_sizes = 4096,
    .notes = notes,
    .n_notes = G_N_ELEMENTS(notes),
    .aligns_u64 = true,
    .get_phys_base = gc_riscv_get_phys_base,
    .phys_base_is_memory_start = true,
    .get_image_map = gc_riscv_get_image_map,
};
