/* SPDX-License-Identifier: MIT */
/* A kernel in the memory of a synthetic guest: one image of 2 MiB that holds
 * its own page tables and init_uts_ns.
 *
 *   0x010000  tables, from the topmost on
 *   0x100004  new_utsname
 *
 * Page tables as the Intel SDM, volume 3, has them. */
#include <string.h>

#include "tests/lib/guestgen_private.h"

#define LINK_BASE UINT64_C(0xffffffff80000000) /* __START_KERNEL_map */
#define PRESENT UINT64_C(0x3)
#define LARGE UINT64_C(0x83)

/* Loaded low, mapped high: a negative phys_base, as KASLR makes it. */
const GuestgenKernel guestgen_kernel = {
    .vaddr = LINK_BASE + 0x1e000000,
    .paddr = 2 * GUESTGEN_MIB,
    .levels = 4,
    .large_pages = false,
    .release = "6.1.0-generated-amd64",
};

int64_t guestgen_get_phys_base(const GuestgenKernel *kernel)
{
    return (int64_t)(kernel->paddr - (kernel->vaddr - LINK_BASE));
}

static void put_entry(Guestgen *gen, GcPaddr table, uint64_t index,
                      uint64_t value)
{
    uint8_t *to = guestgen_at(gen, table + index * 8);

    for (unsigned i = 0; i < 8; i++) {
        to[i] = (uint8_t)(value >> 8 * i);
    }
}

static void put_tables(Guestgen *gen, const GuestgenKernel *kernel)
{
    GcPaddr table = kernel->paddr + GUESTGEN_TABLES_OFFSET;
    unsigned shift = kernel->levels == 5 ? 48 : 39;

    for (; shift > 21; shift -= 9) {
        put_entry(gen, table, kernel->vaddr >> shift & 511,
                  (table + 4096) | PRESENT);
        table += 4096;
    }
    if (kernel->large_pages) {
        put_entry(gen, table, kernel->vaddr >> 21 & 511, kernel->paddr | LARGE);
        return;
    }
    put_entry(gen, table, kernel->vaddr >> 21 & 511, (table + 4096) | PRESENT);
    for (uint64_t i = 0; i < 512; i++) {
        put_entry(gen, table + 4096, i, (kernel->paddr + i * 4096) | PRESENT);
    }
}

static void put_utsname(Guestgen *gen, const GuestgenKernel *kernel)
{
    const char *strings[] = {"Linux",         "generated", kernel->release,
                             "#1 SMP Tested", "x86_64",    "(none)"};
    char *to =
        (char *)guestgen_at(gen, kernel->paddr) + GUESTGEN_UTSNAME_OFFSET;

    for (size_t i = 0; i < G_N_ELEMENTS(strings); i++) {
        g_strlcpy(to + 65 * i, strings[i], 65);
    }
}

char *guestgen_make_vmcoreinfo(const GuestgenKernel *kernel)
{
    return g_strdup_printf(
        "OSRELEASE=%s\n"
        "PAGESIZE=4096\n"
        "SYMBOL(init_uts_ns)=%" G_GINT64_MODIFIER "x\n"
        "OFFSET(uts_namespace.name)=4\n"
        "SYMBOL(swapper_pg_dir)=%" G_GINT64_MODIFIER "x\n"
        "NUMBER(phys_base)=%" G_GINT64_FORMAT "\n"
        "SYMBOL(init_top_pgt)=%" G_GINT64_MODIFIER "x\n"
        "NUMBER(pgtable_l5_enabled)=%d\n"
        "NUMBER(sme_mask)=0\n",
        kernel->release, kernel->vaddr + GUESTGEN_UTSNAME_OFFSET - 4,
        kernel->vaddr + GUESTGEN_TABLES_OFFSET, guestgen_get_phys_base(kernel),
        kernel->vaddr + GUESTGEN_TABLES_OFFSET, kernel->levels == 5);
}

void guestgen_add_kernel(Guestgen *gen, const GuestgenKernel *kernel)
{
    g_autofree char *text = guestgen_make_vmcoreinfo(kernel);

    put_tables(gen, kernel);
    put_utsname(gen, kernel);
    guestgen_add_note(gen, "VMCOREINFO", 0, text);
}
