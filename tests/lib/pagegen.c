/* SPDX-License-Identifier: MIT */
#include "tests/lib/pagegen.h"

#include <string.h>

#include "tests/lib/pagegen_private.h"

#define IMAGE_SIZE GUESTGEN_MIB
#define FREE_HUGE_PAGE 0xffffffff81234560 /* a function of old kernels */
#define HUGETLB_DTOR 2

/* Page tables */

static const TablegenShape *find_shape(const char *name)
{
    const TablegenShape *shape = tablegen_shapes;

    while (shape->name != NULL && strcmp(shape->name, name) != 0) {
        shape++;
    }
    g_assert(shape->name != NULL);
    return shape;
}

static GcPaddr get_table(Pagegen *pages, GcPaddr above, uint64_t index,
                         unsigned level, uint64_t vaddr)
{
    g_autofree char *key =
        g_strdup_printf("%u %" G_GINT64_MODIFIER "x", level,
                        vaddr >> tablegen_get_shift(pages->shape, level + 1));
    GcPaddr *known = g_hash_table_lookup(pages->map, key);

    if (known == NULL) {
        known = g_new(GcPaddr, 1);
        *known = pages->tables;
        pages->tables += UINT64_C(1) << pages->shape->page_shift;
        g_assert(pages->tables <= PAGEGEN_PAGES);
        tablegen_put(pages->gen, above, index,
                     pages->shape->make_table(*known));
        g_hash_table_insert(pages->map, g_steal_pointer(&key), known);
    }
    return *known;
}

/* Writes the last entry of the page tables for @vaddr. */
void pagegen_put_entry(Pagegen *pages, uint64_t vaddr, uint64_t entry)
{
    const TablegenShape *shape = pages->shape;
    uint64_t translated = vaddr & ((UINT64_C(1) << shape->va_bits) - 1);
    uint64_t n = UINT64_C(1) << (shape->page_shift - 3);
    GcPaddr table = TABLEGEN_ROOT;

    for (unsigned level = shape->levels - 1; level > 0; level--) {
        uint64_t index = translated >> tablegen_get_shift(shape, level);

        index = level == shape->levels - 1 ? index : index % n;
        table = get_table(pages, table, index, level - 1, translated);
    }
    tablegen_put(pages->gen, table, (translated >> shape->page_shift) % n,
                 entry);
}

void pagegen_map_page(Pagegen *pages, uint64_t vaddr, GcPaddr paddr)
{
    pagegen_put_entry(pages, vaddr, pages->shape->make_page(paddr));
}

uint64_t pagegen_get_page_size(const Pagegen *pages)
{
    return UINT64_C(1) << pages->shape->page_shift;
}

/* The kernel's image and what its text says of its tables. */
static uint64_t get_image(const Pagegen *pages)
{
    const char *text = pages->shape->text;
    const char *keys[] = {"SYMBOL(init_top_pgt)=", "SYMBOL(init_level4_pgt)=",
                          "SYMBOL(swapper_pg_dir)="};

    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        const char *found = strstr(text, keys[i]);

        if (found != NULL) {
            return g_ascii_strtoull(found + strlen(keys[i]), NULL, 16) -
                   TABLEGEN_ROOT;
        }
    }
    g_assert_not_reached();
}

/* Struct pages */

static uint64_t get_pages_per_section(const Pagegen *pages)
{
    return UINT64_C(1) << (pages->kernel->section_bits -
                           pages->shape->page_shift);
}

/* Those of a section lie apart in the classic model. */
uint64_t pagegen_get_vaddr(const Pagegen *pages, GcPfn pfn)
{
    uint64_t base = pages->shape->vaddr & ~(GUESTGEN_GIB - 1);
    uint64_t section = pfn / get_pages_per_section(pages);

    if (pages->kernel->model == PAGEGEN_CLASSIC) {
        base += section * 16 * GUESTGEN_MIB;
    }
    return base + pfn * pages->kernel->size;
}

/* The pages that hold them lie in memory in reverse order: what is together
 * in virtual memory need not be so in physical memory. */
GcPaddr pagegen_get_frame(const Pagegen *pages, uint64_t vaddr)
{
    uint64_t base = pagegen_get_vaddr(pages, 0);
    uint64_t n = 16 * GUESTGEN_MIB / pagegen_get_page_size(pages);
    uint64_t i =
        (vaddr - base) % (16 * GUESTGEN_MIB) / pagegen_get_page_size(pages);
    uint64_t piece = (vaddr - base) / (16 * GUESTGEN_MIB);

    return PAGEGEN_PAGES + piece * 16 * GUESTGEN_MIB +
           (n - 1 - i) * pagegen_get_page_size(pages);
}

