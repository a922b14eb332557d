/* SPDX-License-Identifier: MIT */
/* Virtual to physical addresses through a guest's page tables.
 *
 * The tables are a guest's: they may point anywhere, at themselves or at
 * nothing.  A walk reads at most one entry per level, so it always ends. */
#pragma once

#include "guestcore/memory.h"

#define GC_TRANSLATE_MAX_LEVELS 5

/* How an architecture's page tables are made.  Level 0 is the last one, that
 * of single pages; an entry is 8 bytes, little-endian.  The topmost level
 * indexes with what the ones below leave of va_bits. */
typedef struct GcPageTable {
    GcPaddr root;        /* of the topmost table */
    unsigned levels;     /* 1 to GC_TRANSLATE_MAX_LEVELS */
    unsigned page_shift; /* bits of an address inside a page */
    unsigned index_bits; /* bits of an address per level */
    unsigned va_bits;    /* bits of an address that are translated */
    bool upper_only;     /* the bits above are ones; else, */
    bool lower_only;     /* zeros; else, they repeat the highest translated
                          * one */

    uint64_t present;     /* an entry without these bits maps nothing */
    uint64_t page;        /* and at level 0 it must have these */
    uint64_t table_mask;  /* above level 0, an entry leads to a table where */
    uint64_t table_value; /* entry & table_mask == table_value, */
    unsigned leaf_levels; /* and always above this level */

    /* The physical address in an entry: some bits, moved to their place. */
    uint64_t address_mask;
    unsigned address_shift; /* to the left */
    uint64_t high_mask;
    unsigned high_shift; /* to the left */

    /* An entry of level 0 with this bit, if there is such a one, belongs to
     * a run of 2^run_bits pages: that many low bits of its page number read
     * run_mark, and stand in the virtual address instead. */
    uint64_t run;
    unsigned run_bits;
    uint64_t run_mark;
} GcPageTable;

/* What an entry of a page table says. */
typedef enum GcPageEntry {
    GC_PAGE_ENTRY_NONE,  /* it maps nothing */
    GC_PAGE_ENTRY_TABLE, /* there is a further table */
    GC_PAGE_ENTRY_LEAF,  /* it maps memory */
} GcPageEntry;

/* The meaning of @entry at @level for @vaddr, and the address in it. */
GcPageEntry gc_page_table_decode(const GcPageTable *table, unsigned level,
                                 uint64_t vaddr, uint64_t entry,
                                 GcPaddr *ret_address);

/* How many bits of a virtual address lie below the index of @level. */
unsigned gc_page_table_get_shift(const GcPageTable *table, unsigned level);

/* The size of a table in bytes. */
size_t gc_page_table_get_size(const GcPageTable *table);

typedef struct GcTranslator GcTranslator;

/**
 * gc_translator_new:
 * @memory: guest memory; the translator keeps a reference
 * @table: the root and the shape of the page tables
 *
 * Returns: (transfer full): a translator; it remembers the tables that it
 *     read last, so it belongs to one thread and to memory that stands still
 */
GcTranslator *gc_translator_new(GcMemory *memory, const GcPageTable *table);
void gc_translator_free(GcTranslator *translator);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcTranslator, gc_translator_free)

/**
 * gc_translator_lookup:
 * @translator: the translator
 * @vaddr: a virtual address
 * @ret_paddr: (out): its physical address, if it is mapped
 * @ret_span: (out): how many bytes from @vaddr on share its fate: the rest of
 *     the page or block, or of what is not mapped; 0 stands for 2^64
 *
 * Returns: whether @vaddr is mapped; what cannot be read maps nothing
 */
bool gc_translator_lookup(GcTranslator *translator, uint64_t vaddr,
                          GcPaddr *ret_paddr, uint64_t *ret_span);

/**
 * gc_translator_read:
 * @translator: the translator
 * @vaddr: a virtual address
 * @buf: (out) (array length=len): where the bytes go
 * @len: how many
 * @error: (out) (optional): return location
 *
 * Errors: GC_ERROR_NO_DATA if part of the range is not mapped; what
 *     gc_memory_read() says
 */
bool gc_translator_read(GcTranslator *translator, uint64_t vaddr, void *buf,
                        size_t len, GError **error);
