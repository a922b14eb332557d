/* SPDX-License-Identifier: MIT */
/* A bounds-checked walk over bytes that nobody vouches for.
 *
 * Every get either yields what lies inside the buffer or marks the cursor as
 * failed; from then on all gets yield zero.  So a parser reads a whole
 * structure and asks once, at its end, whether it was all there. */
#pragma once

#include "guestcore/types.h"

typedef struct GcCursor {
    const uint8_t *data;
    size_t size;
    size_t pos;
    bool big_endian;
    bool failed;
} GcCursor;

/**
 * gc_cursor_init:
 * @cursor: (out): the cursor
 * @data: (array length=size): bytes, borrowed while the cursor is used
 * @size: their number
 * @big_endian: byte order of the integers in @data
 */
void gc_cursor_init(GcCursor *cursor, const void *data, size_t size,
                    bool big_endian);

/* The next 2, 4 or 8 bytes as an integer; 0 once the cursor has failed. */
uint16_t gc_cursor_get_u16(GcCursor *cursor);
uint32_t gc_cursor_get_u32(GcCursor *cursor);
uint64_t gc_cursor_get_u64(GcCursor *cursor);

/* The next @len bytes, borrowed from the buffer; NULL once failed. */
const uint8_t *gc_cursor_get_bytes(GcCursor *cursor, size_t len);

/* Moves to the next multiple of @alignment (a power of two); the end of the
 * buffer is as far as it goes, since a last item need not be padded. */
void gc_cursor_align(GcCursor *cursor, size_t alignment);

/* How many bytes are left; 0 once failed. */
size_t gc_cursor_get_rest(const GcCursor *cursor);
