/* SPDX-License-Identifier: MIT */
/* Page tables of every shape that a kernel has, with the VMCOREINFO that
 * tells of them.
 *
 * Entries are made from the manuals (Intel SDM, Arm ARM, RISC-V privileged
 * specification) with literal bits, and from nothing of the code that is
 * tested. */
#pragma once

#include "tests/lib/guestgen.h"

/* Where the topmost table is, and how large the memory from 0 on is that it
 * lies in; all other tables are in the high memory of their shape. */
#define TABLEGEN_ROOT UINT64_C(0x40000)
#define TABLEGEN_LOW_SIZE GUESTGEN_MIB
#define TABLEGEN_HIGH_SIZE (2 * GUESTGEN_MIB)

typedef struct TablegenShape {
    const char *name;
    const char *arch;
    unsigned page_shift;
    unsigned levels;
    unsigned va_bits;
    unsigned block_levels; /* above that of pages, that may map memory */
    GcPaddr high;          /* memory as high as entries can tell */
    uint64_t vaddr;        /* one that the kernel may use; of a page */
    const char *text;      /* VMCOREINFO */

    uint64_t (*make_table)(GcPaddr paddr);
    uint64_t (*make_page)(GcPaddr paddr);
    uint64_t (*make_block)(GcPaddr paddr);
} TablegenShape;

/* All shapes; ends with one that has no name. */
extern const TablegenShape tablegen_shapes[];

/* How many bits of an address an entry of @level stands for; level 0 is that
 * of pages. */
unsigned tablegen_get_shift(const TablegenShape *shape, unsigned level);

/* A guest with the memory of @shape and no tables. */
Guestgen *tablegen_new_guest(const TablegenShape *shape);

/* Maps what is at @level of @vaddr to @paddr; both are multiples of its
 * size.  The tables that it needs are the first ones of high memory, so one
 * guest has one mapping. */
void tablegen_map(const TablegenShape *shape, Guestgen *gen, uint64_t vaddr,
                  GcPaddr paddr, unsigned level);

/* Where data may be: high memory that no table needs. */
GcPaddr tablegen_get_data(const TablegenShape *shape);

/* Writes @entry as the @index-th one of the table at @table. */
void tablegen_put(Guestgen *gen, GcPaddr table, uint64_t index, uint64_t entry);

/* The guest as guestcore sees it; it must not outlive @gen. */
GcGuest *tablegen_make_guest(const TablegenShape *shape, Guestgen *gen);
