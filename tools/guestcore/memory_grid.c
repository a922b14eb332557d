/* SPDX-License-Identifier: MIT */
#include "memory_grid.h"

/* Finds the rows of @row_size bytes that have memory, in order, but no more
 * than one too many.  Returns how many there are; @rows may be NULL. */
static size_t find_rows(const GcGuest *guest, uint64_t row_size, GArray *rows)
{
    const GcMemory *memory = gc_guest_get_memory(guest);
    uint32_t page_size = gc_guest_get_page_size(guest);
    uint64_t next = 0; /* the first row that was not counted */
    size_t n = 0;

    for (size_t i = 0; i < gc_memory_get_n_blocks(memory); i++) {
        GcMemoryBlock block = gc_memory_get_block(memory, i);
        uint64_t last = (block.start + (block.size - 1)) / row_size;

        next = MAX(next, block.start / row_size);
        for (; next <= last && n <= MEMORY_GRID_MAX_ROWS; next++, n++) {
            if (rows != NULL) {
                g_array_set_size(rows, (guint)n + 1);
                g_array_index(rows, GridRow, n).start =
                    next * (row_size / page_size);
            }
        }
    }
    return n;
}

/* The smallest cells with which the rows are not too many.  It ends: there
 * are no more rows of 2^57 bytes than are wanted. */
static uint64_t choose_cell_pages(const GcGuest *guest)
{
    uint64_t row_size =
        (uint64_t)gc_guest_get_page_size(guest) * MEMORY_GRID_COLUMNS;
    unsigned bits = 0;

    while (find_rows(guest, row_size << bits, NULL) > MEMORY_GRID_MAX_ROWS) {
        bits++;
    }
    return UINT64_C(1) << bits;
}

/* The row that @pfn is in; NULL if it has no memory. */
static GridRow *find_row(const MemoryGrid *grid, GcPfn pfn)
{
    guint low = 0;
    guint high = grid->rows->len;

    while (low < high) {
        guint middle = low + (high - low) / 2;
        GridRow *row = &g_array_index(grid->rows, GridRow, middle);

        if (pfn < row->start) {
            high = middle;
        } else if (pfn - row->start >= grid->cell_pages * MEMORY_GRID_COLUMNS) {
            low = middle + 1;
        } else {
            return row;
        }
    }
    return NULL;
}

static void add_run(MemoryGrid *grid, const GcPageRun *run)
{
    GcPfn end = run->start + run->length;
    GcPfn next;

    for (GcPfn pfn = run->start; pfn < end; pfn = next) {
        GridRow *row = find_row(grid, pfn);
        uint64_t part;

        next = MIN(end, (pfn / grid->cell_pages + 1) * grid->cell_pages);
        part = next - pfn;
        if (row != NULL) {
            row->cells[(pfn - row->start) / grid->cell_pages][run->kind] +=
                part;
            grid->total[run->kind] += part;
        }
    }
}

MemoryGrid *memory_grid_new(const GcGuest *guest, const GcPageMap *map)
{
    MemoryGrid *grid = g_new0(MemoryGrid, 1);
    GcPageRun run;

    grid->page_size = gc_guest_get_page_size(guest);
    grid->cell_pages = choose_cell_pages(guest);
    grid->rows = g_array_new(FALSE, TRUE, sizeof(GridRow));
    find_rows(guest, memory_grid_get_row_size(grid), grid->rows);
    for (GcPfn pfn = 0; gc_page_map_get_run(map, pfn, &run);
         pfn = run.start + run.length) {
        if (run.kind != GC_PAGE_NONE) {
            add_run(grid, &run);
        }
    }
    return grid;
}

void memory_grid_free(MemoryGrid *grid)
{
    if (grid != NULL) {
        g_array_unref(grid->rows);
        g_free(grid);
    }
}

uint64_t memory_grid_get_row_size(const MemoryGrid *grid)
{
    return grid->cell_pages * grid->page_size * MEMORY_GRID_COLUMNS;
}

uint64_t memory_grid_count(const MemoryGrid *grid)
{
    uint64_t n = 0;

    for (int kind = GC_PAGE_UNKNOWN; kind < GC_PAGE_KINDS; kind++) {
        n += grid->total[kind];
    }
    return n;
}
