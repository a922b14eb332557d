# SPDX-License-Identifier: MIT
"""Lets makedumpfile find the struct pages of a riscv64 guest.

The kernel maps them by pages of 2 MiB, of each of which makedumpfile up to 1.7.8 takes
the first 4 KiB for all of it.  In a copy of the dump they are mapped by pages of 4 KiB:
the same struct pages at the same addresses, by tables that lie where the firmware was.
"""

import shutil
import struct

from anyelf import AnyElf
from dumpfile import PAGE, demand

VALID, ACCESS = 1, 0xe
PPN_SHIFT = 10
ENTRIES = 512
INDEX_BITS = 9
ALL = (1 << 64) - 1
# OpenSBI's, at the start of memory: reserved, so every filter keeps it.
SPARE_PAGES = 128


def split_struct_pages(path, copy):
    """Copies a riscv64 ELF dump, with struct pages mapped by small pages alone."""
    shutil.copyfile(path, copy)
    with AnyElf(path) as dump, open(copy, "r+b") as file:
        spare = dump.ram[0][0]
        end = spare + SPARE_PAGES * PAGE
        for at, entry in _large_pages(dump):
            demand(spare < end, "more large pages than spare ones")
            _poke(dump, file, spare, [entry + (i << PPN_SHIFT)
                                      for i in range(ENTRIES)])
            _poke(dump, file, at, [spare // PAGE << PPN_SHIFT | VALID])
            spare += PAGE
        demand(spare != dump.ram[0][0], "no struct page is in a large page")


def _large_pages(dump):
    """The (physical address, content) of the entries in question."""
    def number(key):
        return int(dump.vmcoreinfo_value(f"NUMBER({key})"), 0)
    root = int(dump.vmcoreinfo_value("SYMBOL(swapper_pg_dir)"), 16)
    levels = (number("VA_BITS") - 12) // INDEX_BITS
    return _walk(dump, (root - number("va_kernel_pa_offset")) & ALL, levels - 1, 0,
                 (number("VMEMMAP_START"), number("VMEMMAP_END")))


def _walk(dump, table, level, base, wanted):
    """Those of a table, which maps from `base` on; 0 is the lowest level."""
    shift = 12 + INDEX_BITS * level
    for i, entry in enumerate(struct.unpack(f"<{ENTRIES}Q", dump.read(table, PAGE))):
        start = base | i << shift
        if not base and i >= ENTRIES // 2:
            start |= ALL << (shift + INDEX_BITS) & ALL  # as the address's top bit is
        if not entry & VALID or start + (1 << shift) <= wanted[0] or start >= wanted[1]:
            continue
        if not entry & ACCESS:
            yield from _walk(dump, entry >> PPN_SHIFT << 12, level - 1, start, wanted)
        else:
            demand(level <= 1, f"a page of more than 2 MiB at {start:#x}")
            if level == 1:
                yield table + i * 8, entry


def _poke(dump, file, address, words):
    """Writes to a physical address."""
    for start, _, in_file, offset in dump.loads:
        if start <= address < start + in_file:
            file.seek(offset + address - start)
            file.write(struct.pack(f"<{len(words)}Q", *words))
            return
    demand(False, f"{address:#x} is not in the dump")
