/* SPDX-License-Identifier: MIT */
#include "guestcore/memory.h"

#include <string.h>

#include "base/error.h"
#include "base/ranges.h"

typedef struct Block {
    GcPaddr start;
    uint64_t size;
    const GcMemoryOps *ops;
    void *opaque;
} Block;

struct GcMemory {
    gatomicrefcount ref_count;
    GArray *blocks; /* of Block, sorted by address, disjoint */
};

GcMemory *gc_memory_new(void)
{
    GcMemory *memory = g_new0(GcMemory, 1);

    g_atomic_ref_count_init(&memory->ref_count);
    memory->blocks = g_array_new(FALSE, FALSE, sizeof(Block));
    return memory;
}

GcMemory *gc_memory_ref(GcMemory *memory)
{
    g_atomic_ref_count_inc(&memory->ref_count);
    return memory;
}

static const Block *get_block(const GcMemory *memory, size_t i)
{
    return &g_array_index(memory->blocks, Block, i);
}

void gc_memory_unref(GcMemory *memory)
{
    if (memory == NULL || !g_atomic_ref_count_dec(&memory->ref_count)) {
        return;
    }
    for (size_t i = 0; i < memory->blocks->len; i++) {
        const Block *block = get_block(memory, i);

        if (block->ops->free != NULL) {
            block->ops->free(block->opaque);
        }
    }
    g_array_unref(memory->blocks);
    g_free(memory);
}

/* The index of the first block that ends after @paddr. */
static size_t find_block(const GcMemory *memory, GcPaddr paddr)
{
    size_t low = 0;
    size_t high = memory->blocks->len;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const Block *block = get_block(memory, middle);

        if (block->start + (block->size - 1) >= paddr) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

bool gc_memory_add(GcMemory *memory, GcPaddr start, uint64_t size,
                   const GcMemoryOps *ops, void *opaque, GError **error)
{
    Block block = {start, size, ops, opaque};
    size_t at;

    /* The last byte of the address space is given up, so that the end of
     * every block is a number. */
    if (size == 0 || start > UINT64_MAX - size) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "memory block at 0x%" G_GINT64_MODIFIER
                    "x has an impossible size 0x%" G_GINT64_MODIFIER "x",
                    start, size);
        return false;
    }
    at = find_block(memory, start);
    if (at < memory->blocks->len &&
        get_block(memory, at)->start < start + size) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "memory block at 0x%" G_GINT64_MODIFIER
                    "x overlaps the one at 0x%" G_GINT64_MODIFIER "x",
                    start, get_block(memory, at)->start);
        return false;
    }
    g_array_insert_val(memory->blocks, (guint)at, block);
    return true;
}

size_t gc_memory_get_n_blocks(const GcMemory *memory)
{
    return memory->blocks->len;
}

GcMemoryBlock gc_memory_get_block(const GcMemory *memory, size_t i)
{
    const Block *block = get_block(memory, i);

    g_assert(i < memory->blocks->len);
    return (GcMemoryBlock){block->start, block->size};
}

static bool read_block(const Block *block, GcPaddr paddr, void *buf, size_t len,
                       GError **error)
{
    if (!block->ops->read(block->opaque, paddr - block->start, buf, len,
                          error)) {
        g_prefix_error(error,
                       "guest memory at 0x%" G_GINT64_MODIFIER "x: ", paddr);
        return false;
    }
    return true;
}

static bool read_memory(GcMemory *memory, GcPaddr paddr, void *buf, size_t len,
                        bool pad, GError **error)
{
    uint8_t *to = buf;
    size_t i = find_block(memory, paddr);

    while (len > 0) {
        const Block *block =
            i < memory->blocks->len ? get_block(memory, i) : NULL;
        uint64_t part = block != NULL ? block->start - paddr : UINT64_MAX;

        if (block != NULL && block->start <= paddr) {
            part = MIN(len, block->start + block->size - paddr);
            if (!read_block(block, paddr, to, (size_t)part, error)) {
                return false;
            }
            i++;
        } else if (pad) {
            part = MIN(len, part);
            memset(to, 0, (size_t)part);
        } else {
            g_set_error(error, GC_ERROR, GC_ERROR_NO_DATA,
                        "no guest memory at 0x%" G_GINT64_MODIFIER "x", paddr);
            return false;
        }
        to += part;
        paddr += part;
        len -= (size_t)part;
    }
    return true;
}

