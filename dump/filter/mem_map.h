/* SPDX-License-Identifier: MIT */
/* Where a kernel has the struct page of which page: its model of memory.
 *
 *   sparse      memory is cut into sections of one size.  A table says for
 *               each of them where its struct pages are, whether one behind
 *               the other at vmemmap or each section on its own.  The table
 *               is an array, or an array of pointers to pages of it.
 *   flat        one array for all memory
 *
 * All of it are virtual addresses in the guest, which may lead anywhere. */
#pragma once

#include "dump/filter/page_layout.h"
#include "guest/guest.h"
#include "guest/translate.h"

typedef struct GcMemMap GcMemMap;

/**
 * gc_mem_map_new:
 * @guest: the guest
 * @layout: how its struct pages lie
 * @error: (out) (optional): return location
 *
 * The map is taken only if it says of pages that certainly are the kernel's
 * that they are.
 *
 * Returns: (transfer full): the map, which must not outlive @guest and
 *     @layout, or NULL
 * Errors: GC_ERROR_UNSUPPORTED if the kernel does not tell how its memory is
 *     ordered; GC_ERROR_FORMAT if it is not like that
 */
GcMemMap *gc_mem_map_new(const GcGuest *guest, const GcPageLayout *layout,
                         GError **error);
void gc_mem_map_free(GcMemMap *map);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcMemMap, gc_mem_map_free)

/* A reader of guest virtual memory for one thread.  (transfer full) */
GcTranslator *gc_mem_map_make_translator(const GcMemMap *map);

/**
 * gc_mem_map_find:
 * @map: the map
 * @translator: the caller's own
 * @pfn: a page
 * @ret_vaddr: (out): where its struct page is, if there is one
 * @ret_end: (out): up to which page the struct pages are one array, or there
 *     are none; more than @pfn
 *
 * Returns: whether there is one
 * Threads: any thread
 */
bool gc_mem_map_find(const GcMemMap *map, GcTranslator *translator, GcPfn pfn,
                     uint64_t *ret_vaddr, GcPfn *ret_end);
