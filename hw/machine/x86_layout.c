/* SPDX-License-Identifier: MIT */
#include "hw/machine/x86_layout.h"

#include "base/error.h"
#include "hw/machine/boot_image.h"

#define FOUR_GIB (UINT64_C(4) << 30)
#define PAGE_SIZE 4096

static uint64_t get_low_size(const GcMachine *machine)
{
    return gc_bus_get_range(machine->memory, 0)->size;
}

static void add_range(GcX86Range *ranges, size_t *n, uint64_t start,
                      uint64_t end, uint32_t type)
{
    if (end > start) {
        ranges[(*n)++] = (GcX86Range){start, end - start, type};
    }
}

size_t gc_x86_layout_get_ranges(const GcMachine *machine,
                                GcX86Range ranges[GC_X86_MAX_RANGES])
{
    uint64_t low_size = get_low_size(machine);
    size_t n = 0;

    add_range(ranges, &n, 0, GC_X86_LAYOUT_LOW_END, GC_X86_RANGE_RAM);
    add_range(ranges, &n, GC_X86_LAYOUT_LOW_END, GC_X86_LAYOUT_KERNEL,
              GC_X86_RANGE_RESERVED);
    add_range(ranges, &n, GC_X86_LAYOUT_KERNEL, low_size, GC_X86_RANGE_RAM);
    add_range(ranges, &n, FOUR_GIB, FOUR_GIB + (machine->ram_size - low_size),
              GC_X86_RANGE_RAM);
    return n;
}

bool gc_x86_layout_add_initrd(GcMachine *machine, GBytes *initrd, uint64_t from,
                              uint64_t last, GcPaddr *ret_start, GError **error)
{
    uint64_t end = MIN(get_low_size(machine), last + 1);
    uint64_t size;
    GcPaddr start;

    if (initrd == NULL || g_bytes_get_size(initrd) == 0) {
        *ret_start = 0;
        return true;
    }
    size = g_bytes_get_size(initrd);
    if (end < from || size > end - from) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "initrd: %" G_GUINT64_FORMAT
                    " bytes: the RAM that the kernel leaves has "
                    "%" G_GUINT64_FORMAT,
                    size, end > from ? end - from : 0);
        return false;
    }
    start = (end - size) & ~(uint64_t)(PAGE_SIZE - 1);
    start = MAX(start, from);
    *ret_start = start;
    return gc_boot_image_add(machine->boot_image, "initrd", start, initrd, size,
                             error);
}
