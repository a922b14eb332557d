/* SPDX-License-Identifier: MIT */
/* Where what lies in the RAM of an x86 machine that starts a kernel without
 * firmware.
 *
 *   0x00001000   segment descriptors
 *   0x00007000   zero page of Linux, or start_info of PVH
 *   0x00009000   page tables, which map the first 4 GiB as they are
 *   0x00020000   command line
 *   0x0009f000   not RAM for the guest, up to 1 MiB …
 *   0x000e0000   … with the ACPI tables
 *   0x000ffff0   the place of a BIOS, for kernels that restart by it
 *   0x00100000   kernel (a bzImage; an ELF file says itself where)
 *   end of the RAM below 4 GiB: the initrd */
#pragma once

#include "hw/machine/board.h"

#define GC_X86_LAYOUT_GDT 0x1000
#define GC_X86_LAYOUT_INFO 0x7000
#define GC_X86_LAYOUT_PAGE_TABLES 0x9000
#define GC_X86_LAYOUT_CMDLINE 0x20000
#define GC_X86_LAYOUT_CMDLINE_ROOM 0x10000
#define GC_X86_LAYOUT_LOW_END 0x9f000
#define GC_X86_LAYOUT_ACPI 0xe0000
#define GC_X86_LAYOUT_BIOS_ENTRY 0xffff0
#define GC_X86_LAYOUT_KERNEL 0x100000

/* A part of the guest's address space as its kernel is to see it. */
typedef struct GcX86Range {
    uint64_t start;
    uint64_t size;
    uint32_t type;
} GcX86Range;

#define GC_X86_RANGE_RAM 1
#define GC_X86_RANGE_RESERVED 2
#define GC_X86_MAX_RANGES 4

/* Writes the parts; returns how many. */
size_t gc_x86_layout_get_ranges(const GcMachine *machine,
                                GcX86Range ranges[GC_X86_MAX_RANGES]);

/**
 * gc_x86_layout_add_initrd:
 * @machine: whose boot image has the kernel
 * @initrd: (nullable): it
 * @from: what is below belongs to the kernel
 * @last: the highest address that it may have
 * @ret_start: (out): where it is; 0 if there is none
 * @error: (out) (optional): return location
 *
 * Puts the initrd as high as it may be, below 4 GiB.  Errors:
 *     GC_ERROR_INVALID if it has no room.
 */
bool gc_x86_layout_add_initrd(GcMachine *machine, GBytes *initrd, uint64_t from,
                              uint64_t last, GcPaddr *ret_start,
                              GError **error);
