/* SPDX-License-Identifier: MIT */
#include "dump/chunk.h"

#include <string.h>

#include "base/error.h"

/* A hole is only counted, so it can be long; but progress is told, and a
 * cancel heard, between two chunks. */
#define MAX_HOLE_PAGES (UINT64_C(1) << 18)

size_t gc_chunk_get_max_pages(const GcPlan *plan)
{
    return MAX(GC_CHUNK_SIZE / plan->page_size, 1);
}

void gc_chunk_init(GcChunk *chunk, const GcPlan *plan)
{
    size_t n = gc_chunk_get_max_pages(plan);

    *chunk = (GcChunk){
        .is_zero = g_new0(bool, n),
        .room = g_malloc(n * plan->page_size),
    };
}

void gc_chunk_clear(GcChunk *chunk)
{
    g_free(chunk->is_zero);
    g_free(chunk->room);
}

bool gc_chunk_cut(GcChunkCutter *cutter, GcChunk *chunk)
{
    const GcPlan *plan = cutter->plan;
    GcPfn first = gc_bitmap_next_set(plan->keep, cutter->at, plan->end_pfn);
    GcPfn data = gc_bitmap_next_set(plan->data, first, plan->end_pfn);
    size_t max_pages = gc_chunk_get_max_pages(plan);
    GcPfn end = (first / max_pages + 1) * max_pages;

    if (first == plan->end_pfn) {
        return false;
    }
    chunk->first = first;
    chunk->is_hole = data - first >= max_pages;
    chunk->end = chunk->is_hole ? MIN(data, first + MAX_HOLE_PAGES)
                                : MIN(end, plan->end_pfn);
    cutter->at = chunk->end;
    return true;
}

/* Stops at the first word that is not zero; most pages end soon, and the
 * compiler makes vectors of the blocks of the others. */
static bool is_all_zero(const uint8_t *bytes, size_t size)
{
    enum { BLOCK = 16 };
    uint64_t words[BLOCK];

    for (size_t at = 0; at < size; at += sizeof(words)) {
        uint64_t any = 0;

        memcpy(words, bytes + at, sizeof(words));
        for (size_t i = 0; i < BLOCK; i++) {
            any |= words[i];
        }
        if (any != 0) {
            return false;
        }
    }
    return true;
}

static void find_zeros(GcChunk *chunk, size_t page_size, GcPfn first, GcPfn end)
{
    for (GcPfn pfn = first; pfn < end; pfn++) {
        size_t i = pfn - chunk->first;

        chunk->is_zero[i] =
            is_all_zero(chunk->pages + i * page_size, page_size);
    }
}

/* Deals with each run of pages that may hold data; @memory is NULL if they
 * need no reading. */
static bool fill(GcChunk *chunk, const GcPlan *plan, GcMemory *memory,
                 GError **error)
{
    size_t page_size = plan->page_size;
    GcPfn run;
    GcPfn end;

    memset(chunk->is_zero, true, chunk->end - chunk->first);
    for (GcPfn at = chunk->first; at < chunk->end; at = end) {
        run = gc_bitmap_next_set(plan->data, at, chunk->end);
        end = gc_bitmap_next_clear(plan->data, run, chunk->end);
        if (memory != NULL &&
            !gc_memory_read_padded(memory, run * page_size,
                                   chunk->room +
                                       (run - chunk->first) * page_size,
                                   (end - run) * page_size, error)) {
            return false;
        }
        find_zeros(chunk, page_size, run, end);
    }
    return true;
}

bool gc_chunk_read(GcChunk *chunk, const GcPlan *plan, GcMemory *memory,
                   GError **error)
{
    chunk->pages = chunk->room;
    return fill(chunk, plan, memory, error);
}

bool gc_chunk_borrow(GcChunk *chunk, const GcPlan *plan, GcMemory *memory,
                     GError **error)
{
    chunk->pages =
        gc_memory_borrow(memory, chunk->first * plan->page_size,
                         (chunk->end - chunk->first) * plan->page_size);
    return chunk->pages != NULL ? fill(chunk, plan, NULL, error)
                                : gc_chunk_read(chunk, plan, memory, error);
}

uint64_t gc_chunk_count_pages(const GcChunk *chunk, const GcPlan *plan)
{
    return gc_bitmap_count_range(plan->keep, chunk->first, chunk->end);
}

uint64_t gc_chunk_count_zeros(const GcChunk *chunk, const GcPlan *plan)
{
    uint64_t n = 0;

    if (chunk->is_hole) {
        return gc_chunk_count_pages(chunk, plan);
    }
    for (GcPfn pfn = chunk->first; pfn < chunk->end; pfn++) {
        n += gc_bitmap_test(plan->keep, pfn) &&
             chunk->is_zero[pfn - chunk->first];
    }
    return n;
}
