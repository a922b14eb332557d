/* SPDX-License-Identifier: MIT */
/* The kernel knows best: memory that it has no section for has no struct
 * page, so it is nothing that it uses as RAM.  Follows Linux's
 * include/linux/mmzone.h (SPARSEMEM) and what VMCOREINFO says of it.
 *
 * Where the kernel cannot be asked, only what no PC has as RAM is known: all
 * RAM below 4 GiB is one piece from 1 MiB on, so what lies apart from it in
 * the last GiB below is a device. */
#include "dump/other_memory.h"

#include <string.h>

#include "base/byteorder.h"
#include "guest/kernel.h"
#include "guest/translate.h"

#define WORD 8 /* only kernels of 64 bits are asked */

/* Bounds on what a file can make us do: sections of 16 MiB to 1 GiB, and
 * roots for 4 PiB of the former. */
#define MIN_SECTION_BITS 24
#define MAX_SECTION_BITS 30
#define MAX_ROOTS (UINT64_C(1) << 21)

#define X86_64_SECTION_BITS 27

#define SECTION_MARKED_PRESENT 1u

#define DEVICES_START (UINT64_C(3) << 30)
#define DEVICES_END (UINT64_C(4) << 30)

/* The kernel's memory sections. */
typedef struct Sections {
    GcTranslator *translator;
    bool big_endian;
    uint64_t roots;    /* virtual address of the pointers to the roots */
    uint64_t n_roots;  /* a root is a page of sections */
    uint64_t size;     /* of a section's structure, in bytes */
    uint64_t offset;   /* of the word in it that tells if it is present */
    uint64_t per_root; /* sections */
    unsigned bits;     /* of an address inside a section */
} Sections;

static bool get_number(const GcVmcoreinfoText *text, const char *kind,
                       const char *name, uint64_t max, uint64_t *ret_value)
{
    int64_t value;

    if (!gc_vmcoreinfo_text_get_number(text, kind, name, &value) || value < 0 ||
        (uint64_t)value > max) {
        return false;
    }
    *ret_value = (uint64_t)value;
    return true;
}

static bool get_section_bits(const GcVmcoreinfoText *text, const GcArch *arch,
                             unsigned *ret_bits)
{
    int64_t bits;

    if (!gc_vmcoreinfo_text_get_number(text, "NUMBER", "SECTION_SIZE_BITS",
                                       &bits)) {
        *ret_bits = X86_64_SECTION_BITS;
        return strcmp(arch->name, "x86_64") == 0;
    }
    *ret_bits = (unsigned)bits;
    return bits >= MIN_SECTION_BITS && bits <= MAX_SECTION_BITS;
}

static bool init_sections(Sections *sections, const GcGuest *guest)
{
    const GcArch *arch = gc_guest_get_arch_info(guest);
    const GcVmcoreinfoText *text = gc_guest_get_vmcoreinfo_text(guest);
    GcPageTable table;

    if (text == NULL || !arch->encoding.is_64bit ||
        arch->get_page_table == NULL || !arch->get_page_table(text, &table) ||
        !gc_vmcoreinfo_text_get_symbol(text, "mem_section", &sections->roots) ||
        !get_number(text, "LENGTH", "mem_section", MAX_ROOTS,
                    &sections->n_roots) ||
        !get_number(text, "SIZE", "mem_section", arch->page_size,
                    &sections->size) ||
        !get_number(text, "OFFSET", "mem_section.section_mem_map",
                    sections->size, &sections->offset) ||
        !get_section_bits(text, arch, &sections->bits) ||
        sections->size < sections->offset + WORD) {
        return false;
    }
    sections->big_endian = arch->encoding.big_endian;
    sections->per_root = arch->page_size / sections->size;
    sections->translator =
        gc_translator_new(gc_guest_get_memory(guest), &table);
    return true;
}

