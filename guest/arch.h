/* SPDX-License-Identifier: MIT */
/* One const struct per architecture: all that differs from one to the next.
 *
 * To add an architecture: one file in guest/arch/ that defines the struct,
 * one line in guest/arch/meson.build. */
#pragma once

#include "base/record.h"
#include "guest/translate.h"
#include "guest/vmcoreinfo_text.h"

typedef struct GcArch {
    const char *name;      /* as in utsname.machine */
    GcEncoding encoding;   /* class and byte order of its dumps */
    uint16_t elf_machine;  /* EM_ */
    uint32_t page_size;    /* in bytes */
    size_t prstatus_size;  /* of the NT_PRSTATUS descriptor, in bytes */
    uint64_t kernel_start; /* where the kernel image may be mapped: virtual */
    uint64_t kernel_end;   /* one past; both 0 if there is no such place */

    /* What the kernel says of where it was loaded: the offset of physical
     * from link-time addresses.  False if @text does not say. */
    bool (*get_phys_base)(const GcVmcoreinfoText *text, int64_t *ret_base);

    /* Root and shape of the kernel's page tables.  (nullable) member; false
     * if @text does not say. */
    bool (*get_page_table)(const GcVmcoreinfoText *text,
                           GcPageTable *ret_table);

    /* Where the kernel image at @vaddr lies if it is mapped as the kernel
     * maps its own image.  (nullable) member. */
    GcPaddr (*get_image_paddr)(int64_t phys_base, uint64_t vaddr);
} GcArch;

/* All architectures of this build; ends with NULL. */
extern const GcArch *const gc_arches[];

/* The architecture of that name; NULL if there is none. */
const GcArch *gc_arch_find(const char *name);

/* The architecture of an ELF file; NULL if there is none. */
const GcArch *gc_arch_find_elf(uint16_t elf_machine, GcEncoding encoding);

/**
 * gc_arch_find_machine:
 * @machine: utsname.machine of a dump
 * @encoding: class and byte order of the dump
 *
 * Returns: the architecture that a dump says it is of; if it does not say,
 *     the first one of that encoding; NULL if there is none
 */
const GcArch *gc_arch_find_machine(const char *machine, GcEncoding encoding);
