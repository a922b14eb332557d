/* SPDX-License-Identifier: MIT */
/* Guest-physical memory: sorted blocks of bytes, each backed by whatever its
 * owner has: a mapping, a file, another process.
 *
 * A memory is built by adding blocks and must not change any more once it is
 * read; then any number of threads may read it at the same time. */
#pragma once

#include "guestcore/types.h"

G_BEGIN_DECLS

typedef struct GcMemory GcMemory;

/**
 * GcMemoryBlock:
 * @start: the guest-physical address of the first byte
 * @size: in bytes, not 0
 */
typedef struct GcMemoryBlock {
    GcPaddr start;
    uint64_t size;
} GcMemoryBlock;

/**
 * GcMemoryOps:
 * @read: copies @len bytes at @offset of the block into @buf.  The range
 *     lies in the block.  Any thread.
 * @next_data: (nullable): finds the first part of [@offset, @end) of the
 *     block that may hold something other than zeros, without touching
 *     memory that was never used; *@ret_start is @end if there is none.
 *     NULL means that all of the block may hold something.  Any thread.
 * @free: (nullable): called once with @opaque when the block is gone
 * @next_present: (nullable): finds, in the same way, the first part that can
 *     be read: a dump need not have all of the memory that it is of.  NULL
 *     means that all of the block can.  @next_data then finds only what can
 *     be read; if that is NULL, all that can be read may hold something.
 *     Any thread.
 * @borrow: (nullable): where @len bytes at @offset of the block, which must
 *     lie in it, are mapped in this process for as long as the memory lives;
 *     NULL if they are not.  Any thread.
 *
 * How one block is backed.
 */
typedef struct GcMemoryOps {
    bool (*read)(void *opaque, uint64_t offset, void *buf, size_t len,
                 GError **error);
    bool (*next_data)(void *opaque, uint64_t offset, uint64_t end,
                      uint64_t *ret_start, uint64_t *ret_end, GError **error);
    void (*free)(void *opaque);
    bool (*next_present)(void *opaque, uint64_t offset, uint64_t end,
                         uint64_t *ret_start, uint64_t *ret_end,
                         GError **error);
    const void *(*borrow)(void *opaque, uint64_t offset, size_t len);
} GcMemoryOps;

/**
 * gc_memory_new:
 *
 * Returns: (transfer full): memory without blocks, with one reference
 * Threads: any thread
 */
GC_API GcMemory *gc_memory_new(void);

/**
 * gc_memory_ref:
 * @memory: the memory
 *
 * Returns: (transfer full): @memory, with one more reference
 * Threads: any thread
 */
GC_API GcMemory *gc_memory_ref(GcMemory *memory);

/**
 * gc_memory_unref:
 * @memory: (transfer full) (nullable): one reference
 *
 * Drops a reference; the last one frees all blocks.
 * Threads: any thread
 */
GC_API void gc_memory_unref(GcMemory *memory);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcMemory, gc_memory_unref)

/**
 * gc_memory_add:
 * @memory: the memory
 * @start: guest-physical address of the block, in bytes
 * @size: its size in bytes
 * @ops: how it is backed; must outlive @memory
 * @opaque: (transfer full): passed to @ops; on failure it stays the caller's
 * @error: (out) (optional): return location
 *
 * Adds a block.  Errors: GC_ERROR_INVALID if it is empty, wraps around the
 * end of the address space or overlaps another block.
 * Threads: owner thread, before any read
 */
GC_API bool gc_memory_add(GcMemory *memory, GcPaddr start, uint64_t size,
                          const GcMemoryOps *ops, void *opaque, GError **error);

/**
 * gc_memory_add_host:
 * @memory: the memory
 * @start: guest-physical address of the block, in bytes
 * @size: its size in bytes
 * @host: (transfer none): where it is mapped in this process; must stay
 *     mapped as long as @memory is used
 * @error: (out) (optional): return location
 *
 * Adds a block that is mapped in this process.  Errors: as gc_memory_add().
 * Threads: owner thread, before any read
 */
GC_API bool gc_memory_add_host(GcMemory *memory, GcPaddr start, uint64_t size,
                               const void *host, GError **error);

