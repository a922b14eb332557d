/* SPDX-License-Identifier: MIT */
/* 64-bit RISC-V.  Page tables follow the privileged specification, Sv39,
 * Sv48 and Sv57. */
#include <elf.h>

#include "guest/arch/riscv.h"

#define PTE_VALID (UINT64_C(1) << 0)
#define PTE_ACCESS UINT64_C(0xe) /* read, write, execute: none for a table */
#define PTE_PPN UINT64_C(0x003ffffffffffc00)
#define PTE_NAPOT (UINT64_C(1) << 63) /* Svnapot: 64 KiB, as 16 entries */
#define PTE_PPN_SHIFT 2 /* bits 10 and up are bits 12 and up of the address */

static bool get_page_table(const GcVmcoreinfoText *text, GcPageTable *ret_table)
{
    GcImageMap map;
    uint64_t root;
    int64_t va_bits;

    if (!gc_riscv_get_image_map(text, 0, &map) ||
        !gc_vmcoreinfo_text_get_symbol(text, "swapper_pg_dir", &root) ||
        !gc_vmcoreinfo_text_get_number(text, "NUMBER", "VA_BITS", &va_bits) ||
        (va_bits != 39 && va_bits != 48 && va_bits != 57)) {
        return false;
    }
    *ret_table = (GcPageTable){
        .root = root + map.delta,
        .levels = ((unsigned)va_bits - 12) / 9,
        .page_shift = 12,
        .index_bits = 9,
        .va_bits = (unsigned)va_bits,
        .present = PTE_VALID,
        .table_mask = PTE_ACCESS,
        .leaf_levels = ((unsigned)va_bits - 12) / 9 - 1,
        .address_mask = PTE_PPN,
        .address_shift = PTE_PPN_SHIFT,
        .run = PTE_NAPOT,
        .run_bits = 4,
        .run_mark = 8,
    };
    return true;
}

static const GcRegisterRun prstatus[] = {
    GC_REGISTER(GC_REGISTER_PID, 32, 4),
    GC_REGISTER("pc", 112, 8),
    GC_REGISTERS_FROM("x", 1, 120, 8, 31),
};

static const GcRegisterNote notes[] = {
    GC_REGISTER_NOTE("CORE", NT_PRSTATUS, 376, prstatus),
};

const GcArch gc_arch_riscv64 = {
    .name = "riscv64",
    .machine = "riscv64",
    .encoding = {.is_64bit = true, .big_endian = false},
    .elf_machine = EM_RISCV,
    .page_size = 4096,
    .page_sizes = 4096,
    .notes = notes,
    .n_notes = G_N_ELEMENTS(notes),
    .aligns_u64 = true,
    .get_phys_base = gc_riscv_get_phys_base,
    .phys_base_is_memory_start = true,
    .get_page_table = get_page_table,
    .get_image_map = gc_riscv_get_image_map,
};
