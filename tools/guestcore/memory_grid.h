/* SPDX-License-Identifier: MIT */
/* A guest's memory as a grid of cells, each with how many pages of which
 * kind it has: as many rows as can be looked at, however large the guest. */
#pragma once

#include "guestcore/filter.h"

#define MEMORY_GRID_COLUMNS 128u
#define MEMORY_GRID_MAX_ROWS 128u

typedef struct GridRow {
    GcPfn start; /* a multiple of the pages of a row */
    uint64_t cells[MEMORY_GRID_COLUMNS][GC_PAGE_KINDS]; /* pages */
} GridRow;

typedef struct MemoryGrid {
    uint32_t page_size;  /* in bytes */
    uint64_t cell_pages; /* a power of two */
    GArray *rows;        /* of GridRow: those that have memory, rising */
    uint64_t total[GC_PAGE_KINDS]; /* pages of all cells */
} MemoryGrid;

/* Returns: (transfer full): the grid of @guest, of which @map is */
MemoryGrid *memory_grid_new(const GcGuest *guest, const GcPageMap *map);
void memory_grid_free(MemoryGrid *grid);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MemoryGrid, memory_grid_free)

/* How much memory a row stands for, in bytes. */
uint64_t memory_grid_get_row_size(const MemoryGrid *grid);

/* How much memory there is, in pages. */
uint64_t memory_grid_count(const MemoryGrid *grid);
