/* SPDX-License-Identifier: MIT */
#include "hw/machine/x86_boot.h"

#include <string.h>

#include "base/byteorder.h"
#include "base/error.h"
#include "hw/machine/x86_boot_kernels.h"
#include "hw/machine/x86_layout.h"
#include "hw/power.h"

#define PAGE_SIZE 4096

/* Flat segments: base 0, limit 4 GiB, accessed, present. */
#define CODE_64 UINT64_C(0x00af9b000000ffff)
#define CODE_32 UINT64_C(0x00cf9b000000ffff)
#define DATA UINT64_C(0x00cf93000000ffff)
#define GDT_SIZE 32

/* The selectors that Linux wants. */
#define CODE_SELECTOR 0x10
#define DATA_SELECTOR 0x18

#define PAGE_PRESENT 0x1
#define PAGE_WRITABLE 0x2
#define PAGE_LARGE 0x80
#define LARGE_PAGE_SIZE (UINT64_C(2) << 20)
#define ENTRIES 512
#define N_DIRECTORIES 4 /* of 1 GiB each */

static bool add_segments(GcMachine *machine, GError **error)
{
    uint8_t *gdt = g_malloc0(GDT_SIZE);

    gc_put_uint(gdt + CODE_SELECTOR, 8, false,
                machine->boot.long_mode ? CODE_64 : CODE_32);
    gc_put_uint(gdt + DATA_SELECTOR, 8, false, DATA);
    machine->boot.gdt = GC_X86_LAYOUT_GDT;
    machine->boot.gdt_size = GDT_SIZE;
    machine->boot.cs = CODE_SELECTOR;
    machine->boot.ds = DATA_SELECTOR;
    return gc_boot_image_take(machine->boot_image, "descriptor table",
                              GC_X86_LAYOUT_GDT, gdt, GDT_SIZE, error);
}

static void put_entry(uint8_t *tables, size_t page, size_t i, uint64_t value)
{
    gc_put_uint(tables + page * PAGE_SIZE + i * 8, 8, false,
                value | PAGE_PRESENT | PAGE_WRITABLE);
}

/* One table of the first two levels, and four of the third. */
static bool add_page_tables(GcMachine *machine, GError **error)
{
    size_t size = (2 + N_DIRECTORIES) * PAGE_SIZE;
    uint8_t *tables = g_malloc0(size);

    put_entry(tables, 0, 0, GC_X86_LAYOUT_PAGE_TABLES + PAGE_SIZE);
    for (size_t i = 0; i < N_DIRECTORIES; i++) {
        put_entry(tables, 1, i,
                  GC_X86_LAYOUT_PAGE_TABLES + (2 + i) * PAGE_SIZE);
        for (size_t k = 0; k < ENTRIES; k++) {
            put_entry(tables, 2 + i, k,
                      (i * ENTRIES + k) * LARGE_PAGE_SIZE | PAGE_LARGE);
        }
    }
    machine->boot.cr3 = GC_X86_LAYOUT_PAGE_TABLES;
    return gc_boot_image_take(machine->boot_image, "page tables",
                              GC_X86_LAYOUT_PAGE_TABLES, tables, size, error);
}

/* Linux restarts a machine of reduced hardware by jumping into the BIOS, where
 * CPUs once began: this resets the machine. */
static bool add_bios_entry(GcMachine *machine, GError **error)
{
    static const uint8_t code[] = {
        0xb0, GC_POWER_RESET_VALUE, /* mov al, … */
        0xe6, GC_POWER_RESET_PORT,  /* out …, al */
        0xf4,                       /* hlt */
        0xeb, 0xfd,                 /* jmp to the hlt */
    };
    g_autoptr(GBytes) bytes = g_bytes_new_static(code, sizeof(code));

    return gc_boot_image_add(machine->boot_image, "BIOS entry",
                             GC_X86_LAYOUT_BIOS_ENTRY, bytes, sizeof(code),
                             error);
}

static bool add_cmdline(GcMachine *machine, GError **error)
{
    const char *text = machine->cmdline != NULL ? machine->cmdline : "";
    size_t size = strlen(text) + 1;

    if (size > GC_X86_LAYOUT_CMDLINE_ROOM) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "command line: %zu bytes: at most %d fit", size - 1,
                    GC_X86_LAYOUT_CMDLINE_ROOM - 1);
        return false;
    }
    return gc_boot_image_take(machine->boot_image, "command line",
                              GC_X86_LAYOUT_CMDLINE, (uint8_t *)g_strdup(text),
                              size, error);
}

static bool prepare_kernel(GcMachine *machine, const GcMachineConfig *config,
                           GError **error)
{
    if (gc_x86_boot_is_elf(config->kernel)) {
        return gc_x86_boot_prepare_pvh(machine, config, error);
    }
    return gc_x86_boot_prepare_linux(machine, config, error);
}

bool gc_x86_boot_prepare(GcMachine *machine, const GcMachineConfig *config,
                         GError **error)
{
    machine->boot_image = gc_boot_image_new(machine->memory);
    machine->has_boot =
        add_cmdline(machine, error) && prepare_kernel(machine, config, error) &&
        add_segments(machine, error) && add_bios_entry(machine, error) &&
        (!machine->boot.long_mode || add_page_tables(machine, error));
    return machine->has_boot;
}
