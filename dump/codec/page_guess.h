/* SPDX-License-Identifier: MIT */
/* What a page holds, guessed at a tenth of what it costs to pack it.  A wrong
 * guess costs time or room, nothing else. */
#pragma once

#include "guestcore/types.h"

/**
 * gc_page_looks_random:
 * @page: the page
 * @size: in bytes, a multiple of 4096
 *
 * Returns: whether all byte values are about equally frequent, and no part of
 *     the page is seen to be repeated: what is packed or encrypted already
 */
bool gc_page_looks_random(const uint8_t *page, size_t size);

/**
 * gc_page_is_table:
 * @page: the page
 * @size: in bytes, a multiple of 4096
 *
 * Returns: whether most of the page is 32-bit numbers, alone or in pairs, that
 *     differ little from one to the next, in either byte order: as in the
 *     kernel's tables of addresses
 */
bool gc_page_is_table(const uint8_t *page, size_t size);
