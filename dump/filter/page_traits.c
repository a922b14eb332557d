/* SPDX-License-Identifier: MIT */
/* The names are those that kernel/vmcore_info.c of Linux exports.  A trait is
 * something that must be known; its forms are what it was in the kernels so
 * far, the newest first.  The first form whose keys are all there counts, and
 * not the kernel's version: distributors take newer code into older kernels,
 * and its keys with it.  Only where the keys are silent, the version tells. */
#include "dump/filter/page_traits.h"

#include "base/error.h"

#define VERSION GC_KERNEL_VERSION

#define PAGE_FLAG_ANONYMOUS 1u /* of page.mapping */
#define COMPOUND_TAIL 1u       /* of page.compound_head */

/* A page type fills the top byte of _mapcount, and what is below is its
 * owner's; such values begin here. */
#define FIRST_TOP_BYTE_TYPE UINT32_C(0xf0000000)
#define TOP_BYTE UINT32_C(0xff000000)

/* Keys */

static bool get_number(const GcPageReader *reader, const char *kind,
                       const char *name, uint64_t limit, uint64_t *ret_value)
{
    int64_t value;

    if (!gc_vmcoreinfo_text_get_number(reader->text, kind, name, &value) ||
        value < 0 || (uint64_t)value >= limit) {
        return false;
    }
    *ret_value = (uint64_t)value;
    return true;
}

/* A member of struct page, or what lies @base bytes behind its beginning. */
static bool get_field(const GcPageReader *reader, const char *name,
                      uint32_t base, uint32_t width, GcPageField *ret_field)
{
    uint64_t offset;

    if (!get_number(reader, "OFFSET", name, reader->layout->size, &offset) ||
        offset + width > reader->layout->size) {
        return false;
    }
    *ret_field = (GcPageField){base + (uint32_t)offset, width};
    return true;
}

/* One bit of page.flags. */
static bool get_flag(const GcPageReader *reader, const char *name,
                     GcPageTest *ret_test)
{
    GcPageField flags;
    uint64_t bit;

    if (!get_number(reader, "NUMBER", name, 64, &bit) ||
        !get_field(reader, "page.flags", 0, 8, &flags)) {
        return false;
    }
    *ret_test = (GcPageTest){flags, UINT64_C(1) << bit, UINT64_C(1) << bit};
    return true;
}

/* A page type: a value of _mapcount that no count can have.  Before 6.12 it
 * was the whole value, since then it is the top byte. */
static bool get_type(const GcPageReader *reader, const char *name,
                     GcPageTest *ret_test)
{
    GcPageField mapcount;
    int64_t value;
    uint32_t bits;

    if (!gc_vmcoreinfo_text_get_number(reader->text, "NUMBER", name, &value) ||
        value < INT32_MIN || value > (int64_t)UINT32_MAX ||
        !get_field(reader, "page._mapcount", 0, 4, &mapcount)) {
        return false;
    }
    bits = (uint32_t)value;
    *ret_test = (GcPageTest){mapcount, UINT32_MAX, bits};
    if (bits >= FIRST_TOP_BYTE_TYPE && (bits & ~TOP_BYTE) == 0) {
        ret_test->mask = TOP_BYTE;
    }
    return true;
}

/* Traits */

static bool learn_refcount(const GcPageReader *reader)
{
    return get_field(reader, "page._refcount", 0, 4, &reader->layout->refcount);
}

static bool learn_count(const GcPageReader *reader)
{
    return get_field(reader, "page._count", 0, 4, &reader->layout->refcount);
}

static bool learn_lru(const GcPageReader *reader)
{
    GcPageLayout *layout = reader->layout;

    return get_flag(reader, "PG_lru", &layout->is_lru) &&
           get_flag(reader, "PG_private", &layout->is_private);
}

/* Since 4.10 the bit has other meanings where PG_swapbacked is not set. */
static bool learn_swapbacked_cache(const GcPageReader *reader)
{
    GcPageLayout *layout = reader->layout;
    GcPageTest swapbacked;

    if (!get_flag(reader, "PG_swapcache", &layout->is_swapcache) ||
        !get_flag(reader, "PG_swapbacked", &swapbacked)) {
        return false;
    }
    layout->is_swapcache.mask |= swapbacked.mask;
    layout->is_swapcache.value |= swapbacked.value;
    return true;
}

