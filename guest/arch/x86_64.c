/* SPDX-License-Identifier: MIT */
/* x86-64 in long mode.  Page tables follow the Intel SDM, volume 3, chapter
 * "Paging"; the memory map Linux's Documentation/x86/x86_64/mm.rst. */
#include <elf.h>

#include "guest/arch.h"

/* Where Linux maps its own image; symbols of the image are linked here. */
#define KERNEL_MAP_START UINT64_C(0xffffffff80000000)
#define KERNEL_MAP_END UINT64_C(0xffffffffc0000000)

#define PAGE_PRESENT (UINT64_C(1) << 0)
#define PAGE_LARGE (UINT64_C(1) << 7)
#define PAGE_ADDRESS UINT64_C(0x000ffffffffff000)

static bool get_phys_base(const GcVmcoreinfoText *text, int64_t *ret_base)
{
    return gc_vmcoreinfo_text_get_number(text, "NUMBER", "phys_base", ret_base);
}

static bool get_image_map(const GcVmcoreinfoText *text,
                          GcPaddr memory_start G_GNUC_UNUSED,
                          GcImageMap *ret_map)
{
    int64_t phys_base;

    if (!get_phys_base(text, &phys_base)) {
        return false;
    }
    *ret_map = (GcImageMap){
        .start = KERNEL_MAP_START,
        .end = KERNEL_MAP_END,
        .delta = (uint64_t)phys_base - KERNEL_MAP_START,
    };
    return true;
}

static bool get_root(const GcVmcoreinfoText *text, uint64_t *ret_vaddr)
{
    return gc_vmcoreinfo_text_get_symbol(text, "init_top_pgt", ret_vaddr) ||
           gc_vmcoreinfo_text_get_symbol(text, "init_level4_pgt", ret_vaddr) ||
           gc_vmcoreinfo_text_get_symbol(text, "swapper_pg_dir", ret_vaddr);
}

static bool get_page_table(const GcVmcoreinfoText *text, GcPageTable *ret_table)
{
    GcImageMap map;
    uint64_t root;
    int64_t level5 = 0;
    int64_t sme_mask = 0;

    if (!get_image_map(text, 0, &map) || !get_root(text, &root)) {
        return false;
    }
    gc_vmcoreinfo_text_get_number(text, "NUMBER", "pgtable_l5_enabled",
                                  &level5);
    gc_vmcoreinfo_text_get_number(text, "NUMBER", "sme_mask", &sme_mask);
    *ret_table = (GcPageTable){
        .root = root + map.delta,
        .levels = level5 != 0 ? 5 : 4,
        .page_shift = 12,
        .index_bits = 9,
        .va_bits = level5 != 0 ? 57 : 48,
        .present = PAGE_PRESENT,
        .table_mask = PAGE_LARGE,
        .leaf_levels = 2,
        .address_mask = PAGE_ADDRESS & ~(uint64_t)sme_mask,
    };
    return true;
}

const GcArch gc_arch_x86_64 = {
    .name = "x86_64",
    .machine = "x86_64",
    .encoding = {.is_64bit = true, .big_endian = false},
    .elf_machine = EM_X86_64,
    .page_size = 4096,
    .page_sizes = 4096,
    .prstatus_size = 336,
    .aligns_u64 = true,
    .get_phys_base = get_phys_base,
    .get_page_table = get_page_table,
    .get_image_map = get_image_map,
};
