/* SPDX-License-Identifier: MIT */
#include "guest/paging.h"

#include "base/byteorder.h"
#include "guest/guest.h"
#include "guest/translate.h"

#define ENTRY_SIZE 8

/* A table below a topmost one, seen from one virtual address: where several
 * topmost tables share it, it is walked once. */
typedef struct SubTable {
    GcPaddr base;
    uint64_t vaddr;
} SubTable;

typedef struct Walker {
    GcMemory *memory;
    GcPageTable shape; /* of the tables being walked */
    GHashTable *seen;  /* of SubTable */
    GHashTable *walks; /* of each table's address: how often it was walked */
    GArray *mappings;  /* of GcMapping, as they were found */
    size_t n_tables;
    bool is_cut;
} Walker;

static guint hash_sub_table(gconstpointer data)
{
    const SubTable *sub = data;

    return g_int64_hash(&sub->base) ^ 31 * g_int64_hash(&sub->vaddr);
}

static gboolean equal_sub_tables(gconstpointer a, gconstpointer b)
{
    const SubTable *left = a;
    const SubTable *right = b;

    return left->base == right->base && left->vaddr == right->vaddr;
}

static bool is_new(Walker *walker, GcPaddr base, uint64_t vaddr)
{
    SubTable sub = {base, vaddr};

    return g_hash_table_add(walker->seen, g_memdup2(&sub, sizeof(sub)));
}

/* Whether the table at @base has not been shown often enough. */
static bool count_walk(Walker *walker, GcPaddr base)
{
    guint n = GPOINTER_TO_UINT(g_hash_table_lookup(walker->walks, &base)) + 1;

    if (n <= GC_PAGING_MAX_ALIASES) {
        g_hash_table_insert(walker->walks, g_memdup2(&base, sizeof(base)),
                            GUINT_TO_POINTER(n));
    }
    return n <= GC_PAGING_MAX_ALIASES;
}

static void add_mapping(Walker *walker, GcMapping mapping)
{
    GArray *all = walker->mappings;
    GcMapping *last =
        all->len > 0 ? &g_array_index(all, GcMapping, all->len - 1) : NULL;

    if (last != NULL && mapping.vaddr != 0 &&
        last->vaddr + last->size == mapping.vaddr &&
        last->paddr + last->size == mapping.paddr) {
        last->size += mapping.size;
    } else if (all->len < GC_PAGING_MAX_MAPPINGS) {
        g_array_append_val(all, mapping);
    } else {
        walker->is_cut = true;
    }
}

/* What the bits of @vaddr above the translated ones must be. */
static uint64_t extend(const GcPageTable *shape, uint64_t vaddr)
{
    unsigned high_bits = 64 - shape->va_bits;

    if (shape->lower_only) {
        return vaddr;
    }
    return shape->upper_only
               ? vaddr | UINT64_MAX << shape->va_bits
               : (uint64_t)((int64_t)(vaddr << high_bits) >> high_bits);
}

/* Walks entries [@first, @end) of the table of @level at @base, the first of
 * whose entries is for @vaddr. */
static void walk_table(Walker *walker, unsigned level, GcPaddr base,
                       uint64_t vaddr, size_t first, size_t end)
{
    const GcPageTable *shape = &walker->shape;
    unsigned shift = gc_page_table_get_shift(shape, level);
    size_t size = (end - first) * ENTRY_SIZE;
    g_autofree uint8_t *table = g_malloc(size);

    walker->is_cut |= walker->n_tables++ >= GC_PAGING_MAX_TABLES;
    if (walker->is_cut ||
        !gc_memory_read(walker->memory, base + first * ENTRY_SIZE, table, size,
                        NULL)) {
        return;
    }
    for (size_t i = first; i < end; i++) {
        uint64_t entry =
            gc_get_uint(table + (i - first) * ENTRY_SIZE, ENTRY_SIZE, false);
        uint64_t at = extend(shape, vaddr | (uint64_t)i << shift);
        GcPaddr to;
        GcPageEntry kind = gc_page_table_decode(shape, level, at, entry, &to);

        if (kind == GC_PAGE_ENTRY_LEAF) {
            add_mapping(walker, (GcMapping){at, to, UINT64_C(1) << shift});
        } else if (kind == GC_PAGE_ENTRY_TABLE &&
                   (level + 1 < shape->levels || is_new(walker, to, at)) &&
                   count_walk(walker, to)) {
            walk_table(walker, level - 1, to, at, 0,
                       (size_t)1 << shape->index_bits);
        }
    }
}

typedef enum Half {
    HALF_UPPER,
    HALF_LOWER,
} Half;