/**
 * gc_memory_add_fd:
 * @memory: the memory
 * @start: guest-physical address of the block, in bytes
 * @size: its size in bytes
 * @fd: (transfer none): a file or memfd; the memory keeps a duplicate
 * @offset: where in @fd the block begins, in bytes
 * @error: (out) (optional): return location
 *
 * Adds a block that lies in a file.  Holes of the file are found by
 * SEEK_DATA and SEEK_HOLE and never filled by reading.  Errors: as
 * gc_memory_add(), and GC_ERROR_IO.
 * Threads: owner thread, before any read
 */
GC_API bool gc_memory_add_fd(GcMemory *memory, GcPaddr start, uint64_t size,
                             int fd, uint64_t offset, GError **error);

/**
 * gc_memory_get_n_blocks:
 * @memory: the memory
 *
 * Returns: the number of blocks
 * Threads: any thread
 */
GC_API size_t gc_memory_get_n_blocks(const GcMemory *memory);

/**
 * gc_memory_get_block:
 * @memory: the memory
 * @i: less than gc_memory_get_n_blocks()
 *
 * Returns: the @i-th block, in order of address
 * Threads: any thread
 */
GC_API GcMemoryBlock gc_memory_get_block(const GcMemory *memory, size_t i);

/**
 * gc_memory_read:
 * @memory: the memory
 * @paddr: guest-physical address, in bytes
 * @buf: (out) (array length=len): where the bytes go
 * @len: how many
 * @error: (out) (optional): return location
 *
 * Copies guest memory.  Errors: GC_ERROR_NO_DATA if part of the range is in
 * no block; what the block's backing says.  @buf is then undefined.
 * Threads: any thread
 */
GC_API bool gc_memory_read(GcMemory *memory, GcPaddr paddr, void *buf,
                           size_t len, GError **error);

/**
 * gc_memory_read_padded:
 * @memory: the memory
 * @paddr: guest-physical address, in bytes
 * @buf: (out) (array length=len): where the bytes go
 * @len: how many
 * @error: (out) (optional): return location
 *
 * As gc_memory_read(), but what lies in no block reads as zeros: for pages
 * that are only partly memory.  Errors: what the block's backing says.
 * Threads: any thread
 */
GC_API bool gc_memory_read_padded(GcMemory *memory, GcPaddr paddr, void *buf,
                                  size_t len, GError **error);

/**
 * gc_memory_borrow:
 * @memory: the memory
 * @paddr: guest-physical address, in bytes
 * @len: how many bytes
 *
 * Spares a copy where that is possible.
 *
 * Returns: (transfer none) (nullable): where these bytes are mapped in this
 *     process, until @memory is gone; NULL if they are not, or in several
 *     blocks.  A guest that runs changes them at any time.
 * Threads: any thread
 */
GC_API const void *gc_memory_borrow(GcMemory *memory, GcPaddr paddr,
                                    size_t len);

/**
 * gc_memory_next_data:
 * @memory: the memory
 * @paddr: where to begin, in bytes
 * @end: where to stop, in bytes
 * @ret_start: (out): start of the first data in [@paddr, @end), or @end
 * @ret_end: (out): where that data ends, at most @end
 * @error: (out) (optional): return location
 *
 * Finds memory that may hold something other than zeros; the rest was never
 * used by the guest, cannot be read, or is in no block.  Errors: what the
 * backing says. Threads: any thread
 */
GC_API bool gc_memory_next_data(GcMemory *memory, GcPaddr paddr, GcPaddr end,
                                GcPaddr *ret_start, GcPaddr *ret_end,
                                GError **error);

/**
 * gc_memory_next_present:
 * @memory: the memory
 * @paddr: where to begin, in bytes
 * @end: where to stop, in bytes
 * @ret_start: (out): start of the first part of [@paddr, @end) that can be
 *     read, or @end
 * @ret_end: (out): where that part ends, at most @end
 * @error: (out) (optional): return location
 *
 * Finds memory that can be read; the rest is in no block, or was left out of
 * the dump that the memory comes from.  Errors: what the backing says.
 * Threads: any thread
 */
GC_API bool gc_memory_next_present(GcMemory *memory, GcPaddr paddr, GcPaddr end,
                                   GcPaddr *ret_start, GcPaddr *ret_end,
                                   GError **error);

G_END_DECLS
