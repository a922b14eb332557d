/* SPDX-License-Identifier: MIT */
#include "base/cursor.h"

#include "base/byteorder.h"

void gc_cursor_init(GcCursor *cursor, const void *data, size_t size,
                    bool big_endian)
{
    *cursor = (GcCursor){
        .data = data,
        .size = size,
        .big_endian = big_endian,
    };
}

size_t gc_cursor_get_rest(const GcCursor *cursor)
{
    return cursor->failed ? 0 : cursor->size - cursor->pos;
}

const uint8_t *gc_cursor_get_bytes(GcCursor *cursor, size_t len)
{
    const uint8_t *bytes;

    if (len > gc_cursor_get_rest(cursor)) {
        cursor->failed = true;
    }
    if (cursor->failed) {
        return NULL;
    }
    bytes = cursor->data + cursor->pos;
    cursor->pos += len;
    return bytes;
}

static uint64_t get_uint(GcCursor *cursor, size_t width)
{
    const uint8_t *bytes = gc_cursor_get_bytes(cursor, width);

    return bytes != NULL ? gc_get_uint(bytes, width, cursor->big_endian) : 0;
}

uint16_t gc_cursor_get_u16(GcCursor *cursor)
{
    return (uint16_t)get_uint(cursor, sizeof(uint16_t));
}

uint32_t gc_cursor_get_u32(GcCursor *cursor)
{
    return (uint32_t)get_uint(cursor, sizeof(uint32_t));
}

uint64_t gc_cursor_get_u64(GcCursor *cursor)
{
    return get_uint(cursor, sizeof(uint64_t));
}

void gc_cursor_align(GcCursor *cursor, size_t alignment)
{
    size_t pad = -cursor->pos & (alignment - 1);

    cursor->pos += MIN(pad, gc_cursor_get_rest(cursor));
}