static bool learn_swapcache(const GcPageReader *reader)
{
    return get_flag(reader, "PG_swapcache", &reader->layout->is_swapcache);
}

static bool learn_mapping(const GcPageReader *reader)
{
    GcPageTest *test = &reader->layout->is_anonymous;

    *test =
        (GcPageTest){.mask = PAGE_FLAG_ANONYMOUS, .value = PAGE_FLAG_ANONYMOUS};
    return get_field(reader, "page.mapping", 0, 8, &test->field);
}

static bool learn_slab_type(const GcPageReader *reader)
{
    return get_type(reader, "PAGE_SLAB_MAPCOUNT_VALUE",
                    &reader->layout->is_slab);
}

static bool learn_slab_flag(const GcPageReader *reader)
{
    return get_flag(reader, "PG_slab", &reader->layout->is_slab);
}

static bool learn_free(const GcPageReader *reader)
{
    GcPageLayout *layout = reader->layout;
    uint64_t n_orders;

    if (!get_type(reader, "PAGE_BUDDY_MAPCOUNT_VALUE", &layout->is_free) ||
        !get_field(reader, "page.private", 0, 8, &layout->private_data) ||
        !get_number(reader, "LENGTH", "zone.free_area",
                    GC_PAGE_MAX_FREE_ORDER + 2, &n_orders)) {
        return false;
    }
    layout->n_orders = (unsigned)n_orders;
    return n_orders > 0;
}

static bool learn_unaccepted(const GcPageReader *reader)
{
    return get_type(reader, "PAGE_UNACCEPTED_MAPCOUNT_VALUE",
                    &reader->layout->is_unaccepted);
}

static bool learn_offline(const GcPageReader *reader)
{
    return get_type(reader, "PAGE_OFFLINE_MAPCOUNT_VALUE",
                    &reader->layout->is_offline);
}

static bool learn_poisoned(const GcPageReader *reader)
{
    return get_flag(reader, "PG_hwpoison", &reader->layout->is_poisoned);
}

static bool learn_head(const GcPageReader *reader)
{
    GcPageTest *test = &reader->layout->is_head;
    int64_t mask;

    if (!gc_vmcoreinfo_text_get_number(reader->text, "NUMBER", "PG_head_mask",
                                       &mask) ||
        mask == 0 || !get_field(reader, "page.flags", 0, 8, &test->field)) {
        return false;
    }
    test->mask = (uint64_t)mask;
    test->value = (uint64_t)mask;
    return true;
}

static bool learn_tail_member(const GcPageReader *reader, const char *name)
{
    GcPageTest *test = &reader->layout->is_tail;

    *test = (GcPageTest){.mask = COMPOUND_TAIL, .value = COMPOUND_TAIL};
    return get_field(reader, name, 0, 8, &test->field);
}

static bool learn_compound_info(const GcPageReader *reader)
{
    return learn_tail_member(reader, "page.compound_info");
}

static bool learn_compound_head(const GcPageReader *reader)
{
    return learn_tail_member(reader, "page.compound_head");
}

/* PG_tail, the flag after PG_head, was not exported. */
static bool learn_tail_flag(const GcPageReader *reader)
{
    GcPageLayout *layout = reader->layout;
    bool known = learn_head(reader);

    layout->is_tail = layout->is_head;
    layout->is_tail.mask <<= 1;
    layout->is_tail.value <<= 1;
    return known && layout->is_tail.mask != 0;
}

/* The low byte of the flags of the second page. */
static bool learn_order_in_flags(const GcPageReader *reader)
{
    GcPageLayout *layout = reader->layout;

    return get_field(reader, "page.flags", layout->size, 1, &layout->order);
}

/* Members of struct folio, which covers two struct pages or more. */
static bool get_folio_field(const GcPageReader *reader, const char *name,
                            uint32_t width, GcPageField *ret_field)
{
    uint32_t size = 2 * reader->layout->size;
    uint64_t offset;

    if (!get_number(reader, "OFFSET", name, size, &offset) ||
        offset + width > size) {
        return false;
    }
    *ret_field = (GcPageField){(uint32_t)offset, width};
    return true;
}

/* That it is hugetlbfs's, by the number of its destructor; a kernel without
 * hugetlbfs has no such number. */
