/* SPDX-License-Identifier: MIT */
/* A fixed number of bits, one per page frame.  Memory that stays zero is
 * never touched, so a bitmap over a huge and mostly empty guest is cheap. */
#pragma once

#include "guestcore/types.h"

typedef struct GcBitmap GcBitmap;

/* All bits are clear at first. */
GcBitmap *gc_bitmap_new(uint64_t n_bits);
void gc_bitmap_free(GcBitmap *bitmap);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcBitmap, gc_bitmap_free)

uint64_t gc_bitmap_get_n_bits(const GcBitmap *bitmap);

/* A bit past the end reads as clear. */
bool gc_bitmap_test(const GcBitmap *bitmap, uint64_t bit);

/* Set or clear the bits [@start, @end), which lie in the bitmap. */
void gc_bitmap_set_range(GcBitmap *bitmap, uint64_t start, uint64_t end);
void gc_bitmap_clear_range(GcBitmap *bitmap, uint64_t start, uint64_t end);

/* How many bits of [@start, @end) are set. */
uint64_t gc_bitmap_count_range(const GcBitmap *bitmap, uint64_t start,
                               uint64_t end);

/* The first set, or first clear, bit of [@start, @end); @end if none. */
uint64_t gc_bitmap_next_set(const GcBitmap *bitmap, uint64_t start,
                            uint64_t end);
uint64_t gc_bitmap_next_clear(const GcBitmap *bitmap, uint64_t start,
                              uint64_t end);

/**
 * gc_bitmap_get_bytes:
 * @bitmap: the bitmap
 * @offset: in bytes; bit n is bit n % 8 of byte n / 8
 * @bytes: (out) (array length=len): those bytes; zero past the end
 * @len: how many
 */
void gc_bitmap_get_bytes(const GcBitmap *bitmap, uint64_t offset,
                         uint8_t *bytes, size_t len);

/* Sets bits from bytes in the same form; bits past the end are ignored. */
void gc_bitmap_or_bytes(GcBitmap *bitmap, uint64_t offset, const uint8_t *bytes,
                        size_t len);
