/* SPDX-License-Identifier: MIT */
/* What a guest's Linux kernel uses each page of memory for, as its own
 * struct pages tell: what a dump may leave out, and where the memory went.
 * docs/page-filter.md says how it is found. */
#pragma once

#include "guestcore/guest.h"

G_BEGIN_DECLS

/* All that can be left out, as a sum of makedumpfile's -d values: 1 pages of
 * zeros, 2 page cache, 4 page cache also with private data, 8 memory of
 * processes, 16 free pages. */
#define GC_DUMP_LEVEL_MAX 31u

/**
 * GcPageKind:
 * @GC_PAGE_NONE: there is no memory
 * @GC_PAGE_UNKNOWN: memory of which the kernel's structures tell nothing, or
 *     nothing that can be read
 * @GC_PAGE_KERNEL: the kernel's own, or anything else that is none of the
 *     following
 * @GC_PAGE_CACHE: page cache: contents of files, tmpfs too
 * @GC_PAGE_CACHE_PRIVATE: page cache to which a file system has attached data
 * @GC_PAGE_USER: anonymous memory of processes, transparent huge pages too
 * @GC_PAGE_HUGE: of hugetlbfs, used or not
 * @GC_PAGE_FREE: free
 * @GC_PAGE_OFFLINE: given back to the host, by a balloon or virtio-mem, or
 *     taken out of use
 * @GC_PAGE_POISONED: broken: the hardware reported an error of this memory
 * @GC_PAGE_KINDS: how many kinds there are
 *
 * What a page is used for.  The first three are in every dump.
 */
typedef enum GcPageKind {
    GC_PAGE_NONE,
    GC_PAGE_UNKNOWN,
    GC_PAGE_KERNEL,
    GC_PAGE_CACHE,
    GC_PAGE_CACHE_PRIVATE,
    GC_PAGE_USER,
    GC_PAGE_HUGE,
    GC_PAGE_FREE,
    GC_PAGE_OFFLINE,
    GC_PAGE_POISONED,
    GC_PAGE_KINDS
} GcPageKind;

/**
 * gc_page_kind_get_name:
 * @kind: a kind of pages
 *
 * Returns: (transfer none): a word for it, such as "cache-private"
 * Threads: any thread
 */
GC_API const char *gc_page_kind_get_name(GcPageKind kind);

/**
 * gc_page_kind_is_left_out:
 * @kind: a kind of pages
 * @level: at most GC_DUMP_LEVEL_MAX
 *
 * Returns: whether a dump of that level is without pages of that kind
 * Threads: any thread
 */
GC_API bool gc_page_kind_is_left_out(GcPageKind kind, unsigned level);

/**
 * GcPageRun:
 * @start: its first page frame
 * @length: how many pages it has
 * @kind: what all of them are
 */
typedef struct GcPageRun {
    GcPfn start;
    uint64_t length;
    GcPageKind kind;
} GcPageRun;

typedef struct GcPageMap GcPageMap;

/**
 * GcPageMapProgress:
 * @done: page frames that were looked at
 * @total: page frames that there are
 * @user_data: as given
 *
 * Told now and then, in the thread that makes the map.
 *
 * Returns: whether to go on
 */
typedef bool (*GcPageMapProgress)(uint64_t done, uint64_t total,
                                  void *user_data);

/**
 * gc_page_map_new:
 * @guest: whose memory; must stand still
 * @threads: threads that read; 0 does all in the calling thread.  The map is
 *     the same whatever their number.
 * @progress: (nullable): told how far it is
 * @user_data: passed to it
 * @error: (out) (optional): return location
 *
 * Looks at the struct page of every page of the guest, by what VMCOREINFO
 * alone tells.  What cannot be read or contradicts itself is GC_PAGE_UNKNOWN
 * or GC_PAGE_KERNEL.
 *
 * Returns: (transfer full): the map, or NULL
 * Errors: GC_ERROR_NO_DATA if the guest has no memory or no VMCOREINFO;
 *     GC_ERROR_UNSUPPORTED if its kernel or architecture is not known or
 *     VMCOREINFO does not tell enough; GC_ERROR_FORMAT if the kernel's
 *     structures are not what it tells, so that nothing of it is to be
 *     trusted; GC_ERROR_CANCELLED if @progress said so
 * Threads: any thread
 */
GC_API GcPageMap *gc_page_map_new(const GcGuest *guest, unsigned threads,
                                  GcPageMapProgress progress, void *user_data,
                                  GError **error);

/**
 * gc_page_map_free:
 * @map: (transfer full) (nullable): the map
 *
 * Threads: owner thread
 */
GC_API void gc_page_map_free(GcPageMap *map);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcPageMap, gc_page_map_free)

/**
 * gc_page_map_get_end:
 * @map: the map
 *
 * Returns: one past the last page frame that is memory
 * Threads: any thread
 */
GC_API GcPfn gc_page_map_get_end(const GcPageMap *map);

/**
 * gc_page_map_get_run:
 * @map: the map
 * @pfn: a page frame
 * @ret_run: (out): the pages from @pfn on that are of one kind; memory that
 *     is not there is a run too
 *
 * Returns: whether @pfn is before gc_page_map_get_end()
 * Threads: any thread
 */
GC_API bool gc_page_map_get_run(const GcPageMap *map, GcPfn pfn,
                                GcPageRun *ret_run);

/**
 * gc_page_map_count:
 * @map: the map
 * @kind: a kind other than GC_PAGE_NONE
 *
 * Returns: how many pages are of that kind
 * Threads: any thread
 */
GC_API uint64_t gc_page_map_count(const GcPageMap *map, GcPageKind kind);

G_END_DECLS
