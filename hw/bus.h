/* SPDX-License-Identifier: MIT */
/* An address space as the guest's CPU sees it: memory and device windows.
 * A machine has two, memory and I/O ports.
 *
 * The ranges are added while the machine is built; from then on a bus does
 * not change.  It belongs to the thread that holds the VM. */
#pragma once

#include "guestcore/types.h"

/**
 * GcBusOps:
 * @read: (nullable): the guest reads @size bytes (1, 2, 4 or 8) at @offset of
 *     the window; NULL reads as 0
 * @write: (nullable): the guest writes @size bytes at @offset; NULL ignores
 *
 * A device window.  Values are as a little-endian CPU's register has them:
 * the byte at the lowest address is the lowest 8 bits.  An access begins in
 * the window and is naturally aligned in it, but may reach past its end.
 */
typedef struct GcBusOps {
    uint64_t (*read)(void *opaque, uint64_t offset, unsigned size);
    void (*write)(void *opaque, uint64_t offset, unsigned size, uint64_t value);
} GcBusOps;

/**
 * GcBusRange:
 * @name: for people: "pc.ram", "fw_cfg"; must outlive the bus
 * @start: the first address
 * @size: in bytes, not 0
 * @host: memory: where it is in this process.  NULL for a window.
 * @ram_offset: memory: where it begins in the machine's RAM
 * @ops: window: the device's side.  NULL for memory.
 * @opaque: passed to @ops
 *
 * One part of an address space: memory or a device window.
 */
typedef struct GcBusRange {
    const char *name;
    uint64_t start;
    uint64_t size;
    uint8_t *host;
    uint64_t ram_offset;
    const GcBusOps *ops;
    void *opaque;
} GcBusRange;

typedef struct GcBus GcBus;

/**
 * gc_bus_new:
 * @name: for people: "memory", "I/O"; must outlive the bus
 * @unassigned: what every byte reads as where nothing is: 0 for memory and
 *     0xff for ports, as on QEMU's machines
 *
 * Returns: (transfer full): an empty bus
 */
GcBus *gc_bus_new(const char *name, uint8_t unassigned);
void gc_bus_free(GcBus *bus);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcBus, gc_bus_free)

const char *gc_bus_get_name(const GcBus *bus);

/**
 * gc_bus_add:
 * @bus: the bus
 * @range: copied
 * @error: (out) (optional): return location
 *
 * Adds memory or a window.  Errors: GC_ERROR_INVALID if the range is empty,
 * wraps around or overlaps another.
 */
bool gc_bus_add(GcBus *bus, const GcBusRange *range, GError **error);

/* The number of ranges, and the @i-th of them in order of address; borrowed
 * until a range is added. */
size_t gc_bus_get_n_ranges(const GcBus *bus);
const GcBusRange *gc_bus_get_range(const GcBus *bus, size_t i);

/* The range that contains @addr, or NULL. */
const GcBusRange *gc_bus_find(const GcBus *bus, uint64_t addr);

/**
 * gc_bus_read, gc_bus_write:
 * @bus: the bus
 * @addr: where to begin
 * @buf: (array length=len): the bytes in order of address
 * @len: how many; the last addresses are followed by the first ones
 *
 * What a CPU or a debugger does: memory is copied; a window gets accesses of
 * 8, 4, 2 and 1 bytes, each as large as the rest and the alignment of its
 * offset allow; where nothing is, reads give the unassigned byte and writes
 * are lost.
 */
void gc_bus_read(GcBus *bus, uint64_t addr, void *buf, size_t len);
void gc_bus_write(GcBus *bus, uint64_t addr, const void *buf, size_t len);

/* The same for one little-endian value of 1, 2, 4 or 8 bytes. */
uint64_t gc_bus_read_uint(GcBus *bus, uint64_t addr, unsigned size);
void gc_bus_write_uint(GcBus *bus, uint64_t addr, unsigned size,
                       uint64_t value);

/* Whether all of the range, which need not be one piece, is memory. */
bool gc_bus_is_ram(const GcBus *bus, uint64_t addr, uint64_t len);

/**
 * gc_bus_read_ram, gc_bus_write_ram:
 * @bus: the bus
 * @addr: where to begin
 * @buf: (array length=len): the bytes
 * @len: how many
 *
 * What DMA does: memory alone is reached.
 *
 * Returns: whether all of the range is memory; if not, nothing was done
 */
bool gc_bus_read_ram(const GcBus *bus, uint64_t addr, void *buf, size_t len);
bool gc_bus_write_ram(const GcBus *bus, uint64_t addr, const void *buf,
                      size_t len);
