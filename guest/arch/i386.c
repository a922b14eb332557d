/* SPDX-License-Identifier: MIT */
/* 32-bit x86, and any x86 guest that is not in long mode yet. */
#include <elf.h>
#include <string.h>

#include "guest/arch.h"
#include "guest/arch/x86_qemu_note.h"

/* Where Linux maps low memory unless it was built otherwise. */
#define PAGE_OFFSET UINT64_C(0xc0000000)
#define LOW_MEMORY_END UINT64_C(0xf8000000)

static bool get_image_map(const GcVmcoreinfoText *text G_GNUC_UNUSED,
                          GcPaddr memory_start G_GNUC_UNUSED,
                          GcImageMap *ret_map)
{
    *ret_map = (GcImageMap){
        .start = PAGE_OFFSET,
        .end = LOW_MEMORY_END,
        .delta = -PAGE_OFFSET,
    };
    return true;
}

/* See the Intel SDM, volume 3, PAE paging.  The other kind, whose entries have
 * four bytes, is left to the image map. */
#define PAGE_PRESENT UINT64_C(1)
#define PAGE_LARGE (UINT64_C(1) << 7)
#define PAGE_ADDRESS UINT64_C(0x000ffffffffff000)

static bool get_page_table(const GcVmcoreinfoText *text, GcPageTable *ret_table)
{
    const char *pae = gc_vmcoreinfo_text_get_string(text, "CONFIG_X86_PAE");
    uint64_t root;

    if (pae == NULL || strcmp(pae, "y") != 0 ||
        !gc_vmcoreinfo_text_get_symbol(text, "swapper_pg_dir", &root)) {
        return false;
    }
    *ret_table = (GcPageTable){
        .root = root - PAGE_OFFSET,
        .levels = 3,
        .page_shift = 12,
        .index_bits = 9,
        .va_bits = 32,
        .lower_only = true,
        .present = PAGE_PRESENT,
        .table_mask = PAGE_LARGE,
        .leaf_levels = 1,
        .address_mask = PAGE_ADDRESS,
    };
    return true;
}

/* clang-format off */
static const GcRegisterRun prstatus[] = {
    GC_REGISTER(GC_REGISTER_PID, 24, 4),
    GC_REGISTER("ebx", 72, 4),
    GC_REGISTER("ecx", 76, 4),
    GC_REGISTER("edx", 80, 4),
    GC_REGISTER("esi", 84, 4),
    GC_REGISTER("edi", 88, 4),
    GC_REGISTER("ebp", 92, 4),
    GC_REGISTER("eax", 96, 4),
    GC_REGISTER("ds", 100, 4),
    GC_REGISTER("es", 104, 4),
    GC_REGISTER("fs", 108, 4),
    GC_REGISTER("gs", 112, 4),
    GC_REGISTER("orig_eax", 116, 4),
    GC_REGISTER("eip", 120, 4),
    GC_REGISTER("cs", 124, 4),
    GC_REGISTER("eflags", 128, 4),
    GC_REGISTER("esp", 132, 4),
    GC_REGISTER("ss", 136, 4),
};

static const GcRegisterRun qemu[] = {
    GC_REGISTER("eax", 8, 8),
    GC_REGISTER("ebx", 16, 8),
    GC_REGISTER("ecx", 24, 8),
    GC_REGISTER("edx", 32, 8),
    GC_REGISTER("esi", 40, 8),
    GC_REGISTER("edi", 48, 8),
    GC_REGISTER("esp", 56, 8),
    GC_REGISTER("ebp", 64, 8),
    GC_REGISTER("eip", 136, 8),
    GC_REGISTER("eflags", 144, 8),
    GC_X86_QEMU_NOTE_SYSTEM,
};

static const GcRegisterNote notes[] = {
    GC_REGISTER_NOTE("CORE", NT_PRSTATUS, 144, prstatus),
    GC_REGISTER_NOTE("QEMU", 0, GC_X86_QEMU_NOTE_SIZE, qemu),
};
/* clang-format on */

const GcArch gc_arch_i386 = {
    .name = "i386",
    .machine = "i686",
    .machine_pattern = "i?86",
    .encoding = {.is_64bit = false, .big_endian = false},
    .elf_machine = EM_386,
    .page_size = 4096,
    .page_sizes = 4096,
    .notes = notes,
    .n_notes = G_N_ELEMENTS(notes),
    .get_page_table = get_page_table,
    .get_image_map = get_image_map,
};
