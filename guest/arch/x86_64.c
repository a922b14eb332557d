/* SPDX-License-Identifier: MIT */
/* x86-64 in long mode.  Page tables follow the Intel SDM, volume 3, chapter
 * "Paging"; the memory map Linux's Documentation/x86/x86_64/mm.rst. */
#include <elf.h>

#include "guestcore/registers.h"

#include "guest/arch.h"
#include "guest/arch/x86_qemu_note.h"
#include "guest/guest.h"

/* Where Linux maps its own image; symbols of the image are linked here. */
#define KERNEL_MAP_START UINT64_C(0xffffffff80000000)
#define KERNEL_MAP_END UINT64_C(0xffffffffc0000000)

#define PAGE_PRESENT (UINT64_C(1) << 0)
#define PAGE_LARGE (UINT64_C(1) << 7)
#define PAGE_ADDRESS UINT64_C(0x000ffffffffff000)
#define TABLE_SIZE 4096u

#define CR0_PAGING (UINT64_C(1) << 31)
#define CR4_PAE (UINT64_C(1) << 5)
#define CR4_LA57 (UINT64_C(1) << 12)

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

static uint64_t get_sme_mask(const GcVmcoreinfoText *text)
{
    int64_t mask = 0;

    gc_vmcoreinfo_text_get_number(text, "NUMBER", "sme_mask", &mask);
    return (uint64_t)mask;
}

static GcPageTable make_page_table(GcPaddr root, bool has_5_levels,
                                   uint64_t sme_mask)
{
    return (GcPageTable){
        .root = root,
        .levels = has_5_levels ? 5 : 4,
        .page_shift = 12,
        .index_bits = 9,
        .va_bits = has_5_levels ? 57 : 48,
        .present = PAGE_PRESENT,
        .table_mask = PAGE_LARGE,
        .leaf_levels = 2,
        .address_mask = PAGE_ADDRESS & ~sme_mask,
    };
}

static bool get_page_table(const GcVmcoreinfoText *text, GcPageTable *ret_table)
{
    GcImageMap map;
    uint64_t root;
    int64_t level5 = 0;

    if (!get_image_map(text, 0, &map) || !get_root(text, &root)) {
        return false;
    }
    gc_vmcoreinfo_text_get_number(text, "NUMBER", "pgtable_l5_enabled",
                                  &level5);
    *ret_table =
        make_page_table(root + map.delta, level5 != 0, get_sme_mask(text));
    return true;
}

/* How many entries of the kernel's half of a topmost table are present. */
static unsigned count_kernel_entries(GcMemory *memory, GcPaddr root)
{
    uint8_t half[TABLE_SIZE / 2];
    unsigned n = 0;

    if (!gc_memory_read(memory, root + sizeof(half), half, sizeof(half),
                        NULL)) {
        return 0;
    }
    for (size_t at = 0; at < sizeof(half); at += 8) {
        n += (half[at] & PAGE_PRESENT) != 0;
    }
    return n;
}

/* With page table isolation a kernel has two tables side by side, and runs
 * user space on the second one, which shows little of the kernel.  Without,
 * all tables show the same of it. */
static GcPaddr find_kernel_root(GcMemory *memory, GcPaddr root)
{
    GcPaddr first = root & ~(GcPaddr)TABLE_SIZE;

    return first != root && count_kernel_entries(memory, first) >
                                count_kernel_entries(memory, root)
               ? first
               : root;
}

static bool get_cpu_page_table(const GcGuest *guest, unsigned cpu,
                               GcPageTable *ret_table)
{
    const GcVmcoreinfoText *text = gc_guest_get_vmcoreinfo_text(guest);
    uint64_t sme_mask = text != NULL ? get_sme_mask(text) : 0;
    uint64_t cr0;
    uint64_t cr3;
    uint64_t cr4;

    if (!gc_guest_get_register(guest, cpu, "cr0", &cr0) ||
        !gc_guest_get_register(guest, cpu, "cr3", &cr3) ||
        !gc_guest_get_register(guest, cpu, "cr4", &cr4) ||
        (cr0 & CR0_PAGING) == 0 || (cr4 & CR4_PAE) == 0) {
        return false;
    }
    *ret_table =
        make_page_table(find_kernel_root(gc_guest_get_memory(guest),
                                         cr3 & PAGE_ADDRESS & ~sme_mask),
                        (cr4 & CR4_LA57) != 0, sme_mask);
    return true;
}

/* clang-format off */
static const GcRegisterRun prstatus[] = {
    GC_REGISTER(GC_REGISTER_PID, 32, 4),
    GC_REGISTER("r15", 112, 8),
    GC_REGISTER("r14", 120, 8),
    GC_REGISTER("r13", 128, 8),
    GC_REGISTER("r12", 136, 8),
    GC_REGISTER("rbp", 144, 8),
    GC_REGISTER("rbx", 152, 8),
    GC_REGISTER("r11", 160, 8),
    GC_REGISTER("r10", 168, 8),
    GC_REGISTER("r9", 176, 8),
    GC_REGISTER("r8", 184, 8),
    GC_REGISTER("rax", 192, 8),
    GC_REGISTER("rcx", 200, 8),
    GC_REGISTER("rdx", 208, 8),
    GC_REGISTER("rsi", 216, 8),
    GC_REGISTER("rdi", 224, 8),
    GC_REGISTER("orig_rax", 232, 8),
    GC_REGISTER("rip", 240, 8),
    GC_REGISTER("cs", 248, 8),
    GC_REGISTER("rflags", 256, 8),
    GC_REGISTER("rsp", 264, 8),
    GC_REGISTER("ss", 272, 8),
    GC_REGISTER("fs_base", 280, 8),
    GC_REGISTER("gs_base", 288, 8),
    GC_REGISTER("ds", 296, 8),
    GC_REGISTER("es", 304, 8),
    GC_REGISTER("fs", 312, 8),
    GC_REGISTER("gs", 320, 8),
};

static const GcRegisterRun qemu[] = {
    GC_REGISTER("rax", 8, 8),
    GC_REGISTER("rbx", 16, 8),
    GC_REGISTER("rcx", 24, 8),
    GC_REGISTER("rdx", 32, 8),
    GC_REGISTER("rsi", 40, 8),
    GC_REGISTER("rdi", 48, 8),
    GC_REGISTER("rsp", 56, 8),
    GC_REGISTER("rbp", 64, 8),
    GC_REGISTERS_FROM("r", 8, 72, 8, 8),
    GC_REGISTER("rip", 136, 8),
    GC_REGISTER("rflags", 144, 8),
    GC_X86_QEMU_NOTE_SYSTEM,
    GC_REGISTER("kernel_gs_base", 432, 8),
};

static const GcRegisterNote notes[] = {
    GC_REGISTER_NOTE("CORE", NT_PRSTATUS, 336, prstatus),
    GC_REGISTER_NOTE("QEMU", 0, GC_X86_QEMU_NOTE_SIZE, qemu),
};
/* clang-format on */

const GcArch gc_arch_x86_64 = {
    .name = "x86_64",
    .machine = "x86_64",
    .encoding = {.is_64bit = true, .big_endian = false},
    .elf_machine = EM_X86_64,
    .page_size = 4096,
    .page_sizes = 4096,
    .notes = notes,
    .n_notes = G_N_ELEMENTS(notes),
    .aligns_u64 = true,
    .get_phys_base = get_phys_base,
    .get_page_table = get_page_table,
    .get_cpu_page_table = get_cpu_page_table,
    .get_image_map = get_image_map,
};
