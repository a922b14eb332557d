/* SPDX-License-Identifier: MIT */
#include "tests/lib/tablegen.h"

#include <string.h>

static uint64_t x86_table(GcPaddr paddr)
{
    return paddr | 0x63;
}

static uint64_t x86_page(GcPaddr paddr)
{
    return paddr | UINT64_C(0x8000000000000163);
}

static uint64_t x86_block(GcPaddr paddr)
{
    return paddr | UINT64_C(0x80000000000001e3);
}

/* With memory encryption: bit 47 says that a page is encrypted. */
#define SME UINT64_C(0x0000800000000000)

static uint64_t sme_table(GcPaddr paddr)
{
    return x86_table(paddr) | SME;
}

static uint64_t sme_page(GcPaddr paddr)
{
    return x86_page(paddr) | SME;
}

static uint64_t sme_block(GcPaddr paddr)
{
    return x86_block(paddr) | SME;
}

static uint64_t arm_table(GcPaddr paddr)
{
    return paddr | UINT64_C(0x1000000000000003);
}

static uint64_t arm_page(GcPaddr paddr)
{
    return paddr | UINT64_C(0x0068000000000703);
}

static uint64_t arm_block(GcPaddr paddr)
{
    return paddr | UINT64_C(0x0068000000000701);
}

/* FEAT_LPA: bits 51 to 48 of the address in bits 15 to 12. */
static uint64_t lpa(GcPaddr paddr)
{
    return (paddr & UINT64_C(0x0000ffffffff0000)) | (paddr >> 48 & 0xf) << 12;
}

static uint64_t lpa_table(GcPaddr paddr)
{
    return arm_table(lpa(paddr));
}

static uint64_t lpa_page(GcPaddr paddr)
{
    return arm_page(lpa(paddr));
}

static uint64_t lpa_block(GcPaddr paddr)
{
    return arm_block(lpa(paddr));
}

/* FEAT_LPA2: bits 51 and 50 of the address in bits 9 and 8. */
static uint64_t lpa2(GcPaddr paddr)
{
    return (paddr & UINT64_C(0x0003fffffffff000)) | (paddr >> 50 & 3) << 8;
}

static uint64_t lpa2_table(GcPaddr paddr)
{
    return lpa2(paddr) | UINT64_C(0x1000000000000003);
}

static uint64_t lpa2_page(GcPaddr paddr)
{
    return lpa2(paddr) | UINT64_C(0x0068000000000403);
}

static uint64_t lpa2_block(GcPaddr paddr)
{
    return lpa2(paddr) | UINT64_C(0x0068000000000401);
}

static uint64_t riscv_table(GcPaddr paddr)
{
    return paddr >> 12 << 10 | 1;
}

/* Of memory that is not cached, as Svpbmt has it. */
static uint64_t riscv_leaf(GcPaddr paddr)
{
    return paddr >> 12 << 10 | UINT64_C(0x20000000000000e7);
}

#define X86_TEXT                                                               \
    "OSRELEASE=6.1.0\nPAGESIZE=4096\nNUMBER(phys_base)=-503316480\n"

/* The topmost table by the name that it has since 4.13, and before. */
#define TOP "SYMBOL(init_top_pgt)=ffffffff9e040000\n"
#define LEVEL4 "SYMBOL(init_level4_pgt)=ffffffff9e040000\n"

#define ARM_TEXT                                                               \
    "OSRELEASE=6.1.0\nSYMBOL(swapper_pg_dir)=ffffffc008040000\n"               \
    "SYMBOL(_stext)=ffffffc008010000\n"                                        \
    "NUMBER(kimage_voffset)=0xffffffc008000000\n"

#define RISCV_TEXT                                                             \
    "OSRELEASE=6.6.0\nPAGESIZE=4096\n"                                         \
    "SYMBOL(swapper_pg_dir)=ffffffff80040000\n"                                \
    "NUMBER(KERNEL_LINK_ADDR)=0xffffffff80000000\n"                            \
    "NUMBER(va_kernel_pa_offset)=0xffffffff80000000\n"

