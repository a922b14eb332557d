/* SPDX-License-Identifier: MIT */
/* A dump's pages, cut into the pieces that the pipeline works on. */
#pragma once

#include "dump/plan.h"

/* About how much guest memory one chunk holds, in bytes. */
#define GC_CHUNK_SIZE (1024u * 1024)

/* A run of page frames.  Those of it that the plan keeps are in the dump.  One
 * with data ends at a multiple of so many, so that pages which are beside each
 * other and both hold something are in the same chunk, or in two, whatever is
 * known of holes before them. */
typedef struct GcChunk {
    GcPfn first;
    GcPfn end;
    bool is_hole;         /* none of it holds data; it may then be very long */
    const uint8_t *pages; /* the memory of [first, end), once it was read */
    bool *is_zero;        /* per page: holds only zeros, or was never used */
    uint8_t *room;        /* for @pages, where they are not borrowed */
} GcChunk;

/* Where the cutting stands. */
typedef struct GcChunkCutter {
    const GcPlan *plan;
    GcPfn at;
} GcChunkCutter;

/* How many pages a chunk with data holds at most. */
size_t gc_chunk_get_max_pages(const GcPlan *plan);

/* Room for the largest chunk of @plan. */
void gc_chunk_init(GcChunk *chunk, const GcPlan *plan);
void gc_chunk_clear(GcChunk *chunk);

/**
 * gc_chunk_cut:
 * @cutter: where the cutting stands
 * @chunk: (out): the next chunk in order; what lies between two chunks is
 *     not in the dump
 *
 * Returns: false at the end
 */
bool gc_chunk_cut(GcChunkCutter *cutter, GcChunk *chunk);

/**
 * gc_chunk_read:
 * @chunk: a chunk that is no hole
 * @plan: the plan that it was cut from
 * @memory: guest memory
 * @error: (out) (optional): return location
 *
 * Reads the pages that may hold data, and finds those that hold only zeros.
 * Errors: what gc_memory_read() says
 * Threads: any thread
 */
bool gc_chunk_read(GcChunk *chunk, const GcPlan *plan, GcMemory *memory,
                   GError **error);

/**
 * gc_chunk_borrow:
 *
 * As gc_chunk_read(), but copies nothing where the memory is mapped in this
 * process.  For those who can bear that a guest which was not stopped changes
 * the pages under their eyes: a codec cannot.
 */
bool gc_chunk_borrow(GcChunk *chunk, const GcPlan *plan, GcMemory *memory,
                     GError **error);

/* How many pages of @chunk are in the dump, and how many of those are known
 * to hold only zeros, once it was read. */
uint64_t gc_chunk_count_pages(const GcChunk *chunk, const GcPlan *plan);
uint64_t gc_chunk_count_zeros(const GcChunk *chunk, const GcPlan *plan);
