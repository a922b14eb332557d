/* SPDX-License-Identifier: MIT */
#include "base/byteorder.h"

uint64_t gc_get_uint(const uint8_t *bytes, size_t width, bool big_endian)
{
    uint64_t value = 0;

    g_assert(width >= 1 && width <= sizeof(value));
    for (size_t i = 0; i < width; i++) {
        size_t at = big_endian ? i : width - 1 - i;

        value = value << 8 | bytes[at];
    }
    return value;
}

void gc_put_uint(uint8_t *bytes, size_t width, bool big_endian, uint64_t value)
{
    g_assert(width >= 1 && width <= sizeof(value));
    for (size_t i = 0; i < width; i++) {
        size_t at = big_endian ? width - 1 - i : i;

        bytes[at] = (uint8_t)value;
        value >>= 8;
    }
}
