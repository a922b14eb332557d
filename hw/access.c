/* SPDX-License-Identifier: MIT */
#include "hw/access.h"

unsigned gc_access_get_width(uint64_t offset, uint64_t rest, unsigned max)
{
    unsigned width = max;

    while (width > rest || (offset & (width - 1)) != 0) {
        width /= 2;
    }
    return width;
}

static uint64_t get_mask(unsigned width)
{
    return UINT64_MAX >> (64 - 8 * width);
}

uint64_t gc_access_read(GcAccessReadFunc read, void *opaque, uint64_t offset,
                        unsigned size, unsigned max)
{
    uint64_t value = 0;

    size = MIN(size, sizeof(value));
    for (unsigned done = 0; done < size;) {
        uint64_t at = offset + done;
        unsigned width = gc_access_get_width(at, size - done, max);

        value |= (read(opaque, at, width) & get_mask(width)) << 8 * done;
        done += width;
    }
    return value;
}

void gc_access_write(GcAccessWriteFunc write, void *opaque, uint64_t offset,
                     unsigned size, uint64_t value, unsigned max)
{
    size = MIN(size, sizeof(value));
    for (unsigned done = 0; done < size;) {
        uint64_t at = offset + done;
        unsigned width = gc_access_get_width(at, size - done, max);

        write(opaque, at, width, value >> 8 * done & get_mask(width));
        done += width;
    }
}
