/* SPDX-License-Identifier: MIT */
#include "dump/filter/mem_map.h"

#include "base/byteorder.h"
#include "base/error.h"
#include "dump/filter/classify.h"
#include "guest/kernel.h"

#define POINTER_SIZE 8

/* mem_section.section_mem_map is a pointer whose lowest bits are flags. */
#define SECTION_PRESENT UINT64_C(1)
#define SECTION_FLAGS UINT64_C(0x3f)

typedef enum Model {
    MODEL_SPARSE_EXTREME, /* an array of pointers to pages of sections */
    MODEL_SPARSE,         /* an array of sections */
    MODEL_FLAT,
} Model;

struct GcMemMap {
    GcMemory *memory;
    GcPageTable tables;
    const GcPageLayout *layout;
    Model model;

    uint64_t base;      /* of the table of sections, or of the flat array */
    uint64_t n_entries; /* of that table */

    /* Sparse memory */
    unsigned section_shift; /* of page frames */
    uint64_t section_size;  /* of one struct mem_section */
    uint64_t per_root;      /* such structs in a page */
    uint64_t map_offset;    /* of section_mem_map in one */

    /* Flat memory */
    GcPfn first_pfn;
};

void gc_mem_map_free(GcMemMap *map)
{
    if (map != NULL) {
        gc_memory_unref(map->memory);
        g_free(map);
    }
}

GcTranslator *gc_mem_map_make_translator(const GcMemMap *map)
{
    return gc_translator_new(map->memory, &map->tables);
}

static bool read_pointer(GcTranslator *translator, uint64_t vaddr,
                         uint64_t *ret_value)
{
    uint8_t bytes[POINTER_SIZE];

    if (!gc_translator_read(translator, vaddr, bytes, sizeof(bytes), NULL)) {
        return false;
    }
    *ret_value = gc_get_uint(bytes, sizeof(bytes), false);
    return true;
}

/* Looking up */

/* Where the struct mem_section of a section is. */
static bool find_section(const GcMemMap *map, GcTranslator *translator,
                         uint64_t section, uint64_t *ret_vaddr)
{
    uint64_t root;

    if (map->model == MODEL_SPARSE) {
        *ret_vaddr = map->base + section * map->section_size;
        return section < map->n_entries;
    }
    if (section / map->per_root >= map->n_entries ||
        !read_pointer(translator,
                      map->base + section / map->per_root * POINTER_SIZE,
                      &root) ||
        root == 0) {
        return false;
    }
    *ret_vaddr = root + section % map->per_root * map->section_size;
    return true;
}

static bool find_in_sections(const GcMemMap *map, GcTranslator *translator,
                             GcPfn pfn, uint64_t *ret_vaddr, GcPfn *ret_end)
{
    uint64_t section = pfn >> map->section_shift;
    uint64_t vaddr;
    uint64_t coded;

    *ret_end = (section + 1) << map->section_shift;
    if (!find_section(map, translator, section, &vaddr) ||
        !read_pointer(translator, vaddr + map->map_offset, &coded) ||
        (coded & SECTION_PRESENT) == 0 || (coded & ~SECTION_FLAGS) == 0) {
        return false;
    }
    *ret_vaddr = (coded & ~SECTION_FLAGS) + pfn * map->layout->size;
    return true;
}

static bool find_in_array(const GcMemMap *map, GcPfn pfn, uint64_t *ret_vaddr,
                          GcPfn *ret_end)
{
    GcPfn end = map->first_pfn + map->n_entries;

    if (pfn < map->first_pfn) {
        *ret_end = map->first_pfn;
        return false;
    }
    if (pfn >= end) {
        *ret_end = UINT64_MAX;
        return false;
    }
    *ret_vaddr = map->base + (pfn - map->first_pfn) * map->layout->size;
    *ret_end = end;
    return true;
}

bool gc_mem_map_find(const GcMemMap *map, GcTranslator *translator, GcPfn pfn,
                     uint64_t *ret_vaddr, GcPfn *ret_end)
{
    return map->model == MODEL_FLAT
               ? find_in_array(map, pfn, ret_vaddr, ret_end)
               : find_in_sections(map, translator, pfn, ret_vaddr, ret_end);
}

/* Trust */

/* Whether the page at the kernel's virtual address @vaddr is the kernel's by
 * the map too. */
static bool is_kernel_page(const GcMemMap *map, GcTranslator *translator,
                           uint64_t vaddr)
{
    const GcPageLayout *layout = map->layout;
    g_autofree uint8_t *page = g_malloc(2 * (size_t)layout->size);
    GcPaddr paddr;
    uint64_t span;
    uint64_t at;
    GcPfn end;
    GcPageVerdict verdict;

    if (!gc_translator_lookup(translator, vaddr, &paddr, &span) ||
        !gc_mem_map_find(map, translator, paddr >> layout->page_shift, &at,
                         &end) ||
        !gc_translator_read(translator, at, page, layout->size, NULL)) {
        return false;
    }
    verdict =
        gc_page_classify(layout, page, false, paddr >> layout->page_shift);
    return !verdict.is_tail && verdict.kind == GC_PAGE_KERNEL &&
           gc_page_field_get(layout->refcount, page) != 0;
}