#define X86(name, levels, va_bits, high, vaddr, text, kind)                    \
    {                                                                          \
        name, "x86_64", 12, levels, va_bits, 2, UINT64_C(high),                \
            UINT64_C(vaddr), X86_TEXT text, kind##_table, kind##_page,         \
            kind##_block                                                       \
    }
#define ARM(name, shift, levels, va_bits, blocks, high, vaddr, text, kind)     \
    {                                                                          \
        name, "aarch64", shift, levels, va_bits, blocks, UINT64_C(high),       \
            UINT64_C(vaddr), ARM_TEXT text, kind##_table, kind##_page,         \
            kind##_block                                                       \
    }
#define RISCV(name, levels, va_bits, vaddr, text)                              \
    {                                                                          \
        name, "riscv64", 12, levels, va_bits, levels - 1,                      \
            UINT64_C(0x00c0000000000000), UINT64_C(vaddr), RISCV_TEXT text,    \
            riscv_table, riscv_leaf, riscv_leaf                                \
    }

/* clang-format off */
const TablegenShape tablegen_shapes[] = {
    X86("4 levels", 4, 48, 0x000c000000000000, 0xffff9234567ab000,
        TOP "NUMBER(pgtable_l5_enabled)=0\n", x86),
    X86("4 levels, 4.9", 4, 48, 0x0000400000000000, 0xffff8834567ab000,
        LEVEL4, x86),
    X86("5 levels", 5, 57, 0x000c000000000000, 0xff1234567899a000,
        TOP "NUMBER(pgtable_l5_enabled)=1\n", x86),
    X86("4 levels, encrypted", 4, 48, 0x0000400000000000, 0xffffea0123456000,
        TOP "NUMBER(sme_mask)=140737488355328\n", sme),
    X86("5 levels, encrypted", 5, 57, 0x0000400000000000, 0xffd4000123456000,
        TOP "NUMBER(pgtable_l5_enabled)=1\nNUMBER(sme_mask)=140737488355328\n",
        sme),
    ARM("4K, 39 bits", 12, 3, 39, 2, 0x0000c00000000000, 0xffffff9876543000,
        "PAGESIZE=4096\nNUMBER(VA_BITS)=39\n", arm),
    ARM("4K, 48 bits", 12, 4, 48, 2, 0x0000c00000000000, 0xffff123456789000,
        "PAGESIZE=4096\nNUMBER(VA_BITS)=48\nNUMBER(TCR_EL1_T1SZ)=0x10\n", arm),
    ARM("4K, 52 bits", 12, 5, 52, 3, 0x000c000000000000, 0xfff2345678987000,
        "PAGESIZE=4096\nNUMBER(VA_BITS)=52\nNUMBER(TCR_EL1_T1SZ)=0xc\n", lpa2),
    ARM("4K, 52 bits on a CPU of 48", 12, 4, 48, 2, 0x0000c00000000000,
        0xffff923456789000,
        "PAGESIZE=4096\nNUMBER(VA_BITS)=52\nNUMBER(TCR_EL1_T1SZ)=0x10\n", arm),
    ARM("16K, 36 bits", 14, 2, 36, 1, 0x0000c00000000000, 0xfffffff123458000,
        "PAGESIZE=16384\nNUMBER(VA_BITS)=36\n", arm),
    ARM("16K, 47 bits", 14, 3, 47, 1, 0x0000c00000000000, 0xffff987654324000,
        "PAGESIZE=16384\nNUMBER(VA_BITS)=47\nNUMBER(TCR_EL1_T1SZ)=0x11\n", arm),
    ARM("16K, 48 bits", 14, 4, 48, 1, 0x0000c00000000000, 0xffff987654324000,
        "PAGESIZE=16384\nNUMBER(VA_BITS)=48\nNUMBER(TCR_EL1_T1SZ)=0x10\n", arm),
    ARM("16K, 52 bits", 14, 4, 52, 2, 0x000c000000000000, 0xfff2345678984000,
        "PAGESIZE=16384\nNUMBER(VA_BITS)=52\nNUMBER(TCR_EL1_T1SZ)=0xc\n", lpa2),
    ARM("64K, 42 bits", 16, 2, 42, 1, 0x000c000000000000, 0xfffffe1234560000,
        "PAGESIZE=65536\nNUMBER(VA_BITS)=42\n", lpa),
    ARM("64K, 48 bits", 16, 3, 48, 1, 0x0000c00000000000, 0xffff123456780000,
        "PAGESIZE=65536\nNUMBER(VA_BITS)=48\nNUMBER(TCR_EL1_T1SZ)=0x10\n", arm),
    ARM("64K, 52 bits", 16, 3, 52, 2, 0x000c000000000000, 0xfff1234567890000,
        "PAGESIZE=65536\nNUMBER(VA_BITS)=52\nNUMBER(TCR_EL1_T1SZ)=0xc\n"
        "NUMBER(MAX_PHYSMEM_BITS)=52\n", lpa),
    ARM("64K, 52 bits on a CPU of 48", 16, 3, 52, 2, 0x000c000000000000,
        0xffff123456780000,
        "PAGESIZE=65536\nNUMBER(VA_BITS)=52\nNUMBER(TCR_EL1_T1SZ)=0x10\n"
        "NUMBER(MAX_PHYSMEM_BITS)=52\n", lpa),
    RISCV("sv39", 3, 39, 0xffffffd876543000, "NUMBER(VA_BITS)=39\n"),
    RISCV("sv48", 4, 48, 0xffffaf9876543000, "NUMBER(VA_BITS)=48\n"),
    RISCV("sv57", 5, 57, 0xff60123456789000, "NUMBER(VA_BITS)=57\n"),
    {0},
};
/* clang-format on */