static void walk_half(Walker *walker, const GcPageTable *shape, Half half)
{
    unsigned top = shape->levels - 1;
    size_t n =
        (size_t)1 << (shape->va_bits - gc_page_table_get_shift(shape, top));
    size_t middle = shape->upper_only || shape->lower_only ? 0 : n / 2;

    walker->shape = *shape;
    if (half == HALF_UPPER) {
        walk_table(walker, top, shape->root, 0, middle, n);
    } else if (middle > 0) {
        walk_table(walker, top, shape->root, 0, 0, middle);
    }
}

/* The tables of the kernel and of all CPUs, each once. */
static GArray *collect_tables(const GcGuest *guest)
{
    GArray *tables = g_array_new(FALSE, FALSE, sizeof(GcPageTable));
    g_autoptr(GHashTable) roots =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    GcPageTable table;

    if (gc_guest_get_page_table(guest, &table)) {
        g_hash_table_add(roots, g_memdup2(&table.root, sizeof(table.root)));
        g_array_append_val(tables, table);
    }
    for (unsigned i = 0; i < gc_guest_get_n_cpus(guest); i++) {
        if (gc_guest_get_cpu_page_table(guest, i, &table) &&
            g_hash_table_add(roots,
                             g_memdup2(&table.root, sizeof(table.root)))) {
            g_array_append_val(tables, table);
        }
    }
    return tables;
}

static void walk_all(Walker *walker, GArray *tables)
{
    for (int half = HALF_UPPER; half <= HALF_LOWER; half++) {
        for (guint i = 0; i < tables->len; i++) {
            walk_half(walker, &g_array_index(tables, GcPageTable, i),
                      (Half)half);
        }
    }
}

static gint compare_mappings(gconstpointer a, gconstpointer b)
{
    const GcMapping *left = a;
    const GcMapping *right = b;

    if (left->vaddr != right->vaddr) {
        return left->vaddr < right->vaddr ? -1 : 1;
    }
    return left->size > right->size ? -1 : left->size < right->size;
}

/* Adds those parts of @mapping that are in @memory. */
static void add_memory(GcPaging *paging, const GcRanges *memory,
                       GcMapping mapping)
{
    GcPaddr mapping_end = mapping.paddr + mapping.size;

    for (size_t i = gc_ranges_find(memory, mapping.paddr);
         i < gc_ranges_get_n(memory); i++) {
        GcRange range = gc_ranges_get(memory, i);
        GcPaddr start = MAX(range.start, mapping.paddr);
        GcPaddr end = MIN(range.end, mapping_end);
        GcMapping part = {
            .vaddr = mapping.vaddr + (start - mapping.paddr),
            .paddr = start,
            .size = end - start,
        };

        if (start >= end) {
            return;
        }
        if (paging->mappings->len >= GC_PAGING_MAX_MAPPINGS) {
            paging->is_cut = true;
            return;
        }
        g_array_append_val(paging->mappings, part);
    }
}

/* Sorts what was found, and leaves out what is there twice. */
static void add_sorted(GcPaging *paging, const GcRanges *memory, GArray *found)
{
    uint64_t next = 0; /* the first address that is not yet dealt with */
    bool is_full = false;

    g_array_sort(found, compare_mappings);
    for (guint i = 0; i < found->len && !is_full; i++) {
        GcMapping mapping = g_array_index(found, GcMapping, i);
        uint64_t last = mapping.vaddr + (mapping.size - 1);
        uint64_t skip = next > mapping.vaddr ? next - mapping.vaddr : 0;

        if (skip >= mapping.size) {
            continue;
        }
        mapping.vaddr += skip;
        mapping.paddr += skip;
        mapping.size -= skip;
        add_memory(paging, memory, mapping);
        is_full = last == UINT64_MAX;
        next = last + 1;
    }
}

void gc_paging_free(GcPaging *paging)
{
    if (paging != NULL) {
        g_array_unref(paging->mappings);
        g_free(paging);
    }
}

GcPaging *gc_paging_new(const GcGuest *guest, const GcRanges *memory)
{
    GcPaging *paging = g_new0(GcPaging, 1);
    g_autoptr(GArray) tables = collect_tables(guest);
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(GcMapping));
    g_autoptr(GHashTable) seen =
        g_hash_table_new_full(hash_sub_table, equal_sub_tables, g_free, NULL);
    g_autoptr(GHashTable) walks =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    Walker walker = {
        .memory = gc_guest_get_memory(guest),
        .seen = seen,
        .walks = walks,
        .mappings = found,
    };

    walk_all(&walker, tables);
    paging->is_cut = walker.is_cut;
    paging->mappings = g_array_new(FALSE, FALSE, sizeof(GcMapping));
    add_sorted(paging, memory, found);
    return paging;
}
