/* SPDX-License-Identifier: MIT */
/* 64-bit ARM, little-endian.  Page tables follow the Arm ARM, chapter "The
 * AArch64 Virtual Memory System Architecture"; which of their shapes a
 * kernel has, Linux's arch/arm64/kernel/vmcore_info.c tells. */
#include <elf.h>
#include <string.h>

#include "guest/arch.h"

#define PTE_VALID (UINT64_C(1) << 0)
#define PTE_TABLE (UINT64_C(1) << 1) /* a table; at level 0, a page */
#define PTE_ADDRESS_48 UINT64_C(0x0000fffffffff000)
#define PTE_ADDRESS_50 UINT64_C(0x0003fffffffff000)

/* The kernel image begins below _stext by less than this, on a multiple of
 * it, and is not larger than that. */
#define IMAGE_ALIGN (UINT64_C(2) << 20)
#define IMAGE_MAX_SIZE (UINT64_C(512) << 20)

static bool get_phys_base(const GcVmcoreinfoText *text, int64_t *ret_base)
{
    return gc_vmcoreinfo_text_get_number(text, "NUMBER", "PHYS_OFFSET",
                                         ret_base);
}

static bool get_image_map(const GcVmcoreinfoText *text,
                          GcPaddr memory_start G_GNUC_UNUSED,
                          GcImageMap *ret_map)
{
    int64_t offset;
    uint64_t stext;

    if (!gc_vmcoreinfo_text_get_number(text, "NUMBER", "kimage_voffset",
                                       &offset) ||
        !gc_vmcoreinfo_text_get_symbol(text, "_stext", &stext) ||
        stext > UINT64_MAX - IMAGE_MAX_SIZE) {
        return false;
    }
    ret_map->start = stext & ~(IMAGE_ALIGN - 1);
    ret_map->end = ret_map->start + IMAGE_MAX_SIZE;
    ret_map->delta = -(uint64_t)offset;
    return true;
}

/* How many bits of an address the kernel's tables translate. */
static bool get_va_bits(const GcVmcoreinfoText *text, unsigned page_shift,
                        unsigned *ret_bits)
{
    int64_t built = 0;
    int64_t t1sz = 0;
    bool has_built =
        gc_vmcoreinfo_text_get_number(text, "NUMBER", "VA_BITS", &built);
    bool has_t1sz =
        gc_vmcoreinfo_text_get_number(text, "NUMBER", "TCR_EL1_T1SZ", &t1sz);

    /* A kernel with 64 KiB pages that was built for 52 bits lays its tables
     * out for those, whatever the CPU can do. */
    if (has_t1sz && t1sz > 0 && t1sz < 64 && !(page_shift == 16 && has_built)) {
        built = 64 - t1sz;
    }
    if (built <= (int64_t)page_shift || built > 52) {
        return false;
    }
    *ret_bits = (unsigned)built;
    return true;
}

static bool get_page_shift(const GcVmcoreinfoText *text, unsigned *ret_shift)
{
    uint64_t size;

    if (!gc_vmcoreinfo_text_get_page_size(text, &size) ||
        (size != 4096 && size != 16384 && size != 65536)) {
        return false;
    }
    *ret_shift = size == 4096 ? 12 : size == 16384 ? 14 : 16;
    return true;
}

/* Physical addresses of more than 48 bits: with 64 KiB pages, bits 48 to 51
 * stand in bits 12 to 15 of an entry; with smaller ones, and only where 52
 * bits are translated, bits 50 and 51 in bits 8 and 9. */
static void set_address(GcPageTable *table)
{
    bool wide = table->va_bits == 52;

    if (table->page_shift == 16) {
        table->address_mask = PTE_ADDRESS_48 & ~UINT64_C(0xffff);
        table->high_mask = 0xf000;
        table->high_shift = 36;
    } else {
        table->address_mask = wide ? PTE_ADDRESS_50 : PTE_ADDRESS_48;
        table->high_mask = wide ? 0x300 : 0;
        table->high_shift = 42;
    }
    if (table->page_shift == 14) {
        table->address_mask &= ~UINT64_C(0x3fff);
    }
}

/* At how many levels above that of pages an entry may map memory: two with
 * pages of 4 KiB and else one, and one more with addresses of 52 bits. */
static unsigned get_block_levels(const GcVmcoreinfoText *text,
                                 const GcPageTable *table)
{
    int64_t pa_bits = 0;
    bool is_wide = table->va_bits == 52;

    if (table->page_shift == 16) {
        gc_vmcoreinfo_text_get_number(text, "NUMBER", "MAX_PHYSMEM_BITS",
                                      &pa_bits);
        is_wide = pa_bits == 52;
    }
    return (table->page_shift == 12 ? 2 : 1) + is_wide;
}

