/* SPDX-License-Identifier: MIT */
#include "hw/bus.h"

#include <string.h>

#include "base/byteorder.h"
#include "base/error.h"
#include "base/trace.h"
#include "hw/access.h"

#define MAX_WIDTH 8

struct GcBus {
    const char *name;
    uint8_t unassigned;
    GArray *ranges; /* of GcBusRange, sorted by address, disjoint */
};

GcBus *gc_bus_new(const char *name, uint8_t unassigned)
{
    GcBus *bus = g_new0(GcBus, 1);

    bus->name = name;
    bus->unassigned = unassigned;
    bus->ranges = g_array_new(FALSE, FALSE, sizeof(GcBusRange));
    return bus;
}

void gc_bus_free(GcBus *bus)
{
    if (bus != NULL) {
        g_array_unref(bus->ranges);
        g_free(bus);
    }
}

const char *gc_bus_get_name(const GcBus *bus)
{
    return bus->name;
}

size_t gc_bus_get_n_ranges(const GcBus *bus)
{
    return bus->ranges->len;
}

const GcBusRange *gc_bus_get_range(const GcBus *bus, size_t i)
{
    g_assert(i < bus->ranges->len);
    return &g_array_index(bus->ranges, GcBusRange, i);
}

static uint64_t get_last(const GcBusRange *range)
{
    return range->start + (range->size - 1);
}

/* The index of the first range that ends at or after @addr. */
static size_t find_place(const GcBus *bus, uint64_t addr)
{
    size_t low = 0;
    size_t high = bus->ranges->len;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (get_last(gc_bus_get_range(bus, middle)) >= addr) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

bool gc_bus_add(GcBus *bus, const GcBusRange *range, GError **error)
{
    size_t at = find_place(bus, range->start);

    g_assert((range->host == NULL) != (range->ops == NULL));
    if (range->size == 0 || get_last(range) < range->start) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "%s: %s: 0x%" G_GINT64_MODIFIER
                    "x bytes at 0x%" G_GINT64_MODIFIER "x: no such range",
                    bus->name, range->name, range->size, range->start);
        return false;
    }
    if (at < bus->ranges->len &&
        gc_bus_get_range(bus, at)->start <= get_last(range)) {
        g_set_error(error, GC_ERROR, GC_ERROR_INVALID,
                    "%s: %s at 0x%" G_GINT64_MODIFIER "x overlaps %s",
                    bus->name, range->name, range->start,
                    gc_bus_get_range(bus, at)->name);
        return false;
    }
    g_array_insert_val(bus->ranges, (guint)at, *range);
    return true;
}

const GcBusRange *gc_bus_find(const GcBus *bus, uint64_t addr)
{
    size_t at = find_place(bus, addr);
    const GcBusRange *range =
        at < bus->ranges->len ? gc_bus_get_range(bus, at) : NULL;

    return range != NULL && range->start <= addr ? range : NULL;
}

/* How many of @len bytes from @addr on lie before the next range, where none
 * contains @addr. */
static size_t get_gap(const GcBus *bus, uint64_t addr, size_t len)
{
    size_t at = find_place(bus, addr);
    uint64_t rest = UINT64_MAX - addr;

    if (at < bus->ranges->len) {
        rest = gc_bus_get_range(bus, at)->start - addr - 1;
    }
    return rest < len ? (size_t)rest + 1 : len;
}

/* How many of @len bytes from @addr on lie in @range. */
static uint64_t get_part(const GcBusRange *range, uint64_t addr, uint64_t len)
{
    uint64_t rest = get_last(range) - addr;

    return rest < len ? rest + 1 : len;
}

static void read_window(const GcBusRange *range, uint64_t offset, uint8_t *buf,
                        unsigned width)
{
    uint64_t value = range->ops->read != NULL
                         ? range->ops->read(range->opaque, offset, width)
                         : 0;

    gc_put_uint(buf, width, false, value);
}

static void write_window(const GcBusRange *range, uint64_t offset,
                         const uint8_t *buf, unsigned width)
{
    if (range->ops->write != NULL) {
        range->ops->write(range->opaque, offset, width,
                          gc_get_uint(buf, width, false));
    }
}

