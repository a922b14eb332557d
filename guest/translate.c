/* SPDX-License-Identifier: MIT */
#include "guest/translate.h"

#include "base/byteorder.h"
#include "base/error.h"

#define ENTRY_SIZE 8
#define MAX_INDEX_BITS 13 /* of 64 KiB tables */
#define NO_TABLE UINT64_MAX

/* The table that was read last at one level. */
typedef struct CachedTable {
    GcPaddr base; /* NO_TABLE while there is none */
    bool readable;
    uint8_t *entries;
} CachedTable;

struct GcTranslator {
    GcMemory *memory;
    GcPageTable shape;
    size_t table_size;
    CachedTable cache[GC_TRANSLATE_MAX_LEVELS];
};

unsigned gc_page_table_get_shift(const GcPageTable *table, unsigned level)
{
    return table->page_shift + level * table->index_bits;
}

size_t gc_page_table_get_size(const GcPageTable *table)
{
    return (size_t)ENTRY_SIZE << table->index_bits;
}

GcTranslator *gc_translator_new(GcMemory *memory, const GcPageTable *table)
{
    GcTranslator *translator = g_new0(GcTranslator, 1);

    g_assert(table->levels >= 1 && table->levels <= GC_TRANSLATE_MAX_LEVELS);
    g_assert(table->index_bits <= MAX_INDEX_BITS);
    g_assert(table->va_bits >
                 gc_page_table_get_shift(table, table->levels - 1) &&
             table->va_bits <= gc_page_table_get_shift(table, table->levels) &&
             table->va_bits < 64);
    translator->memory = gc_memory_ref(memory);
    translator->shape = *table;
    translator->table_size = gc_page_table_get_size(table);
    for (unsigned i = 0; i < table->levels; i++) {
        translator->cache[i].base = NO_TABLE;
        translator->cache[i].entries = g_malloc0(translator->table_size);
    }
    return translator;
}

void gc_translator_free(GcTranslator *translator)
{
    if (translator == NULL) {
        return;
    }
    for (unsigned i = 0; i < GC_TRANSLATE_MAX_LEVELS; i++) {
        g_free(translator->cache[i].entries);
    }
    gc_memory_unref(translator->memory);
    g_free(translator);
}

/* Entry @index of the table at @base; 0 if the table cannot be read. */
static uint64_t get_entry(GcTranslator *translator, unsigned level,
                          GcPaddr base, uint64_t index)
{
    CachedTable *cached = &translator->cache[level];

    if (cached->base != base) {
        cached->readable =
            gc_memory_read(translator->memory, base, cached->entries,
                           translator->table_size, NULL);
        cached->base = base;
    }
    if (!cached->readable) {
        return 0;
    }
    return gc_get_uint(cached->entries + index * ENTRY_SIZE, ENTRY_SIZE, false);
}

/* Whether the bits above those that the walk uses are what they must be; if
 * not, *@ret_span is how far it is to the next address where they are. */
static bool is_canonical(const GcPageTable *shape, uint64_t vaddr,
                         uint64_t *ret_span)
{
    bool one_half = shape->upper_only || shape->lower_only;
    int64_t high = (int64_t)vaddr >> (shape->va_bits - !one_half);
    uint64_t lowest = UINT64_MAX << (shape->va_bits - !one_half);

    if ((high == -1 && !shape->lower_only) ||
        (high == 0 && !shape->upper_only)) {
        return true;
    }
    *ret_span = shape->lower_only ? -vaddr : lowest - vaddr;
    return false;
}

/* The index into the table of @level; the topmost one may be small. */
static uint64_t get_index(const GcPageTable *shape, uint64_t vaddr,
                          unsigned level)
{
    unsigned shift = gc_page_table_get_shift(shape, level);
    unsigned bits =
        level + 1 == shape->levels ? shape->va_bits - shift : shape->index_bits;

    return vaddr >> shift & ((UINT64_C(1) << bits) - 1);
}

/* Puts the address of the page of @vaddr in the place of that of its run;
 * false if there is no such run. */
static bool resolve_run(const GcPageTable *table, uint64_t vaddr,
                        GcPaddr *address)
{
    uint64_t low = ((UINT64_C(1) << table->run_bits) - 1) << table->page_shift;

    if ((*address & low) != table->run_mark << table->page_shift) {
        return false;
    }
    *address = (*address & ~low) | (vaddr & low);
    return true;
}

GcPageEntry gc_page_table_decode(const GcPageTable *table, unsigned level,
                                 uint64_t vaddr, uint64_t entry,
                                 GcPaddr *ret_address)
{
    uint64_t wanted = table->present | (level == 0 ? table->page : 0);

    if ((entry & wanted) != wanted) {
        return GC_PAGE_ENTRY_NONE;
    }
    *ret_address = (entry & table->address_mask) << table->address_shift |
                   (entry & table->high_mask) << table->high_shift;
    if (level == 0 && (entry & table->run) != 0 &&
        !resolve_run(table, vaddr, ret_address)) {
        return GC_PAGE_ENTRY_NONE;
    }
    if (level == 0 || (level <= table->leaf_levels &&
                       (entry & table->table_mask) != table->table_value)) {
        *ret_address &= UINT64_MAX << gc_page_table_get_shift(table, level);
        return GC_PAGE_ENTRY_LEAF;
    }
    return GC_PAGE_ENTRY_TABLE;
}

bool gc_translator_lookup(GcTranslator *translator, uint64_t vaddr,
                          GcPaddr *ret_paddr, uint64_t *ret_span)
{
    const GcPageTable *shape = &translator->shape;
    GcPaddr base = shape->root;

    if (!is_canonical(shape, vaddr, ret_span)) {
        return false;
    }
    for (unsigned level = shape->levels; level-- > 0;) {
        uint64_t size = UINT64_C(1) << gc_page_table_get_shift(shape, level);
        uint64_t entry =
            get_entry(translator, level, base, get_index(shape, vaddr, level));

        GcPageEntry kind =
            gc_page_table_decode(shape, level, vaddr, entry, &base);

        *ret_span = size - (vaddr & (size - 1));
        if (kind == GC_PAGE_ENTRY_LEAF) {
            *ret_paddr = base | (vaddr & (size - 1));
        }
        if (kind != GC_PAGE_ENTRY_TABLE) {
            return kind == GC_PAGE_ENTRY_LEAF;
        }
    }
    return false;
}

bool gc_translator_read(GcTranslator *translator, uint64_t vaddr, void *buf,
                        size_t len, GError **error)
{
    uint8_t *to = buf;

    while (len > 0) {
        GcPaddr paddr;
        uint64_t span;
        size_t part;

        if (!gc_translator_lookup(translator, vaddr, &paddr, &span)) {
            g_set_error(error, GC_ERROR, GC_ERROR_NO_DATA,
                        "virtual address 0x%" G_GINT64_MODIFIER
                        "x is not mapped",
                        vaddr);
            return false;
        }
        part = (size_t)MIN(len, span);
        if (!gc_memory_read(translator->memory, paddr, to, part, error)) {
            return false;
        }
        to += part;
        vaddr += part;
        len -= part;
    }
    return true;
}