uint8_t *pagegen_at(const Pagegen *pages, GcPfn pfn)
{
    uint64_t vaddr = pagegen_get_vaddr(pages, pfn);

    return guestgen_at(pages->gen, pagegen_get_frame(pages, vaddr) +
                                       vaddr % pagegen_get_page_size(pages));
}

void pagegen_put(Pagegen *pages, GcPfn pfn, unsigned offset, unsigned width,
                 uint64_t value)
{
    uint8_t *to = pagegen_at(pages, pfn) + offset;

    for (unsigned i = 0; i < width; i++) {
        to[i] = (uint8_t)(value >> 8 * i);
    }
}

void pagegen_put_flag(Pagegen *pages, GcPfn pfn, int flag)
{
    uint8_t *flags = pagegen_at(pages, pfn);

    g_assert(flag >= 0);
    flags[flag / 8] |= (uint8_t)(1 << flag % 8);
}

void pagegen_put_type(Pagegen *pages, GcPfn pfn, int64_t type)
{
    pagegen_put(pages, pfn, pages->kernel->mapcount, 4, (uint64_t)type);
}

void pagegen_put_free(Pagegen *pages, GcPfn pfn, unsigned order)
{
    pagegen_put_type(pages, pfn, pages->kernel->free);
    pagegen_put(pages, pfn, pages->kernel->private_data, 8, order);
    for (GcPfn i = pfn; i < pfn + (UINT64_C(1) << order); i++) {
        pagegen_put(pages, i, pages->kernel->refcount, 4, 0);
    }
}

void pagegen_put_order(Pagegen *pages, GcPfn head, unsigned order)
{
    const PagegenKernel *kernel = pages->kernel;

    switch (kernel->order) {
    case PAGEGEN_ORDER_LRU:
        pagegen_put(pages, head + 1, kernel->lru + 8, 8, order);
        break;
    case PAGEGEN_ORDER_MEMBERS:
    case PAGEGEN_ORDER_FOLIO:
        pagegen_put(pages, head + 1, kernel->order_offset, kernel->order_width,
                    order);
        break;
    case PAGEGEN_ORDER_FLAGS:
        pagegen_put(pages, head + 1, 0, 1, order);
        break;
    }
}

void pagegen_put_compound(Pagegen *pages, GcPfn pfn, unsigned order)
{
    const PagegenKernel *kernel = pages->kernel;

    pagegen_put_flag(pages, pfn, kernel->flag_head);
    for (GcPfn i = pfn + 1; i < pfn + (UINT64_C(1) << order); i++) {
        pagegen_put(pages, i, kernel->refcount, 4, 0);
        if (kernel->tail_name == NULL) {
            pagegen_put_flag(pages, i, kernel->flag_head + 1);
        } else {
            pagegen_put(pages, i, kernel->lru, 8,
                        pagegen_get_vaddr(pages, pfn) + 1);
        }
    }
    pagegen_put_order(pages, pfn, order);
}

void pagegen_put_huge(Pagegen *pages, GcPfn pfn, unsigned order)
{
    const PagegenKernel *kernel = pages->kernel;

    pagegen_put_compound(pages, pfn, order);
    if (kernel->huge != 0) {
        pagegen_put_type(pages, pfn, kernel->huge);
    } else if (kernel->flag_huge != PAGEGEN_NONE) {
        pagegen_put_flag(pages, pfn + 1, kernel->flag_huge);
    } else if (kernel->order == PAGEGEN_ORDER_LRU) {
        pagegen_put(pages, pfn + 1, kernel->lru, 8, FREE_HUGE_PAGE);
    } else {
        pagegen_put(pages, pfn + 1, kernel->dtor_offset, kernel->order_width,
                    HUGETLB_DTOR);
    }
    pagegen_expect(pages, pfn, UINT64_C(1) << order, GC_PAGE_HUGE);
}

void pagegen_expect(Pagegen *pages, GcPfn pfn, uint64_t n, GcPageKind kind)
{
    g_assert(pfn + n <= pages->n_pages);
    memset(pages->kinds + pfn, kind, n);
}

/* Making */

static void put_pointer(Pagegen *pages, GcPaddr paddr, uint64_t value)
{
    tablegen_put(pages->gen, paddr, 0, value);
}

static void put_sections(Pagegen *pages)
{
    uint64_t per_section = get_pages_per_section(pages);
    GcPaddr at = pages->kernel->model == PAGEGEN_CLASSIC ? PAGEGEN_SECTIONS
                                                         : PAGEGEN_SECTION_PAGE;

    for (GcPfn pfn = 0; pfn < pages->n_pages; pfn += per_section) {
        uint64_t start = pagegen_get_vaddr(pages, pfn);

        put_pointer(pages, at, (start - pfn * pages->kernel->size) | 0xf);
        at += PAGEGEN_SECTION_SIZE;
    }
    if (pages->kernel->model != PAGEGEN_CLASSIC) {
        put_pointer(pages, PAGEGEN_SECTIONS,
                    get_image(pages) + PAGEGEN_SECTION_PAGE);
        put_pointer(pages, PAGEGEN_SECTION_POINTER,
                    get_image(pages) + PAGEGEN_SECTIONS);
    }
}