static bool learn_destructor(const GcPageReader *reader, GcPageField field)
{
    uint64_t number;

    if (get_number(reader, "NUMBER", "HUGETLB_PAGE_DTOR", 256, &number)) {
        reader->layout->is_huge = (GcPageTest){field, UINT64_MAX, number};
    }
    return true;
}

static bool learn_folio_order(const GcPageReader *reader)
{
    GcPageField destructor;

    return get_folio_field(reader, "folio._folio_dtor", 1, &destructor) &&
           get_folio_field(reader, "folio._folio_order", 1,
                           &reader->layout->order) &&
           learn_destructor(reader, destructor);
}

/* Two members side by side, so that their distance is their width: a byte,
 * a short or an int. */
static bool learn_compound_order(const GcPageReader *reader)
{
    GcPageLayout *layout = reader->layout;
    GcPageField destructor;
    uint32_t width;

    if (!get_field(reader, "page.compound_dtor", layout->size, 1,
                   &destructor) ||
        !get_field(reader, "page.compound_order", layout->size, 1,
                   &layout->order)) {
        return false;
    }
    width = layout->order.offset - destructor.offset;
    if (width != 1 && width != 2 && width != 4) {
        return false;
    }
    destructor.width = width;
    return get_field(reader, "page.compound_order", layout->size, width,
                     &layout->order) &&
           learn_destructor(reader, destructor);
}

/* In page.lru of the second page: the destructor itself, and the order. */
static bool learn_lru_order(const GcPageReader *reader)
{
    GcPageLayout *layout = reader->layout;
    uint32_t base = layout->size;
    uint64_t lru;
    uint64_t next;
    uint64_t prev;
    uint64_t function;

    if (!get_number(reader, "OFFSET", "page.lru", layout->size, &lru) ||
        !get_number(reader, "OFFSET", "list_head.next", 9, &next) ||
        !get_number(reader, "OFFSET", "list_head.prev", 9, &prev) ||
        lru + MAX(next, prev) + 8 > layout->size) {
        return false;
    }
    layout->order = (GcPageField){base + (uint32_t)(lru + prev), 8};
    if (gc_vmcoreinfo_text_get_symbol(reader->text, "free_huge_page",
                                      &function)) {
        layout->is_huge = (GcPageTest){
            {base + (uint32_t)(lru + next), 8}, UINT64_MAX, function};
    }
    return true;
}

static bool learn_huge_type(const GcPageReader *reader)
{
    return get_type(reader, "PAGE_HUGETLB_MAPCOUNT_VALUE",
                    &reader->layout->is_huge);
}

/* A flag of the second page. */
static bool learn_huge_flag(const GcPageReader *reader)
{
    GcPageTest *test = &reader->layout->is_huge;

    if (!get_flag(reader, "PG_hugetlb", test)) {
        return false;
    }
    test->field.offset += reader->layout->size;
    return true;
}

/* Both say that the order is in the flags. */
static bool learn_typed_head(const GcPageReader *reader)
{
    return learn_huge_type(reader) && learn_order_in_flags(reader);
}

static bool learn_flagged_head(const GcPageReader *reader)
{
    return learn_huge_flag(reader) && learn_order_in_flags(reader);
}

static bool learn_section_bits(const GcPageReader *reader)
{
    uint64_t bits;

    if (!get_number(reader, "NUMBER", "SECTION_SIZE_BITS", 41, &bits) ||
        bits < 24) {
        return false;
    }
    reader->layout->section_bits = (unsigned)bits;
    return true;
}

/* Not exported: what they were on each architecture. */
static bool learn_arm_section_bits(const GcPageReader *reader)
{
    reader->layout->section_bits = 30;
    return reader->is_aarch64;
}

static bool learn_old_section_bits(const GcPageReader *reader)
{
    reader->layout->section_bits = 27;
    return !reader->is_aarch64;
}

typedef struct Form {
    unsigned since;  /* the first kernel that has it so */
    unsigned until;  /* the first that has it no more, where the keys do not
                      * tell; 0 where they do */
    bool by_version; /* no key tells of it, so only kernels since then */
    const char *why;
    bool (*learn)(const GcPageReader *reader);
} Form;

typedef struct Trait {
    const char *name; /* what is not known without it */
    bool is_optional;
    Form forms[6];
} Trait;