static bool get_page_table(const GcVmcoreinfoText *text, GcPageTable *ret_table)
{
    GcImageMap map;
    uint64_t root;
    GcPageTable table = {
        .upper_only = true,
        .present = PTE_VALID,
        .page = PTE_TABLE,
        .table_mask = PTE_TABLE,
        .table_value = PTE_TABLE,
    };

    if (!get_image_map(text, 0, &map) ||
        !gc_vmcoreinfo_text_get_symbol(text, "swapper_pg_dir", &root) ||
        !get_page_shift(text, &table.page_shift) ||
        !get_va_bits(text, table.page_shift, &table.va_bits)) {
        return false;
    }
    table.root = root + map.delta;
    table.index_bits = table.page_shift - 3;
    table.levels = (table.va_bits - table.page_shift + table.index_bits - 1) /
                   table.index_bits;
    table.leaf_levels = MIN(get_block_levels(text, &table), table.levels - 1);
    set_address(&table);
    *ret_table = table;
    return true;
}

/* clang-format off */
static const GcRegisterRun prstatus[] = {
    GC_REGISTER(GC_REGISTER_PID, 32, 4),
    GC_REGISTERS("x", 112, 8, 31),
    GC_REGISTER("sp", 360, 8),
    GC_REGISTER("pc", 368, 8),
    GC_REGISTER("pstate", 376, 8),
    GC_REGISTER_CONSTANT(384, 4, 1), /* floating point is valid */
};

static const GcRegisterRun fpregset[] = {
    GC_REGISTERS("v", 0, 16, 32),
    GC_REGISTER("fpsr", 512, 4),
    GC_REGISTER("fpcr", 516, 4),
};

static const GcRegisterNote notes[] = {
    GC_REGISTER_NOTE("CORE", NT_PRSTATUS, 392, prstatus),
    GC_REGISTER_NOTE("CORE", NT_FPREGSET, 528, fpregset),
};
/* clang-format on */

/* The SVE note as Linux's struct user_sve_header tells: its size twice, the
 * length of a vector twice, flags; then vectors, predicates and state. */
#define SVE_HEADER_SIZE 16
#define SVE_MAX_LENGTH 256
#define SVE_FLAGS_FULL 1

static uint16_t align_sve(unsigned offset)
{
    return (uint16_t)((offset + 15) / 16 * 16);
}

static bool make_vector_note(unsigned size, GcVectorNote *ret_note)
{
    uint16_t vl = (uint16_t)size;
    uint16_t pl = vl / 8;
    uint16_t p = SVE_HEADER_SIZE + 32 * vl;
    uint16_t fpsr = align_sve(p + 17u * pl);
    uint16_t total = align_sve(fpsr + 8u);
    const GcRegisterRun runs[] = {
        GC_REGISTER_CONSTANT(0, 4, total),
        GC_REGISTER_CONSTANT(4, 4, total),
        GC_REGISTER_CONSTANT(8, 2, vl),
        GC_REGISTER_CONSTANT(10, 2, vl),
        GC_REGISTER_CONSTANT(12, 2, SVE_FLAGS_FULL),
        GC_REGISTERS("z", SVE_HEADER_SIZE, vl, 32),
        GC_REGISTERS("p", p, pl, 16),
        GC_REGISTER("ffr", p + 16 * pl, pl),
        GC_REGISTER("fpsr", fpsr, 4),
        GC_REGISTER("fpcr", fpsr + 4, 4),
    };

    if (size < 16 || size > SVE_MAX_LENGTH || size % 16 != 0) {
        return false;
    }
    G_STATIC_ASSERT(sizeof(runs) <= sizeof(ret_note->runs));
    memcpy(ret_note->runs, runs, sizeof(runs));
    ret_note->note = (GcRegisterNote){
        .name = "LINUX",
        .type = NT_ARM_SVE,
        .size = total,
        .runs = ret_note->runs,
        .n_runs = G_N_ELEMENTS(runs),
    };
    return true;
}

const GcArch gc_arch_aarch64 = {
    .name = "aarch64",
    .machine = "aarch64",
    .encoding = {.is_64bit = true, .big_endian = false},
    .elf_machine = EM_AARCH64,
    .page_size = 4096,
    .page_sizes = 4096 | 16384 | 65536,
    .notes = notes,
    .n_notes = G_N_ELEMENTS(notes),
    .make_vector_note = make_vector_note,
    .aligns_u64 = true,
    .get_phys_base = get_phys_base,
    .phys_base_is_memory_start = true,
    .get_page_table = get_page_table,
    .get_image_map = get_image_map,
};
