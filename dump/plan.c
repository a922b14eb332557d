/* SPDX-License-Identifier: MIT */
#include "dump/plan.h"

#include "base/error.h"

void gc_plan_free(GcPlan *plan)
{
    if (plan != NULL) {
        gc_ranges_free(plan->memory);
        gc_ranges_free(plan->exist);
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

/* Adds what is wanted of [@start, @end). */
static void add_wanted(GcPlan *plan, const GcPlanOptions *options,
                       GcPaddr start, GcPaddr end)
{
    GcRange gap;

    if (options->except == NULL) {
        gc_ranges_add(plan->memory, start, end);
        return;
    }
    for (GcPaddr at = start; gc_ranges_next_gap(options->except, at, end, &gap);
         at = gap.end) {
        gc_ranges_add(plan->memory, gap.start, gap.end);
    }
}

static bool find_memory(GcPlan *plan, GcMemory *memory,
                        const GcPlanOptions *options, GError **error)
{
    GcPaddr limit =
        options->length != 0 && options->length <= UINT64_MAX - options->begin
            ? options->begin + options->length
            : UINT64_MAX;

    for (size_t i = 0; i < gc_memory_get_n_blocks(memory); i++) {
        GcMemoryBlock block = gc_memory_get_block(memory, i);

        add_wanted(plan, options, MAX(block.start, options->begin),
                   MIN(block.start + block.size, limit));
    }
    if (gc_ranges_get_n(plan->memory) == 0) {
        g_set_error(error, GC_ERROR, GC_ERROR_NO_DATA,
                    gc_memory_get_n_blocks(memory) == 0
                        ? "the guest has no memory"
                        : "the guest has no memory in the range asked for");
        return false;
    }
    return true;
}

static bool find_pages(GcPlan *plan, GError **error)
{
    size_t n = gc_ranges_get_n(plan->memory);
    GcPaddr end = gc_ranges_get(plan->memory, n - 1).end;

    plan->end_pfn = pfn_up(plan, end);
    if (plan->end_pfn > GC_PLAN_MAX_PAGES) {
        g_set_error(error, GC_ERROR, GC_ERROR_UNSUPPORTED,
                    "guest memory ends at 0x%" G_GINT64_MODIFIER
                    "x, which is too high",
                    end);
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        GcRange range = gc_ranges_get(plan->memory, i);

        gc_ranges_add(plan->exist, range.start / plan->page_size,
                      pfn_up(plan, range.end));
    }
    plan->n_exist = gc_ranges_count(plan->exist);
    return true;
}

/* How GcMemory tells where something is. */
typedef bool (*NextFunc)(GcMemory *memory, GcPaddr paddr, GcPaddr end,
                         GcPaddr *ret_start, GcPaddr *ret_end, GError **error);

/* Sets the bits of all pages of the plan's memory in which @next finds
 * something. */
static bool mark_pages(const GcPlan *plan, GcMemory *memory, NextFunc next,
                       GcBitmap *bitmap, GError **error)
{
    for (size_t i = 0; i < gc_ranges_get_n(plan->memory); i++) {
        GcRange range = gc_ranges_get(plan->memory, i);
        GcPaddr start;
        GcPaddr end;

        for (GcPaddr at = range.start; at < range.end; at = end) {
            if (!next(memory, at, range.end, &start, &end, error)) {
                return false;
            }
            if (start < end) {
                gc_bitmap_set_range(bitmap, start / plan->page_size,
                                    pfn_up(plan, end));
            }
        }
    }
    return true;
}

/* A page of which something is missing is not there. */
static bool clear_absent_pages(GcPlan *plan, GcMemory *memory, GError **error)
{
    for (size_t i = 0; i < gc_ranges_get_n(plan->memory); i++) {
        GcRange range = gc_ranges_get(plan->memory, i);
        GcPaddr start;
        GcPaddr end;

        for (GcPaddr at = range.start; at < range.end; at = end) {
            if (!gc_memory_next_present(memory, at, range.end, &start, &end,
                                        error)) {
                return false;
            }
            if (at < start) {
                GcPfn first = at / plan->page_size;
                GcPfn stop = pfn_up(plan, start);

                gc_bitmap_clear_range(plan->keep, first, stop);
                gc_bitmap_clear_range(plan->data, first, stop);
            }
        }
    }
    return true;
}

/* Copies no words that are zero, for the bitmap is large and mostly that. */
static GcBitmap *copy_bitmap(const GcBitmap *bitmap)
{
    uint64_t n = gc_bitmap_get_n_bits(bitmap);
    GcBitmap *copy = gc_bitmap_new(n);
    uint64_t end;

    for (uint64_t at = gc_bitmap_next_set(bitmap, 0, n); at < n;
         at = gc_bitmap_next_set(bitmap, end, n)) {
        end = gc_bitmap_next_clear(bitmap, at, n);
        gc_bitmap_set_range(copy, at, end);
    }
    return copy;
}

/* Leaves out the kinds of pages that a dump of this level is without. */
static void leave_out_kinds(GcPlan *plan, const GcPlanOptions *options)
{
    GcPageRun run;

    if (options->kinds == NULL) {
        return;
    }
    plan->level = options->level;
    for (GcPfn at = 0; gc_page_map_get_run(options->kinds, at, &run);
         at = run.start + run.length) {
        GcPfn start = MIN(run.start, plan->end_pfn);
        GcPfn end = MIN(run.start + run.length, plan->end_pfn);

        if (gc_page_kind_is_left_out(run.kind, options->level)) {
            plan->n_left_out[run.kind] +=
                gc_bitmap_count_range(plan->keep, start, end);
            gc_bitmap_clear_range(plan->keep, start, end);
            gc_bitmap_clear_range(plan->data, start, end);
        }
    }
}

static void leave_out_unused(GcPlan *plan, const GcPlanOptions *options)
{
    if (plan->n_keep - plan->n_data > options->max_unused) {
        gc_bitmap_free(plan->keep);
        plan->keep = copy_bitmap(plan->data);
        plan->n_keep = plan->n_data;
        plan->unused_left_out = true;
    }
}

GcPlan *gc_plan_new_part(const GcGuest *guest, const GcPlanOptions *options,
                         GError **error)
{
    GcMemory *memory = gc_guest_get_memory(guest);
    g_autoptr(GcPlan) plan = g_new0(GcPlan, 1);

    plan->page_size = gc_guest_get_page_size(guest);
    plan->memory = gc_ranges_new();
    plan->exist = gc_ranges_new();
    if (!find_memory(plan, memory, options, error) ||
        !find_pages(plan, error)) {
        return NULL;
    }
    plan->keep = gc_bitmap_new(plan->end_pfn);
    plan->data = gc_bitmap_new(plan->end_pfn);
    if (!mark_pages(plan, memory, gc_memory_next_present, plan->keep, error) ||
        !mark_pages(plan, memory, gc_memory_next_data, plan->data, error) ||
        !clear_absent_pages(plan, memory, error)) {
        return NULL;
    }
    plan->n_absent =
        plan->n_exist - gc_bitmap_count_range(plan->keep, 0, plan->end_pfn);
    leave_out_kinds(plan, options);
    plan->n_keep = gc_bitmap_count_range(plan->keep, 0, plan->end_pfn);
    plan->n_data = gc_bitmap_count_range(plan->data, 0, plan->end_pfn);
    leave_out_unused(plan, options);
    return g_steal_pointer(&plan);
}

GcPlan *gc_plan_new(const GcGuest *guest, GError **error)
{
    const GcPlanOptions all = {.max_unused = UINT64_MAX};

    return gc_plan_new_part(guest, &all, error);
}