/* One step of a read: returns how many bytes it did. */
static size_t read_some(GcBus *bus, uint64_t addr, uint8_t *buf, size_t len)
{
    const GcBusRange *range = gc_bus_find(bus, addr);
    size_t part;

    if (range == NULL) {
        part = get_gap(bus, addr, len);
        gc_trace(BUS,
                 "%s: %zu bytes read at 0x%" G_GINT64_MODIFIER "x: nothing",
                 bus->name, part, addr);
        memset(buf, bus->unassigned, part);
        return part;
    }
    if (range->host != NULL) {
        part = get_part(range, addr, len);
        memcpy(buf, range->host + (addr - range->start), part);
        return part;
    }
    part = gc_access_get_width(addr - range->start, len, MAX_WIDTH);
    read_window(range, addr - range->start, buf, (unsigned)part);
    return part;
}

static size_t write_some(GcBus *bus, uint64_t addr, const uint8_t *buf,
                         size_t len)
{
    const GcBusRange *range = gc_bus_find(bus, addr);
    size_t part;

    if (range == NULL) {
        part = get_gap(bus, addr, len);
        gc_trace(BUS,
                 "%s: %zu bytes written at 0x%" G_GINT64_MODIFIER "x: nothing",
                 bus->name, part, addr);
        return part;
    }
    if (range->host != NULL) {
        part = get_part(range, addr, len);
        memcpy(range->host + (addr - range->start), buf, part);
        return part;
    }
    part = gc_access_get_width(addr - range->start, len, MAX_WIDTH);
    write_window(range, addr - range->start, buf, (unsigned)part);
    return part;
}

void gc_bus_read(GcBus *bus, uint64_t addr, void *buf, size_t len)
{
    uint8_t *to = buf;

    for (size_t done = 0; done < len;) {
        done += read_some(bus, addr + done, to + done, len - done);
    }
}

void gc_bus_write(GcBus *bus, uint64_t addr, const void *buf, size_t len)
{
    const uint8_t *from = buf;

    for (size_t done = 0; done < len;) {
        done += write_some(bus, addr + done, from + done, len - done);
    }
}

uint64_t gc_bus_read_uint(GcBus *bus, uint64_t addr, unsigned size)
{
    uint8_t buf[MAX_WIDTH];

    g_assert(size >= 1 && size <= sizeof(buf));
    gc_bus_read(bus, addr, buf, size);
    return gc_get_uint(buf, size, false);
}

void gc_bus_write_uint(GcBus *bus, uint64_t addr, unsigned size, uint64_t value)
{
    uint8_t buf[MAX_WIDTH];

    g_assert(size >= 1 && size <= sizeof(buf));
    gc_put_uint(buf, size, false, value);
    gc_bus_write(bus, addr, buf, size);
}

bool gc_bus_is_ram(const GcBus *bus, uint64_t addr, uint64_t len)
{
    if (len > 0 && addr > UINT64_MAX - (len - 1)) {
        return false;
    }
    while (len > 0) {
        const GcBusRange *range = gc_bus_find(bus, addr);
        uint64_t part;

        if (range == NULL || range->host == NULL) {
            return false;
        }
        part = get_part(range, addr, len);
        addr += part;
        len -= part;
    }
    return true;
}

bool gc_bus_read_ram(const GcBus *bus, uint64_t addr, void *buf, size_t len)
{
    uint8_t *to = buf;

    if (!gc_bus_is_ram(bus, addr, len)) {
        return false;
    }
    while (len > 0) {
        const GcBusRange *range = gc_bus_find(bus, addr);
        size_t part = get_part(range, addr, len);

        memcpy(to, range->host + (addr - range->start), part);
        addr += part;
        to += part;
        len -= part;
    }
    return true;
}

bool gc_bus_write_ram(const GcBus *bus, uint64_t addr, const void *buf,
                      size_t len)
{
    const uint8_t *from = buf;

    if (!gc_bus_is_ram(bus, addr, len)) {
        return false;
    }
    while (len > 0) {
        const GcBusRange *range = gc_bus_find(bus, addr);
        size_t part = get_part(range, addr, len);

        memcpy(range->host + (addr - range->start), from, part);
        addr += part;
        from += part;
        len -= part;
    }
    return true;
}