/* The kernel's image is in use from its start on, and no page of it is what
 * a dump may be without. */
static bool is_plausible(const GcMemMap *map, const GcVmcoreinfoText *text)
{
    static const char *const symbols[] = {
        "init_uts_ns",     "swapper_pg_dir", "init_top_pgt",
        "init_level4_pgt", "_stext",
    };
    g_autoptr(GcTranslator) translator = gc_mem_map_make_translator(map);
    unsigned n = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(symbols); i++) {
        uint64_t vaddr;

        if (!gc_vmcoreinfo_text_get_symbol(text, symbols[i], &vaddr)) {
            continue;
        }
        if (!is_kernel_page(map, translator, vaddr)) {
            return false;
        }
        n++;
    }
    return n > 0;
}

/* Making */

static bool get_number(const GcVmcoreinfoText *text, const char *kind,
                       const char *name, uint64_t *ret_value)
{
    int64_t value;

    if (!gc_vmcoreinfo_text_get_number(text, kind, name, &value) || value < 0) {
        return false;
    }
    *ret_value = (uint64_t)value;
    return true;
}

static bool set_sections(GcMemMap *map, const GcVmcoreinfoText *text)
{
    const GcPageLayout *layout = map->layout;
    uint64_t page_size = UINT64_C(1) << layout->page_shift;

    if (!gc_vmcoreinfo_text_get_symbol(text, "mem_section", &map->base) ||
        !get_number(text, "LENGTH", "mem_section", &map->n_entries) ||
        !get_number(text, "SIZE", "mem_section", &map->section_size) ||
        !get_number(text, "OFFSET", "mem_section.section_mem_map",
                    &map->map_offset) ||
        layout->section_bits == 0 || map->section_size < POINTER_SIZE ||
        map->section_size > page_size ||
        map->map_offset > map->section_size - POINTER_SIZE) {
        return false;
    }
    map->section_shift = layout->section_bits - layout->page_shift;
    map->per_root = page_size / map->section_size;
    return true;
}

/* The symbol is the table; or, in kernels from 4.15 to 4.17, a pointer to it;
 * and which of the two tables it is, nothing says.  The right one is the one
 * that knows the kernel's own pages. */
static bool try_sections(GcMemMap *map, const GcVmcoreinfoText *text)
{
    g_autoptr(GcTranslator) translator = gc_mem_map_make_translator(map);
    uint64_t symbol = map->base;

    map->model = MODEL_SPARSE_EXTREME;
    if (is_plausible(map, text)) {
        return true;
    }
    if (read_pointer(translator, symbol, &map->base) &&
        is_plausible(map, text)) {
        return true;
    }
    map->model = MODEL_SPARSE;
    map->base = symbol;
    return is_plausible(map, text);
}

static bool read_number(GcTranslator *translator, const GcVmcoreinfoText *text,
                        uint64_t base, const char *member, uint64_t *ret_value)
{
    uint64_t offset;

    return get_number(text, "OFFSET", member, &offset) &&
           read_pointer(translator, base + offset, ret_value);
}

/* The one node of flat memory says where its array is and how long. */
static bool set_flat(GcMemMap *map, const GcVmcoreinfoText *text)
{
    g_autoptr(GcTranslator) translator = gc_mem_map_make_translator(map);
    uint64_t node;

    map->model = MODEL_FLAT;
    return gc_vmcoreinfo_text_get_symbol(text, "contig_page_data", &node) &&
           read_number(translator, text, node, "pglist_data.node_mem_map",
                       &map->base) &&
           read_number(translator, text, node, "pglist_data.node_start_pfn",
                       &map->first_pfn) &&
           read_number(translator, text, node, "pglist_data.node_spanned_pages",
                       &map->n_entries) &&
           map->n_entries <= UINT64_MAX - map->first_pfn;
}

static bool find_model(GcMemMap *map, const GcVmcoreinfoText *text,
                       GError **error)
{
    bool ok;

    if (set_sections(map, text)) {
        ok = try_sections(map, text);
    } else if (set_flat(map, text)) {
        ok = is_plausible(map, text);
    } else {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "VMCOREINFO does not tell where the struct pages are");
        return false;
    }
    if (!ok) {
        g_set_error(error, GC_ERROR, GC_ERROR_FORMAT,
                    "the struct pages are not where VMCOREINFO tells, or not "
                    "as it tells");
    }
    return ok;
}

GcMemMap *gc_mem_map_new(const GcGuest *guest, const GcPageLayout *layout,
                         GError **error)
{
    const GcArch *arch = gc_guest_get_arch_info(guest);
    const GcVmcoreinfoText *text = gc_guest_get_vmcoreinfo_text(guest);
    g_autoptr(GcMemMap) map = g_new0(GcMemMap, 1);

    if (!arch->encoding.is_64bit || arch->encoding.big_endian) {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "struct pages of %s are not known", arch->name);
        return NULL;
    }
    if (!gc_guest_get_page_table(guest, &map->tables)) {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "VMCOREINFO does not tell where the page tables are");
        return NULL;
    }
    map->memory = gc_memory_ref(gc_guest_get_memory(guest));
    map->layout = layout;
    return find_model(map, text, error) ? g_steal_pointer(&map) : NULL;
}
