/* SPDX-License-Identifier: MIT */
/* Synthetic x86_64 guests: memory, registers, and a kernel with its page
 * tables, init_uts_ns and VMCOREINFO.
 *
 * All bytes are made from the documents (System V gABI, Intel SDM, Linux's
 * vmcoreinfo.rst) with literal offsets, and from none of the tables of the
 * code that is tested, so that an error there does not cancel out here. */
#pragma once

#include "guestcore/guest.h"

#define GUESTGEN_PAGE 4096u
#define GUESTGEN_MIB (UINT64_C(1) << 20)
#define GUESTGEN_GIB (UINT64_C(1) << 30)

/* How guestcore is shown a block. */
typedef enum GuestgenBacking {
    GUESTGEN_HOST,   /* mapped in this process: holes cannot be seen */
    GUESTGEN_FD,     /* a memfd: pages that were never written are holes */
    GUESTGEN_CUSTOM, /* callbacks, which fail where a test wants it */
} GuestgenBacking;

typedef struct Guestgen Guestgen;

/* A guest without memory; and one with something of everything: a block that
 * ends inside a page, blocks that touch, holes, memory above 4 GiB, two CPUs
 * and a kernel. */
Guestgen *guestgen_new(void);
Guestgen *guestgen_new_full(void);

/* One that is as small as can be and has a CPU and a note, for tests that
 * look at every byte of its dump. */
Guestgen *guestgen_new_tiny(void);
void guestgen_free(Guestgen *gen);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Guestgen, guestgen_free)

/* Adds a block of zeros, none of which was ever used. */
void guestgen_add_ram(Guestgen *gen, GcPaddr start, uint64_t size,
                      GuestgenBacking backing);

/* Where @paddr is mapped; what is written there is used from then on. */
uint8_t *guestgen_at(Guestgen *gen, GcPaddr paddr);

/* Writes bytes that compress about as memory does, or not at all; what they
 * are depends on @paddr and on nothing else. */
void guestgen_fill(Guestgen *gen, GcPaddr paddr, uint64_t size);
void guestgen_fill_noise(Guestgen *gen, GcPaddr paddr, uint64_t size);

/* From now on, reads that touch @paddr in a custom block fail with
 * GC_ERROR_IO and the words "broken on purpose". */
void guestgen_break_at(Guestgen *gen, GcPaddr paddr);

/* Calls of the custom backing's read that touched memory never written. */
unsigned guestgen_get_hole_reads(Guestgen *gen);

/* Copies memory as the guest has it; what is in no block becomes zeros. */
void guestgen_read(const Guestgen *gen, GcPaddr paddr, uint8_t *buf,
                   size_t len);

/* Adds registers of one more CPU: a 336-byte NT_PRSTATUS with its pid, and a
 * 440-byte QEMU note. */
void guestgen_add_cpu(Guestgen *gen);

/* Adds a note whose descriptor is a text. */
void guestgen_add_note(Guestgen *gen, const char *name, uint32_t type,
                       const char *desc);

/* Forgets all notes. */
void guestgen_clear_notes(Guestgen *gen);

/* What a kernel is made of. */
typedef struct GuestgenKernel {
    uint64_t vaddr;      /* of its image, a multiple of 2 MiB */
    GcPaddr paddr;       /* of its image, the same; in memory */
    unsigned levels;     /* of its page tables: 4 or 5 */
    bool large_pages;    /* map the image by one page of 2 MiB */
    const char *release; /* in VMCOREINFO and in init_uts_ns */
} GuestgenKernel;

extern const GuestgenKernel guestgen_kernel;

#define GUESTGEN_IMAGE_SIZE (2 * GUESTGEN_MIB)
#define GUESTGEN_UTSNAME_OFFSET 0x100004u /* of sysname, in the image */
#define GUESTGEN_TABLES_OFFSET 0x10000u   /* of the topmost table */

/* Writes @kernel into memory and announces its VMCOREINFO. */
void guestgen_add_kernel(Guestgen *gen, const GuestgenKernel *kernel);

/* The text that guestgen_add_kernel() announces; to be freed. */
char *guestgen_make_vmcoreinfo(const GuestgenKernel *kernel);

/* What NUMBER(phys_base) says of @kernel. */
int64_t guestgen_get_phys_base(const GuestgenKernel *kernel);

/* The memory as guestcore sees it, and the whole guest; both must not
 * outlive @gen. */
GcMemory *guestgen_make_memory(Guestgen *gen);
GcGuest *guestgen_make_guest(Guestgen *gen);
