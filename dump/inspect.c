/* SPDX-License-Identifier: MIT */
#include "dump/inspect.h"

#include <string.h>

#include "dump/format/format.h"
#include "dump/open.h"
#include "dump/other_memory.h"

void gc_dump_inspection_object(GcDumpInspection *inspection, const char *format,
                               ...)
{
    va_list args;

    va_start(args, format);
    g_ptr_array_add(inspection->objections, g_strdup_vprintf(format, args));
    va_end(args);
}

void gc_dump_inspection_add_packed(GcDumpInspection *inspection,
                                   const GcCodec *codec, uint64_t bytes)
{
    const char *name = codec != NULL ? codec->name : "unknown";
    GcDumpPacked *packed = inspection->pages.packed;

    /* The last one stays empty; there are not so many codecs. */
    for (size_t i = 0; i + 1 < GC_DUMP_MAX_PACKED; i++) {
        if (packed[i].codec == NULL || strcmp(packed[i].codec, name) == 0) {
            packed[i].codec = name;
            packed[i].pages++;
            packed[i].bytes += bytes;
            return;
        }
    }
}

static uint64_t sum_ranges(const GcRanges *ranges)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < gc_ranges_get_n(ranges); i++) {
        sum += gc_ranges_get(ranges, i).end - gc_ranges_get(ranges, i).start;
    }
    return sum;
}

/* What does not depend on the format. */
static void inspect_guest(GcDumpInspection *inspection, const GcGuest *guest)
{
    g_autoptr(GcRanges) other = gc_other_memory_find(guest);
    uint64_t other_size = sum_ranges(other);

    if (gc_guest_get_vmcoreinfo(guest) == NULL) {
        gc_dump_inspection_object(
            inspection, "there is no VMCOREINFO: makedumpfile and drgn refuse "
                        "it, and crash may not find the kernel");
    }
    if (gc_guest_get_n_cpus(guest) == 0) {
        gc_dump_inspection_object(inspection,
                                  "there are no registers: gdb does not open "
                                  "it, and backtraces of running tasks are "
                                  "guesses");
    }
    if (gc_guest_is_incomplete(guest)) {
        gc_dump_inspection_object(inspection,
                                  "it was not written to its end: what is "
                                  "missing is an error or zeros");
    }
    if (other_size > 0) {
        gc_dump_inspection_object(
            inspection,
            "%" G_GUINT64_FORMAT
            " bytes of it are not the kernel's memory: makedumpfile fails or "
            "picks wrong pages; 'guestcore convert' leaves them out",
            other_size);
    }
}

static GcDumpInspection *inspect_images(const GPtrArray *images,
                                        const GcFormat *format, GError **error)
{
    GcImageReader *const *readers = (GcImageReader *const *)images->pdata;
    g_autoptr(GcDumpInspection) inspection = g_new0(GcDumpInspection, 1);
    GcDumpInfo info;
    g_autoptr(GcGuest) guest = gc_open_guest(images, format, &info, error);

    inspection->objections = g_ptr_array_new_null_terminated(0, g_free, TRUE);
    if (guest == NULL) {
        return NULL;
    }
    inspect_guest(inspection, guest);
    if (!format->inspect(readers, images->len, guest, inspection, error)) {
        return NULL;
    }
    if (info.is_flattened) {
        gc_dump_inspection_object(
            inspection, "it is flattened: makedumpfile reads it only with -R, "
                        "older drgn not at all, and crash is slow to open it; "
                        "'guestcore convert' makes it plain");
    }
    return g_steal_pointer(&inspection);
}

GcDumpInspection *gc_dump_inspect(const char *const *paths, GError **error)
{
    g_autoptr(GPtrArray) images = gc_open_images(paths, error);
    const GcFormat *format =
        images != NULL ? gc_open_probe(images, paths, error) : NULL;
    GcDumpInspection *inspection = NULL;

    if (format != NULL) {
        inspection = inspect_images(images, format, error);
        if (inspection == NULL) {
            g_prefix_error(error, "%s: ", paths[0]);
        }
    }
    return inspection;
}

void gc_dump_inspection_free(GcDumpInspection *inspection)
{
    if (inspection != NULL) {
        g_clear_pointer(&inspection->objections, g_ptr_array_unref);
        g_free(inspection);
    }
}

const GcDumpPages *
gc_dump_inspection_get_pages(const GcDumpInspection *inspection)
{
    return &inspection->pages;
}

const char *const *
gc_dump_inspection_get_objections(const GcDumpInspection *inspection)
{
    static const char *const none[] = {NULL};

    return inspection->objections->len > 0
               ? (const char *const *)inspection->objections->pdata
               : none;
}