static void put_node(Pagegen *pages)
{
    put_pointer(pages, PAGEGEN_NODE + 0x10, pagegen_get_vaddr(pages, 0));
    put_pointer(pages, PAGEGEN_NODE + 0x18, 0);
    put_pointer(pages, PAGEGEN_NODE + 0x20, pages->n_pages);
}

static void put_utsname(Pagegen *pages)
{
    const char *strings[] = {
        "Linux",         "generated",        pages->kernel->release,
        "#1 SMP Tested", pages->shape->arch, "(none)"};
    char *to = (char *)guestgen_at(pages->gen, PAGEGEN_UTSNAME);

    for (size_t i = 0; i < G_N_ELEMENTS(strings); i++) {
        g_strlcpy(to + 65 * i, strings[i], 65);
    }
}

static void put_kernel_page(Pagegen *pages, GcPfn pfn)
{
    pagegen_put_type(pages, pfn, -1);
    pagegen_put(pages, pfn, pages->kernel->refcount, 4, 1);
    pagegen_expect(pages, pfn, 1, GC_PAGE_KERNEL);
}

static void map_all(Pagegen *pages)
{
    uint64_t step = pagegen_get_page_size(pages);
    uint64_t image = get_image(pages);

    for (uint64_t at = 0; at < IMAGE_SIZE; at += step) {
        pagegen_map_page(pages, image + at, at);
    }
    for (GcPfn pfn = 0; pfn < pages->n_pages;
         pfn += step / pages->kernel->size) {
        uint64_t vaddr = pagegen_get_vaddr(pages, pfn);

        pagegen_map_page(pages, vaddr, pagegen_get_frame(pages, vaddr));
    }
}

/* VMCOREINFO */

static void tell_offset(Pagegen *pages, const char *name, unsigned offset)
{
    g_string_append_printf(pages->text, "OFFSET(%s)=%u\n", name, offset);
}

static void tell_number(Pagegen *pages, const char *name, int64_t number)
{
    g_string_append_printf(pages->text, "NUMBER(%s)=%" G_GINT64_FORMAT "\n",
                           name, number);
}

static void tell_flag(Pagegen *pages, const char *name, int flag)
{
    if (flag != PAGEGEN_NONE) {
        tell_number(pages, name, flag);
    }
}

static void tell_type(Pagegen *pages, const char *name, int64_t type)
{
    if (type != 0) {
        tell_number(pages, name, type);
    }
}

static void tell_symbol(Pagegen *pages, const char *name, unsigned offset)
{
    g_string_append_printf(pages->text, "SYMBOL(%s)=%" G_GINT64_MODIFIER "x\n",
                           name, get_image(pages) + offset);
}

static void tell_model(Pagegen *pages)
{
    const PagegenKernel *kernel = pages->kernel;
    uint64_t per_root = pagegen_get_page_size(pages) / PAGEGEN_SECTION_SIZE;

    if (kernel->model == PAGEGEN_FLAT) {
        tell_symbol(pages, "contig_page_data", PAGEGEN_NODE);
        tell_offset(pages, "pglist_data.node_mem_map", 0x10);
        tell_offset(pages, "pglist_data.node_start_pfn", 0x18);
        tell_offset(pages, "pglist_data.node_spanned_pages", 0x20);
        return;
    }
    tell_symbol(pages, "mem_section",
                kernel->model == PAGEGEN_POINTER ? PAGEGEN_SECTION_POINTER
                                                 : PAGEGEN_SECTIONS);
    g_string_append_printf(
        pages->text, "LENGTH(mem_section)=%u\nSIZE(mem_section)=%u\n",
        kernel->model == PAGEGEN_CLASSIC ? 16 : (unsigned)(2048 / per_root + 1),
        PAGEGEN_SECTION_SIZE);
    tell_offset(pages, "mem_section.section_mem_map", 0);
    if (kernel->tells_section_bits) {
        tell_number(pages, "SECTION_SIZE_BITS", kernel->section_bits);
    }
}

