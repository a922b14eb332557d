/* SPDX-License-Identifier: MIT */
#include "dump/copy_first.h"

#include "base/error.h"
#include "base/host_memory.h"
#include "dump/memory_copy.h"

/* The addresses of the pages that are not left out. */
static GcRanges *find_wanted(const GcPageMap *kinds, unsigned level,
                             uint32_t page_size)
{
    GcRanges *wanted = gc_ranges_new();
    GcPageRun run;

    for (GcPfn at = 0; gc_page_map_get_run(kinds, at, &run);
         at = run.start + run.length) {
        if (!gc_page_kind_is_left_out(run.kind, level)) {
            gc_ranges_add(wanted, run.start * page_size,
                          (run.start + run.length) * page_size);
        }
    }
    return wanted;
}

static bool check_room(GcMemory *memory, const GcRanges *wanted, GError **error)
{
    uint64_t spare = gc_host_memory_get_spare();
    uint64_t size;

    if (!gc_memory_count_data(memory, wanted, &size, error)) {
        return false;
    }
    if (size > spare / 4 * 3) {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "the host has %" G_GUINT64_FORMAT
                    " MiB to spare, and a copy of the guest's memory needs "
                    "%" G_GUINT64_FORMAT " MiB",
                    spare >> 20, size >> 20);
        return false;
    }
    return true;
}

GcMemory *gc_copy_first(const GcGuest *guest, const GcPageMap *kinds,
                        unsigned level, unsigned threads,
                        bool (*is_cancelled)(void *user_data), void *user_data,
                        GError **error)
{
    GcMemory *memory = gc_guest_get_memory(guest);
    g_autoptr(GcRanges) wanted = NULL;

    if (kinds != NULL) {
        wanted = find_wanted(kinds, level, gc_guest_get_page_size(guest));
    }
    if (!check_room(memory, wanted, error)) {
        return NULL;
    }
    return gc_memory_copy(memory, wanted, threads, is_cancelled, user_data,
                          error);
}
