/* SPDX-License-Identifier: MIT */
/* One const struct per architecture: all that differs from one to the next.
 *
 * To add an architecture: one file in guest/arch/ that defines the struct,
 * one line in guest/arch/meson.build.  See docs/howto/add-an-arch.md. */
#pragma once

#include "guestcore/guest.h"

#include "base/record.h"
#include "guest/register_notes.h"
#include "guest/translate.h"
#include "guest/vmcoreinfo_text.h"

/* Where a kernel maps its own image: each virtual address v of [start, end)
 * that is mapped is at the physical address v + delta, modulo 2^64. */
typedef struct GcImageMap {
    uint64_t start;
    uint64_t end;
    uint64_t delta;
} GcImageMap;

/* The most kinds of notes that a CPU has, but for that of its vectors. */
#define GC_ARCH_MAX_NOTES 12

/* The note of vectors whose length is known only at run time. */
typedef struct GcVectorNote {
    GcRegisterRun runs[12];
    GcRegisterNote note; /* of those runs */
} GcVectorNote;

typedef struct GcArch {
    const char *name;            /* by which guestcore's users call it */
    const char *machine;         /* utsname.machine of its kernels */
    const char *machine_pattern; /* (nullable) a glob for its other names */
    GcEncoding encoding;         /* class and byte order of its dumps */
    uint16_t elf_machine;        /* EM_ */
    uint32_t page_size;          /* in bytes, of a kernel that does not say */
    uint32_t page_sizes;         /* all that its kernels may have, ored */

    /* The notes of a CPU, in their order; the first one is NT_PRSTATUS. */
    const GcRegisterNote *notes;
    size_t n_notes;

    /* Makes the note of vectors of @size bytes; false if there are no such
     * ones.  (nullable) member. */
    bool (*make_vector_note)(unsigned size, GcVectorNote *ret_note);

    /* Whether 64-bit integers stand at multiples of 8 in its structures;
     * of the 32-bit ones, only i386 lets them stand at multiples of 4. */
    bool aligns_u64;

    /* What gc_guest_get_phys_base() says; false if @text does not tell.
     * (nullable) member. */
    bool (*get_phys_base)(const GcVmcoreinfoText *text, int64_t *ret_base);

    /* Whether that is where memory begins, if the kernel does not say. */
    bool phys_base_is_memory_start;

    /* Root and shape of the kernel's page tables; false if @text does not
     * tell.  (nullable) member. */
    bool (*get_page_table)(const GcVmcoreinfoText *text,
                           GcPageTable *ret_table);

    /* As get_page_table, but the tables that a CPU uses, as its registers
     * tell.  (nullable) member. */
    bool (*get_cpu_page_table)(const GcGuest *guest, unsigned cpu,
                               GcPageTable *ret_table);

    /* Where the kernel image is if it is anywhere; @memory_start is the
     * lowest address of memory.  False if @text does not tell.  (nullable)
     * member. */
    bool (*get_image_map)(const GcVmcoreinfoText *text, GcPaddr memory_start,
                          GcImageMap *ret_map);
} GcArch;

/* All architectures of this build; ends with NULL. */
extern const GcArch *const gc_arches[];

/* The size of its NT_PRSTATUS descriptor, in bytes. */
size_t gc_arch_get_prstatus_size(const GcArch *arch);

/* The architecture of that name; NULL if there is none. */
const GcArch *gc_arch_find(const char *name);

/**
 * gc_arch_find_elf:
 * @elf_machine: e_machine of an ELF file
 * @encoding: its class and byte order
 *
 * A 64-bit file may be of a 32-bit machine whose memory does not fit a
 * 32-bit file; QEMU makes such files of PCs before they enter long mode.
 *
 * Returns: the architecture of the file; NULL if there is none
 */
const GcArch *gc_arch_find_elf(uint16_t elf_machine, GcEncoding encoding);

/**
 * gc_arch_find_machine:
 * @machine: utsname.machine of a dump; "" or "Unknown" if it does not say
 * @encoding: class and byte order of the dump
 * @prstatus_size: of its first NT_PRSTATUS descriptor; 0 if there is none
 *
 * QEMU names some machines wrongly, and others not at all; but no two
 * architectures of one byte order have registers of the same size.
 *
 * Returns: the architecture that name and registers agree on; else that of
 *     the registers, else that of the name, else the first one of that
 *     encoding; NULL if there is none
 */
const GcArch *gc_arch_find_machine(const char *machine, GcEncoding encoding,
                                   size_t prstatus_size);
