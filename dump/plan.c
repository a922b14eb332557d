/* SPDX-License-Identifier: MIT */
#include "dump/plan.h"

#include "base/error.h"

void gc_plan_free(GcPlan *plan)
{
    if (plan != NULL) {
        gc_bitmap_free(plan->keep);
        gc_bitmap_free(plan->data);
        g_free(plan);
    }
}

/* The page after the one in which byte @end - 1 lies. */
static GcPfn pfn_up(const GcPlan *plan, GcPaddr end)
{
    return end / plan->page_size + (end % plan->page_size != 0);
}

static bool find_end(GcPlan *plan, GcMemory *memory, GError **error)
{
    size_t n = gc_memory_get_n_blocks(memory);
    GcMemoryBlock last;

    if (n == 0) {
        g_set_error(error, GC_ERROR, GC_ERROR_NO_DATA,
                    "the guest has no memory");
        return false;
    }
    last = gc_memory_get_block(memory, n - 1);
    plan->end_pfn = pfn_up(plan, last.start + last.size);
    if (plan->end_pfn > GC_PLAN_MAX_PAGES) {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "guest memory ends at 0x%" G_GINT64_MODIFIER
                    "x, which is too high",
                    last.start + last.size);
        return false;
    }
    return true;
}

static void set_pages(const GcPlan *plan, GcBitmap *bitmap, GcPaddr start,
                      GcPaddr end)
{
    gc_bitmap_set_range(bitmap, start / plan->page_size, pfn_up(plan, end));
}

static bool add_block(GcPlan *plan, GcMemory *memory, GcMemoryBlock block,
                      GError **error)
{
    GcPaddr end = block.start + block.size;
    GcPaddr data_start;
    GcPaddr data_end;

    set_pages(plan, plan->keep, block.start, end);
    for (GcPaddr at = block.start; at < end; at = data_end) {
        if (!gc_memory_next_data(memory, at, end, &data_start, &data_end,
                                 error)) {
            return false;
        }
        if (data_start < data_end) {
            set_pages(plan, plan->data, data_start, data_end);
        }
    }
    return true;
}

GcPlan *gc_plan_new(const GcGuest *guest, GError **error)
{
    GcMemory *memory = gc_guest_get_memory(guest);
    g_autoptr(GcPlan) plan = g_new0(GcPlan, 1);

    plan->page_size = gc_guest_get_page_size(guest);
    if (!find_end(plan, memory, error)) {
        return NULL;
    }
    plan->keep = gc_bitmap_new(plan->end_pfn);
    plan->data = gc_bitmap_new(plan->end_pfn);
    for (size_t i = 0; i < gc_memory_get_n_blocks(memory); i++) {
        if (!add_block(plan, memory, gc_memory_get_block(memory, i), error)) {
            return NULL;
        }
    }
    plan->n_keep = gc_bitmap_count_range(plan->keep, 0, plan->end_pfn);
    plan->n_data = gc_bitmap_count_range(plan->data, 0, plan->end_pfn);
    return g_steal_pointer(&plan);
}