/* clang-format off */
static const Trait traits[] = {
    {"how often a page is used", false, {
        {VERSION(4, 7), 0, false,
         "renamed, so that nobody uses it without its functions",
         learn_refcount},
        {VERSION(3, 10), 0, false, "", learn_count},
    }},
    {"which pages are cached", false, {
        {VERSION(3, 10), 0, false, "", learn_lru},
    }},
    {"which pages are in the swap cache", true, {
        {VERSION(4, 10), 0, false,
         "the flag was given further meanings, for pages not backed by swap",
         learn_swapbacked_cache},
        {VERSION(3, 10), VERSION(4, 10), false, "", learn_swapcache},
    }},
    {"which pages are anonymous", false, {
        {VERSION(3, 10), 0, false, "", learn_mapping},
    }},
    {"which pages are of the slab allocator", false, {
        {VERSION(6, 10), 0, false,
         "the flag became a page type; bit 7 is another flag since",
         learn_slab_type},
        {VERSION(3, 10), VERSION(6, 10), false, "", learn_slab_flag},
    }},
    {"which pages are free", false, {
        {VERSION(3, 10), 0, false,
         "the value has changed often (4.18, 6.11, 6.12); it is exported",
         learn_free},
    }},
    {"which pages are not yet accepted", true, {
        {VERSION(6, 16), 0, false,
         "exported for confidential guests, whose memory is accepted late",
         learn_unaccepted},
    }},
    {"which pages are offline", true, {
        {VERSION(5, 1), 0, false,
         "balloons and virtio-mem mark what they took out",
         learn_offline},
    }},
    {"which pages are broken", true, {
        {VERSION(3, 10), 0, false, "", learn_poisoned},
    }},
    {"which page is the first of several", true, {
        {VERSION(3, 10), 0, false, "", learn_head},
    }},
    {"which pages follow the first of several", false, {
        {VERSION(7, 1), 0, false, "renamed; its lowest bit is what it was",
         learn_compound_info},
        {VERSION(4, 4), 0, false,
         "tail pages point to their head, plus 1, instead of having a flag",
         learn_compound_head},
        {VERSION(3, 10), VERSION(4, 4), false, "", learn_tail_flag},
    }},
    {"how many pages are one", true, {
        {VERSION(6, 9), 0, false,
         "hugetlbfs became a page type",
         learn_typed_head},
        {VERSION(6, 6), 0, false,
         "destructors went: hugetlbfs is a flag, the order a byte of flags",
         learn_flagged_head},
        {VERSION(6, 6), 0, true, "and without hugetlbfs, no key tells of it",
         learn_order_in_flags},
        {VERSION(6, 3), 0, false, "moved from struct page to struct folio",
         learn_folio_order},
        {VERSION(4, 4), 0, false,
         "destructor by number, members of their own: int, short, since 4.16 "
         "a byte",
         learn_compound_order},
        {VERSION(3, 10), VERSION(4, 4), false, "", learn_lru_order},
    }},
    {"how large a section of memory is", true, {
        {VERSION(5, 13), 0, false, "exported", learn_section_bits},
        {VERSION(3, 10), VERSION(5, 12), false, "arm64: 1 GiB until 5.12",
         learn_arm_section_bits},
        {VERSION(3, 10), VERSION(5, 13), false, "x86_64, riscv64: 128 MiB",
         learn_old_section_bits},
    }},
};
/* clang-format on */

/* A form that is not there whole leaves nothing behind. */
static bool learn_form(const GcPageReader *reader, const Form *form)
{
    GcPageLayout before = *reader->layout;

    if (form->learn == NULL ||
        (form->until != 0 && reader->version >= form->until) ||
        (form->by_version && reader->version < form->since)) {
        return false;
    }
    if (!form->learn(reader)) {
        *reader->layout = before;
        return false;
    }
    return true;
}

static bool learn_trait(const GcPageReader *reader, const Trait *trait,
                        GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(trait->forms); i++) {
        if (learn_form(reader, &trait->forms[i])) {
            return true;
        }
    }
    if (!trait->is_optional) {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "VMCOREINFO of kernel %s does not tell %s",
                    gc_vmcoreinfo_text_get_string(reader->text, "OSRELEASE"),
                    trait->name);
    }
    return trait->is_optional;
}

bool gc_page_traits_learn(const GcPageReader *reader, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(traits); i++) {
        if (!learn_trait(reader, &traits[i], error)) {
            return false;
        }
    }
    return true;
}