static void tell_order(Pagegen *pages)
{
    const PagegenKernel *kernel = pages->kernel;

    if (kernel->order == PAGEGEN_ORDER_LRU) {
        tell_offset(pages, "list_head.next", 0);
        tell_offset(pages, "list_head.prev", 8);
        g_string_append_printf(
            pages->text, "SYMBOL(free_huge_page)=%" G_GINT64_MODIFIER "x\n",
            (uint64_t)FREE_HUGE_PAGE);
    } else if (kernel->order == PAGEGEN_ORDER_MEMBERS) {
        tell_offset(pages, "page.compound_dtor", kernel->dtor_offset);
        tell_offset(pages, "page.compound_order", kernel->order_offset);
        tell_number(pages, "HUGETLB_PAGE_DTOR", HUGETLB_DTOR);
    } else if (kernel->order == PAGEGEN_ORDER_FOLIO) {
        tell_offset(pages, "folio._folio_dtor",
                    kernel->size + kernel->dtor_offset);
        tell_offset(pages, "folio._folio_order",
                    kernel->size + kernel->order_offset);
        tell_number(pages, "HUGETLB_PAGE_DTOR", HUGETLB_DTOR);
    }
}

static void tell_pages(Pagegen *pages)
{
    const PagegenKernel *kernel = pages->kernel;

    g_string_append_printf(pages->text, "SIZE(page)=%u\n", kernel->size);
    tell_offset(pages, "page.flags", 0);
    tell_offset(pages, kernel->refcount_name, kernel->refcount);
    tell_offset(pages, "page.mapping", kernel->mapping);
    tell_offset(pages, "page.lru", kernel->lru);
    tell_offset(pages, "page._mapcount", kernel->mapcount);
    tell_offset(pages, "page.private", kernel->private_data);
    if (kernel->tail_name != NULL) {
        tell_offset(pages, kernel->tail_name, kernel->lru);
    }
    tell_flag(pages, "PG_lru", kernel->flag_lru);
    tell_flag(pages, "PG_private", kernel->flag_private);
    tell_flag(pages, "PG_swapcache", kernel->flag_swapcache);
    tell_flag(pages, "PG_swapbacked", kernel->flag_swapbacked);
    tell_flag(pages, "PG_slab", kernel->flag_slab);
    tell_flag(pages, "PG_hwpoison", kernel->flag_poison);
    tell_flag(pages, "PG_hugetlb", kernel->flag_huge);
    tell_number(pages, "PG_head_mask", INT64_C(1) << kernel->flag_head);
    tell_type(pages, "PAGE_BUDDY_MAPCOUNT_VALUE", kernel->free);
    tell_type(pages, "PAGE_OFFLINE_MAPCOUNT_VALUE", kernel->offline);
    tell_type(pages, "PAGE_SLAB_MAPCOUNT_VALUE", kernel->slab);
    tell_type(pages, "PAGE_HUGETLB_MAPCOUNT_VALUE", kernel->huge);
    tell_type(pages, "PAGE_UNACCEPTED_MAPCOUNT_VALUE", kernel->unaccepted);
    g_string_append(pages->text, "LENGTH(zone.free_area)=11\n");
}

static void tell_all(Pagegen *pages)
{
    g_string_printf(pages->text, "OSRELEASE=%s%s", pages->kernel->release,
                    strchr(pages->shape->text, '\n'));
    tell_symbol(pages, "init_uts_ns", PAGEGEN_UTSNAME - 4);
    tell_offset(pages, "uts_namespace.name", 4);
    tell_model(pages);
    tell_pages(pages);
    tell_order(pages);
}

Pagegen *pagegen_new(const PagegenKernel *kernel)
{
    Pagegen *pages = g_new0(Pagegen, 1);

    pages->kernel = kernel;
    pages->shape = find_shape(kernel->shape);
    pages->gen = guestgen_new();
    pages->text = g_string_new(NULL);
    pages->n_pages =
        kernel->ram_mib * GUESTGEN_MIB / pagegen_get_page_size(pages);
    pages->kinds = g_malloc0(pages->n_pages);
    pages->tables = PAGEGEN_TABLES;
    pages->map = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    guestgen_add_ram(pages->gen, 0, kernel->ram_mib * GUESTGEN_MIB,
                     GUESTGEN_FD);
    map_all(pages);
    put_utsname(pages);
    for (GcPfn pfn = 0; pfn < pages->n_pages; pfn++) {
        put_kernel_page(pages, pfn);
    }
    if (kernel->model == PAGEGEN_FLAT) {
        put_node(pages);
    } else {
        put_sections(pages);
    }
    tell_all(pages);
    return pages;
}

void pagegen_free(Pagegen *pages)
{
    if (pages != NULL) {
        guestgen_free(pages->gen);
        g_string_free(pages->text, TRUE);
        g_free(pages->kinds);
        g_hash_table_unref(pages->map);
        g_free(pages);
    }
}

GcGuest *pagegen_make_guest(Pagegen *pages)
{
    g_autoptr(GcMemory) memory = guestgen_make_memory(pages->gen);
    g_autoptr(GBytes) text = g_bytes_new(pages->text->str, pages->text->len);
    GcGuest *guest = gc_guest_new(pages->shape->arch, memory, NULL);

    g_assert(guest != NULL);
    gc_guest_add_note(guest, "VMCOREINFO", 0, text, NULL);
    return guest;
}