static void add_section(const Sections *sections, uint64_t number,
                        GcRanges *ram)
{
    uint64_t start = number << sections->bits;

    gc_ranges_add(ram, start, start + (UINT64_C(1) << sections->bits));
}

/* Adds the sections of one root that are present.  A root that cannot be
 * read makes all that is known doubtful. */
static bool add_root(const Sections *sections, uint64_t root, uint64_t index,
                     GcRanges *ram)
{
    size_t size = (size_t)(sections->per_root * sections->size);
    g_autofree uint8_t *page = g_malloc(size);

    if (!gc_translator_read(sections->translator, root, page, size, NULL)) {
        return false;
    }
    for (uint64_t i = 0; i < sections->per_root; i++) {
        uint64_t word =
            gc_get_uint(page + i * sections->size + sections->offset, WORD,
                        sections->big_endian);

        if ((word & SECTION_MARKED_PRESENT) != 0) {
            add_section(sections, index * sections->per_root + i, ram);
        }
    }
    return true;
}

static bool add_roots(const Sections *sections, GcRanges *ram)
{
    size_t size = (size_t)sections->n_roots * WORD;
    g_autofree uint8_t *roots = g_malloc(size);

    if (!gc_translator_read(sections->translator, sections->roots, roots, size,
                            NULL)) {
        return false;
    }
    for (uint64_t i = 0; i < sections->n_roots; i++) {
        uint64_t root =
            gc_get_uint(roots + i * WORD, WORD, sections->big_endian);

        if (root != 0 && !add_root(sections, root, i, ram)) {
            return false;
        }
    }
    return gc_ranges_get_n(ram) > 0;
}

/* Whether the kernel tells what is RAM; it does not if it says that its own
 * image is elsewhere. */
static bool ask_kernel(const GcGuest *guest, GcRanges *ram)
{
    Sections sections = {.n_roots = 0};
    GcMapping image;
    size_t at;
    bool ok;

    if (!gc_kernel_find_image(guest, &image) ||
        !init_sections(&sections, guest)) {
        return false;
    }
    ok = add_roots(&sections, ram);
    gc_translator_free(sections.translator);
    at = gc_ranges_find(ram, image.paddr);
    return ok && at < gc_ranges_get_n(ram) &&
           gc_ranges_get(ram, at).start <= image.paddr;
}

/* What of the guest's memory is not in @ram. */
static void add_rest(GcMemory *memory, const GcRanges *ram, GcRanges *other)
{
    for (size_t i = 0; i < gc_memory_get_n_blocks(memory); i++) {
        GcMemoryBlock block = gc_memory_get_block(memory, i);
        GcPaddr end = block.start + block.size;
        GcRange gap;

        for (GcPaddr at = block.start; gc_ranges_next_gap(ram, at, end, &gap);
             at = gap.end) {
            gc_ranges_add(other, gap.start, gap.end);
        }
    }
}

static bool is_pc(const GcGuest *guest)
{
    const char *arch = gc_guest_get_arch(guest);

    return strcmp(arch, "x86_64") == 0 || strcmp(arch, "i386") == 0;
}

static void add_devices(GcMemory *memory, GcRanges *other)
{
    GcPaddr last_end = 0;

    for (size_t i = 0; i < gc_memory_get_n_blocks(memory); i++) {
        GcMemoryBlock block = gc_memory_get_block(memory, i);
        GcPaddr end = block.start + block.size;

        if (block.start >= DEVICES_START && end <= DEVICES_END &&
            block.start != last_end) {
            gc_ranges_add(other, block.start, end);
        } else {
            last_end = end;
        }
    }
}

GcRanges *gc_other_memory_find(const GcGuest *guest)
{
    GcMemory *memory = gc_guest_get_memory(guest);
    g_autoptr(GcRanges) ram = gc_ranges_new();
    GcRanges *other = gc_ranges_new();

    if (ask_kernel(guest, ram)) {
        add_rest(memory, ram, other);
    } else if (is_pc(guest)) {
        add_devices(memory, other);
    }
    return other;
}
