/* SPDX-License-Identifier: MIT */
#include "dump/format/kdump_inspect.h"

#include <string.h>

#include "dump/format/kdump_pages.h"
#include "dump/inspect.h"

/* How many descriptors are looked at at once. */
#define STEP 4096

/* Pages of zeros are one page in the file, to which all their descriptors
 * lead.  All writers have it before any other. */
typedef struct Scan {
    const GcKdumpPages *pages;
    GcDumpInspection *inspection;
    uint64_t lowest; /* place in the file of a page that is not packed */
    uint64_t n_lowest;
    uint64_t last; /* place of the packed page before */
} Scan;

static void count_raw(Scan *scan, uint64_t offset)
{
    GcDumpPages *pages = &scan->inspection->pages;

    if (offset < scan->lowest) {
        pages->raw += scan->n_lowest;
        scan->lowest = offset;
        scan->n_lowest = 1;
    } else if (offset == scan->lowest) {
        scan->n_lowest++;
    } else {
        pages->raw++;
    }
}

static void count_desc(Scan *scan, const GcKdumpPageDesc *desc)
{
    if (desc->flags != 0) {
        /* Pages that are alike may share a place. */
        gc_dump_inspection_add_packed(
            scan->inspection, gc_codec_find_flag(desc->flags),
            desc->offset != scan->last ? desc->size : 0);
        scan->last = desc->offset;
    } else {
        count_raw(scan, desc->offset);
    }
}

/* Counts the stored pages [@first, @end), which one file has. */
static bool count_run(Scan *scan, const GcKdumpPart *part, GcPfn first,
                      GcPfn end, GError **error)
{
    g_autofree GcKdumpPageDesc *descs = g_new0(GcKdumpPageDesc, end - first);

    if (!gc_kdump_pages_read_descs(scan->pages, part, first, end - first, descs,
                                   error)) {
        return false;
    }
    for (GcPfn pfn = first; pfn < end; pfn++) {
        count_desc(scan, &descs[pfn - first]);
    }
    return true;
}

/* The first run of pages of [@at, @limit) that the file has; what is missing
 * before it is counted.  False if there is none. */
static bool find_run(Scan *scan, GcPfn at, GcPfn limit, GcPfn *ret_first,
                     GcPfn *ret_end)
{
    const GcKdumpPages *pages = scan->pages;
    GcPfn first = gc_bitmap_next_set(pages->stored, at, limit);

    while (first < limit && !gc_kdump_pages_is_present(pages, first)) {
        scan->inspection->pages.missing++;
        first = gc_bitmap_next_set(pages->stored, first + 1, limit);
    }
    *ret_first = first;
    *ret_end =
        gc_bitmap_next_clear(pages->stored, first, MIN(first + STEP, limit));
    if (pages->missing != NULL) {
        *ret_end = gc_bitmap_next_set(pages->missing, first, *ret_end);
    }
    return first < limit;
}

static bool count_part(Scan *scan, const GcKdumpPart *part, GError **error)
{
    GcPfn first;
    GcPfn end = part->head.start_pfn;

    scan->lowest = UINT64_MAX;
    scan->n_lowest = 0;
    while (find_run(scan, end, part->head.end_pfn, &first, &end)) {
        if (!count_run(scan, part, first, end, error)) {
            return false;
        }
    }
    if (scan->n_lowest > 1) {
        scan->inspection->pages.zero += scan->n_lowest;
    } else {
        scan->inspection->pages.raw += scan->n_lowest;
    }
    return true;
}

static bool count_pages(const GcKdumpPages *pages, GcDumpInspection *inspection,
                        GError **error)
{
    uint64_t n = gc_bitmap_get_n_bits(pages->exist);
    uint64_t exist = gc_bitmap_count_range(pages->exist, 0, n);
    uint64_t stored = gc_bitmap_count_range(pages->stored, 0, n);
    Scan scan = {.pages = pages, .inspection = inspection};

    inspection->pages.memory = exist;
    inspection->pages.left_out = exist - MIN(stored, exist);
    for (guint i = 0; i < pages->parts->len; i++) {
        if (!count_part(&scan, &g_array_index(pages->parts, GcKdumpPart, i),
                        error)) {
            return false;
        }
    }
    return true;
}

static void inspect_utsname(const GcKdumpHead *head,
                            GcDumpInspection *inspection)
{
    const GcUtsname *uts = &head->header.uts;

    if (strncmp(uts->sysname, "Linux", GC_UTSNAME_LENGTH) != 0 ||
        uts->release[0] == '\0' || uts->version[0] == '\0' ||
        uts->machine[0] == '\0') {
        gc_dump_inspection_object(inspection,
                                  "utsname is not filled: libkdumpfile, and "
                                  "so drgn, does not know the architecture; "
                                  "'guestcore convert' fills it");
    }
}

static void inspect_phys_base(const GcKdumpHead *head, const GcGuest *guest,
                              GcDumpInspection *inspection)
{
    int64_t phys_base;

    if (gc_guest_get_phys_base(guest, &phys_base) &&
        (int64_t)head->sub.phys_base != phys_base) {
        gc_dump_inspection_object(
            inspection,
            "its header has another phys_base (0x%" G_GINT64_MODIFIER
            "x) than VMCOREINFO (0x%" G_GINT64_MODIFIER
            "x): makedumpfile finds no kernel; 'guestcore convert' puts it "
            "right",
            head->sub.phys_base, (uint64_t)phys_base);
    }
}

static void inspect_vmcoreinfo(const GcKdumpHead *head, const GcGuest *guest,
                               GcDumpInspection *inspection)
{
    if (gc_guest_get_vmcoreinfo(guest) != NULL &&
        (head->sub.offset_vmcoreinfo == 0 || head->sub.size_vmcoreinfo == 0)) {
        gc_dump_inspection_object(inspection,
                                  "its header does not tell where VMCOREINFO "
                                  "is: crash and makedumpfile do not find it; "
                                  "'guestcore convert' tells");
    }
}

static void inspect_codecs(GcDumpInspection *inspection)
{
    for (const GcDumpPacked *packed = inspection->pages.packed;
         packed->codec != NULL; packed++) {
        if (strcmp(packed->codec, "zlib") != 0) {
            gc_dump_inspection_object(
                inspection,
                "pages are packed by %s: not every build of the readers has "
                "that",
                packed->codec);
        }
    }
}

bool gc_kdump_inspect(GcImageReader *const *images, size_t n_images,
                      const GcGuest *guest, GcDumpInspection *inspection,
                      GError **error)
{
    g_autoptr(GcKdumpPages) pages = gc_kdump_pages_new(images, n_images, error);
    const GcKdumpHead *head;

    if (pages == NULL || !count_pages(pages, inspection, error)) {
        return false;
    }
    head = &gc_kdump_pages_get_first(pages)->head;
    inspect_utsname(head, inspection);
    inspect_phys_base(head, guest, inspection);
    inspect_vmcoreinfo(head, guest, inspection);
    inspect_codecs(inspection);
    return true;
}
