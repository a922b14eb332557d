/* SPDX-License-Identifier: MIT */
/* A guest's memory and VMCOREINFO, as the page filter reads them.  The input
 * spoils a guest that is in order: the first byte chooses its kernel, and each
 * ten bytes behind it write 8 bytes over something of it: a number of its
 * VMCOREINFO, page tables, the table of sections, or struct pages.
 *
 * Whatever comes of it, there is a map or an error that gc_page_map_new()
 * announces, in bounded time, and a map is of all of the guest's pages. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tests/lib/pagegen.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_KERNELS 32
#define OP_SIZE 10
#define MAX_OPS 64

/* One of the 8 bytes that were there before. */
typedef struct Undo {
    uint8_t *to;
    uint8_t bytes[8];
} Undo;

/* A guest is made once, and put in order after each run. */
static Pagegen *get_pages(uint8_t number)
{
    static Pagegen *known[MAX_KERNELS];
    static PagegenKernel kernels[MAX_KERNELS];
    size_t n = 0;
    size_t i;

    while (pagegen_kernels[n].release != NULL) {
        n++;
    }
    g_assert(n <= MAX_KERNELS);
    i = number % n;
    if (known[i] == NULL) {
        kernels[i] = pagegen_make_small(&pagegen_kernels[i]);
        known[i] = pagegen_new_full(&kernels[i]);
    }
    return known[i];
}

/* Where a write of @kind goes; @offset chooses the place there. */
static uint8_t *find_place(const Pagegen *pages, unsigned kind, uint32_t offset)
{
    switch (kind) {
    case 0: /* the topmost page table, and what else is in the image */
        return guestgen_at(pages->gen, offset % (GUESTGEN_MIB / 8) * 8);
    case 1: /* the others; there are few */
        return guestgen_at(pages->gen, PAGEGEN_TABLES + offset % 0x4000 * 8);
    case 2:
        return guestgen_at(pages->gen, PAGEGEN_SECTIONS + offset % 64 * 8);
    case 3:
        return guestgen_at(pages->gen, PAGEGEN_SECTION_PAGE + offset % 64 * 8);
    default: /* one of the first struct pages, where there are all kinds */
        return pagegen_at(pages, 1024 + offset / 8 % 1024) + offset % 8 * 8;
    }
}

/* Gives the @index-th line of the text another number. */
static void spoil_text(GString *text, unsigned index, uint64_t value)
{
    g_auto(GStrv) lines = g_strsplit(text->str, "\n", -1);
    char **line = &lines[index % (g_strv_length(lines) - 1)];
    char *equals = strchr(*line, '=');
    g_autofree char *key = NULL;
    g_autofree char *joined = NULL;

    if (equals == NULL) {
        return;
    }
    key = g_strndup(*line, (gsize)(equals - *line));
    g_free(*line);
    *line = g_str_has_prefix(key, "SYMBOL")
                ? g_strdup_printf("%s=%" G_GINT64_MODIFIER "x", key, value)
                : g_strdup_printf("%s=%" G_GINT64_FORMAT, key, (int64_t)value);
    joined = g_strjoinv("\n", lines);
    g_string_assign(text, joined);
}

static uint64_t get_value(const uint8_t *op)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < 6; i++) {
        value |= (uint64_t)op[4 + i] << 8 * i;
    }
    /* 48 bits, extended as those of an address are. */
    return (uint64_t)((int64_t)(value << 16) >> 16);
}

static void spoil(Pagegen *pages, const uint8_t *op, GArray *undos)
{
    unsigned kind = op[0] % 8;
    uint32_t offset = op[1] | (uint32_t)op[2] << 8 | (uint32_t)op[3] << 16;
    uint64_t value = get_value(op);
    Undo undo;

    if (kind >= 5) {
        spoil_text(pages->text, offset, value);
        return;
    }
    undo.to = find_place(pages, kind, offset);
    memcpy(undo.bytes, undo.to, sizeof(undo.bytes));
    g_array_append_val(undos, undo);
    for (unsigned i = 0; i < 8; i++) {
        undo.to[i] = (uint8_t)(value >> 8 * i);
    }
}

static void repair(GArray *undos)
{
    for (guint i = undos->len; i-- > 0;) {
        Undo *undo = &g_array_index(undos, Undo, i);

        memcpy(undo->to, undo->bytes, sizeof(undo->bytes));
    }
}

static void check_map(const GcPageMap *map, const Pagegen *pages)
{
    uint64_t n = 0;
    GcPageRun run;

    for (int kind = GC_PAGE_NONE; kind < GC_PAGE_KINDS; kind++) {
        n += gc_page_map_count(map, (GcPageKind)kind);
    }
    g_assert(n ==
             pages->kernel->ram_mib * GUESTGEN_MIB >> pages->shape->page_shift);
    for (GcPfn pfn = 0; gc_page_map_get_run(map, pfn, &run);
         pfn += run.length) {
        g_assert(run.start == pfn && run.length > 0);
        g_assert(run.kind > GC_PAGE_NONE && run.kind < GC_PAGE_KINDS);
    }
}

static void look(Pagegen *pages, unsigned threads)
{
    g_autoptr(GcGuest) guest = pagegen_make_guest(pages);
    g_autoptr(GError) error = NULL;
    g_autoptr(GcPageMap) map =
        gc_page_map_new(guest, threads, NULL, NULL, &error);

    g_assert((map == NULL) != (error == NULL));
    if (map != NULL) {
        check_map(map, pages);
    } else {
        g_assert(error->code == GC_ERROR_NO_DATA ||
                 error->code == GC_ERROR_UNSUPPORTED ||
                 error->code == GC_ERROR_FORMAT);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GArray) undos = g_array_new(FALSE, FALSE, sizeof(Undo));
    Pagegen *pages;
    g_autofree char *text = NULL;

    if (size == 0 || size > 1 + MAX_OPS * OP_SIZE) {
        return 0;
    }
    pages = get_pages(data[0] & 0x7f);
    text = g_strdup(pages->text->str);
    for (size_t at = 1; at + OP_SIZE <= size; at += OP_SIZE) {
        spoil(pages, data + at, undos);
    }
    look(pages, data[0] >> 7);
    repair(undos);
    g_string_assign(pages->text, text);
    return 0;
}
