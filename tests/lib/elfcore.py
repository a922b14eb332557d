# SPDX-License-Identifier: MIT
"""Reads an ELF64 core of a guest: PT_NOTE, and a PT_LOAD for each piece of RAM."""

import bisect
from typing import NamedTuple

from dumpfile import (DumpFile, check_ranges, demand, merge_ranges,
                      parse_notes)

EHDR = "<16sHHIQQQIHHHHHH"
PHDR = "<IIQQQQQQ"
SHDR = "<IIQQQQIIQQ"
EHDR_SIZE = 64
PHDR_SIZE = 56
ET_CORE = 4
PT_LOAD = 1
PT_NOTE = 4
PN_XNUM = 0xffff
KERNEL_MAP = 0xffffffff80000000


class Segment(NamedTuple):
    """A program header, its fields in the file's order."""
    type: int
    flags: int
    offset: int
    vaddr: int
    paddr: int
    filesz: int
    memsz: int
    align: int


class ElfCore(DumpFile):
    """An ELF core.

    segments  all program headers
    loads     those that hold RAM
    aliases   PT_LOADs that show the kernel's image again, at its own address
    """

    def __init__(self, path):
        super().__init__(path)
        self._read_header()
        self._read_segments()
        self._check_segments()
        self._starts = [load.paddr for load in self.loads]
        self.ram = merge_ranges(
            [(load.paddr, load.paddr + load.memsz) for load in self.loads])

    def read(self, address, size):
        parts = []
        while size:
            data = self._read_piece(address, size)
            parts.append(data)
            address += len(data)
            size -= len(data)
        return b"".join(parts)

    def _read_header(self):
        (ident, kind, self.machine, version, _, self.phoff, self.shoff, _,
         self.ehsize, phentsize, self.phnum, self.shentsize, self.shnum,
         self.shstrndx) = self.fields_at(EHDR, 0, "ELF header")
        demand(ident[:7] == b"\x7fELF\x02\x01\x01", "not an ELF64 LE file")
        demand(ident[7:] == bytes(9), f"e_ident has {ident[7:]!r}")
        demand(kind == ET_CORE, f"e_type is {kind}, not ET_CORE")
        demand(version == 1, f"e_version is {version}")
        demand(phentsize == PHDR_SIZE, f"e_phentsize is {phentsize}")
        if self.phnum == PN_XNUM:
            demand(self.shnum > 0, "PN_XNUM without section headers")
            self.phnum = self.fields_at(SHDR, self.shoff, "section 0")[7]

    def _read_segments(self):
        self.segments = [
            Segment(*self.fields_at(PHDR, self.phoff + i * PHDR_SIZE,
                                    f"program header {i}"))
            for i in range(self.phnum)]
        loads = [s for s in self.segments if s.type == PT_LOAD]
        self.aliases = [s for s in loads if s.vaddr >= KERNEL_MAP]
        self.loads = [s for s in loads if s.vaddr < KERNEL_MAP]
        for segment in self.segments:
            if segment.type == PT_NOTE:
                self.notes += parse_notes(self.bytes_at(
                    segment.offset, segment.filesz, "PT_NOTE"))

    def _check_segments(self):
        for i, segment in enumerate(self.segments):
            demand(segment.type in (PT_LOAD, PT_NOTE),
                   f"program header {i} has type {segment.type}")
            demand(segment.filesz <= segment.memsz,
                   f"program header {i}: p_filesz exceeds p_memsz")
            demand(segment.offset + segment.filesz <= self.size,
                   f"program header {i}: its data ends behind the file")
        check_ranges([(s.paddr, s.paddr + s.memsz) for s in self.loads])
        check_ranges(sorted(
            (s.offset, s.offset + s.filesz) for s in self.segments
            if s.filesz and s not in self.aliases))

    def _read_piece(self, address, size):
        """As much as one PT_LOAD gives of [address, address + size)."""
        index = bisect.bisect_right(self._starts, address) - 1
        demand(index >= 0, f"no memory at {address:#x}")
        load = self.loads[index]
        inside = address - load.paddr
        demand(inside < load.memsz, f"no memory at {address:#x}")
        size = min(size, load.memsz - inside)
        if inside >= load.filesz:
            return bytes(size)
        size = min(size, load.filesz - inside)
        return self.bytes_at(load.offset + inside, size, "PT_LOAD")