static unsigned get_index_bits(const TablegenShape *shape)
{
    return shape->page_shift - 3;
}

static uint64_t get_table_size(const TablegenShape *shape)
{
    return UINT64_C(1) << shape->page_shift;
}

unsigned tablegen_get_shift(const TablegenShape *shape, unsigned level)
{
    return shape->page_shift + level * get_index_bits(shape);
}

Guestgen *tablegen_new_guest(const TablegenShape *shape)
{
    Guestgen *gen = guestgen_new();

    guestgen_add_ram(gen, 0, TABLEGEN_LOW_SIZE, GUESTGEN_HOST);
    guestgen_add_ram(gen, shape->high, TABLEGEN_HIGH_SIZE, GUESTGEN_HOST);
    return gen;
}

void tablegen_put(Guestgen *gen, GcPaddr table, uint64_t index, uint64_t entry)
{
    uint8_t *to = guestgen_at(gen, table + index * 8);

    for (unsigned i = 0; i < 8; i++) {
        to[i] = (uint8_t)(entry >> 8 * i);
    }
}

void tablegen_map(const TablegenShape *shape, Guestgen *gen, uint64_t vaddr,
                  GcPaddr paddr, unsigned level)
{
    uint64_t translated = vaddr & ((UINT64_C(1) << shape->va_bits) - 1);
    uint64_t n = UINT64_C(1) << get_index_bits(shape);
    GcPaddr table = TABLEGEN_ROOT;
    GcPaddr next = shape->high;
    uint64_t index;

    for (unsigned at = shape->levels - 1; at > level; at--) {
        index = translated >> tablegen_get_shift(shape, at);
        index = at == shape->levels - 1 ? index : index % n;
        tablegen_put(gen, table, index, shape->make_table(next));
        table = next;
        next += get_table_size(shape);
    }
    index = translated >> tablegen_get_shift(shape, level);
    index = level == shape->levels - 1 ? index : index % n;
    tablegen_put(gen, table, index,
                 level == 0 ? shape->make_page(paddr)
                            : shape->make_block(paddr));
}

GcPaddr tablegen_get_data(const TablegenShape *shape)
{
    return shape->high + GUESTGEN_MIB;
}

GcGuest *tablegen_make_guest(const TablegenShape *shape, Guestgen *gen)
{
    g_autoptr(GcMemory) memory = guestgen_make_memory(gen);
    g_autoptr(GBytes) text = g_bytes_new(shape->text, strlen(shape->text));
    GcGuest *guest = gc_guest_new(shape->arch, memory, NULL);

    g_assert(guest != NULL);
    if (!gc_guest_add_note(guest, "VMCOREINFO", 0, text, NULL)) {
        g_error("%s: no VMCOREINFO", shape->name);
    }
    return guest;
}
