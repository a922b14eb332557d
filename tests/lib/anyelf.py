# SPDX-License-Identifier: MIT
"""Reads an ELF core of any class and byte order, as much as comparing needs."""

import bisect

from dumpfile import DumpFile, demand, merge_ranges, parse_notes

PT_LOAD = 1
PT_NOTE = 4
CLASS_32 = 1
BIG = 2
HEADER_REST = {1: "HHIIIIIHHHHHH", 2: "HHIQQQIHHHHHH"}
PHOFF, PHENTSIZE, PHNUM = 4, 8, 9


class AnyElf(DumpFile):
    """An ELF core; `machine` is its e_machine, `order` "<" or ">", `loads` the
    (address, size in memory, size in the file, offset) of what holds RAM."""

    def __init__(self, path):
        super().__init__(path)
        ident = self.bytes_at(0, 16, "ELF identification")
        demand(ident[:4] == b"\x7fELF", "not an ELF file")
        self.bits = 32 if ident[4] == CLASS_32 else 64
        self.order = ">" if ident[5] == BIG else "<"
        header = self.fields_at(self.order + HEADER_REST[ident[4]], 16, "header")
        self.machine = header[1]
        self.loads = []
        for i in range(header[PHNUM]):
            self._read_segment(header[PHOFF] + i * header[PHENTSIZE])
        self.loads = _without_aliases(self.loads)
        self._starts = [load[0] for load in self.loads]
        self.ram = merge_ranges([(start, start + size)
                                 for start, size, _, _ in self.loads])

    def read(self, address, size):
        parts = []
        while size:
            index = bisect.bisect_right(self._starts, address) - 1
            demand(index >= 0, f"no memory at {address:#x}")
            start, length, in_file, offset = self.loads[index]
            part = min(size, start + length - address)
            demand(part > 0, f"no memory at {address:#x}")
            parts.append(self._stored(offset + address - start,
                                      min(part, start + in_file - address))
                         .ljust(part, b"\0"))
            address += part
            size -= part
        return b"".join(parts)

    def _stored(self, offset, size):
        """Bytes of a PT_LOAD; none behind what of it is in the file."""
        return self.bytes_at(offset, size, "PT_LOAD") if size > 0 else b""

    def _read_segment(self, at):
        if self.bits == 32:
            kind, offset, _, paddr, filesz, memsz, _, _ = self.fields_at(
                self.order + "IIIIIIII", at, "program header")
        else:
            kind, _, offset, _, paddr, filesz, memsz, _ = self.fields_at(
                self.order + "IIQQQQQQ", at, "program header")
        if kind == PT_NOTE:
            self.notes += parse_notes(
                self.bytes_at(offset, filesz, "PT_NOTE"), self.order)
        elif kind == PT_LOAD:
            demand(filesz <= memsz, f"p_filesz at {paddr:#x}")
            self.loads.append((paddr, memsz, filesz, offset))


def _without_aliases(loads):
    """Sorted by address, less what shows again a part of another: the kernel's
    image, at the address that it has itself."""
    kept = []
    for load in sorted(loads, key=lambda load: -load[1]):
        start, size = load[:2]
        if not any(other <= start and start + size <= other + length
                   for other, length, _, _ in kept):
            kept.append(load)
    return sorted(kept)