bool gc_memory_read(GcMemory *memory, GcPaddr paddr, void *buf, size_t len,
                    GError **error)
{
    return read_memory(memory, paddr, buf, len, false, error);
}

bool gc_memory_read_padded(GcMemory *memory, GcPaddr paddr, void *buf,
                           size_t len, GError **error)
{
    return read_memory(memory, paddr, buf, len, true, error);
}

const void *gc_memory_borrow(GcMemory *memory, GcPaddr paddr, size_t len)
{
    size_t i = find_block(memory, paddr);
    const Block *block;

    if (i == memory->blocks->len) {
        return NULL;
    }
    block = get_block(memory, i);
    if (paddr < block->start || len > block->start + block->size - paddr ||
        block->ops->borrow == NULL) {
        return NULL;
    }
    return block->ops->borrow(block->opaque, paddr - block->start, len);
}

/* How a backing tells where something is. */
typedef bool (*NextFunc)(void *opaque, uint64_t offset, uint64_t end,
                         uint64_t *ret_start, uint64_t *ret_end,
                         GError **error);

static NextFunc get_next_data(const Block *block)
{
    return block->ops->next_data != NULL ? block->ops->next_data
                                         : block->ops->next_present;
}

static NextFunc get_next_present(const Block *block)
{
    return block->ops->next_present;
}

/* As GcMemoryOps.next_data, in guest-physical addresses. */
static bool next_in_block(const Block *block, NextFunc next, GcPaddr from,
                          GcPaddr to, GcPaddr *ret_start, GcPaddr *ret_end,
                          GError **error)
{
    uint64_t start = 0;
    uint64_t end = 0;

    if (next == NULL) {
        *ret_start = from;
        *ret_end = to;
        return true;
    }
    if (!next(block->opaque, from - block->start, to - block->start, &start,
              &end, error)) {
        g_prefix_error(error,
                       "guest memory at 0x%" G_GINT64_MODIFIER "x: ", from);
        return false;
    }
    *ret_start = block->start + start;
    *ret_end = block->start + end;
    return true;
}

static bool next_in_memory(const GcMemory *memory,
                           NextFunc (*get_next)(const Block *block),
                           GcPaddr paddr, GcPaddr end, GcRange *ret_range,
                           GError **error)
{
    for (size_t i = find_block(memory, paddr); i < memory->blocks->len; i++) {
        const Block *block = get_block(memory, i);
        GcPaddr from = MAX(paddr, block->start);
        GcPaddr to = MIN(end, block->start + block->size);
        GcRange found;

        if (from >= end) {
            break;
        }
        if (!next_in_block(block, get_next(block), from, to, &found.start,
                           &found.end, error)) {
            return false;
        }
        if (found.start < to) {
            *ret_range = found;
            return true;
        }
    }
    *ret_range = (GcRange){end, end};
    return true;
}

bool gc_memory_next_data(GcMemory *memory, GcPaddr paddr, GcPaddr end,
                         GcPaddr *ret_start, GcPaddr *ret_end, GError **error)
{
    GcRange range;

    if (!next_in_memory(memory, get_next_data, paddr, end, &range, error)) {
        return false;
    }
    *ret_start = range.start;
    *ret_end = range.end;
    return true;
}

bool gc_memory_next_present(GcMemory *memory, GcPaddr paddr, GcPaddr end,
                            GcPaddr *ret_start, GcPaddr *ret_end,
                            GError **error)
{
    GcRange range;

    if (!next_in_memory(memory, get_next_present, paddr, end, &range, error)) {
        return false;
    }
    *ret_start = range.start;
    *ret_end = range.end;
    return true;
}
