# SPDX-License-Identifier: MIT
"""Reads a kdump-compressed file (version 6)."""

import struct
from itertools import compress
from typing import NamedTuple

from dumpfile import (PAGE, VMCOREINFO, DumpFile, demand, parse_notes,
                      round_up)
from pagecodec import CODEC_FLAGS, unpack

# By the class of the guest: the 32-bit ones as i386 has them.
HEADER = {64: "8si65s65s65s65s65s65s6xQQIiiIIIIIIi",
          32: "8si65s65s65s65s65s65s2xIIIiiIIIIIIi"}
SUB_HEADER = {64: "QiiQQQQQQQQQQQ", 32: "IiiIIQIQIQIQQQ"}
SUB_HEADER_SIZE = 104
DESCRIPTOR = "QIIQ"
DESCRIPTOR_SIZE = 24
STATUS_INCOMPLETE = 8


class Header(NamedTuple):
    """The header in block 0."""
    signature: bytes
    version: int
    sysname: bytes
    nodename: bytes
    release: bytes
    kernel_version: bytes
    machine: bytes
    domainname: bytes
    seconds: int
    microseconds: int
    status: int
    block_size: int
    sub_header_blocks: int
    bitmap_blocks: int
    max_mapnr: int
    total_ram_blocks: int
    device_blocks: int
    written_blocks: int
    current_cpu: int
    nr_cpus: int


class SubHeader(NamedTuple):
    """The header in block 1."""
    phys_base: int
    dump_level: int
    split: int
    start_pfn: int
    end_pfn: int
    offset_vmcoreinfo: int
    size_vmcoreinfo: int
    offset_note: int
    size_note: int
    offset_eraseinfo: int
    size_eraseinfo: int
    start_pfn_64: int
    end_pfn_64: int
    max_mapnr_64: int

    def signed_phys_base(self):
        """phys_base as the kernel means it: a signed number."""
        return struct.unpack("<q", struct.pack("<Q", self.phys_base))[0]


class Kdump(DumpFile):
    """A kdump file that is not flattened, of a guest of that byte order, class
    and page size.

    header, sub_header  the two headers
    bitmap1, bitmap2    which frames exist, and which of them are in the file
    descriptors         (offset, size, flags, page flags) of every page in the
                        file, in the order of their frames
    data_start          where the pages' data begin
    """

    def __init__(self, path, codec="zlib", order="<", bits=64, page_size=PAGE):
        super().__init__(path)
        self._codec_flag = CODEC_FLAGS[codec]
        self._order = order
        self._bits = bits
        self._page_size = page_size
        self._zero_page = bytes(page_size)
        self._read_headers()
        self._read_notes()
        self._read_bitmaps()
        self._read_descriptors()
        self._check_descriptors()
        self._index = {pfn: i for i, pfn in enumerate(self.pfns)}
        self.ram = runs(self.pfns, page_size)
        self._zero_offset = None

    def read(self, address, size):
        page_size = self._page_size
        demand(address % page_size == 0 and size % page_size == 0,
               f"{address:#x}+{size:#x} is not whole pages")
        first = address // page_size
        return b"".join(self.page(pfn)
                        for pfn in range(first, first + size // page_size))

    def page(self, pfn):
        """The bytes of one page."""
        demand(pfn in self._index, f"frame {pfn:#x} is not in the file")
        offset, size, flags, _ = self.descriptors[self._index[pfn]]
        if offset == self._zero_offset:
            return self._zero_page
        data = self._map[offset:offset + size]
        if not flags:
            return data
        return unpack(data, flags, f"frame {pfn:#x}", self._page_size)

    def _read_headers(self):
        order, block = self._order, self._page_size
        head = Header(*self.fields_at(order + HEADER[self._bits], 0,
                                      "kdump header"))
        demand(head.signature == b"KDUMP   ", "not a kdump file")
        demand(head.version == 6, f"header version {head.version}")
        demand(head.block_size == block, f"block size {head.block_size}")
        demand(head.bitmap_blocks % 2 == 0, "an odd number of bitmap blocks")
        sub = SubHeader(*self.fields_at(order + SUB_HEADER[self._bits], block,
                                        "kdump sub header"))
        demand(head.max_mapnr == min(sub.max_mapnr_64, 0xffffffff),
               f"max_mapnr {head.max_mapnr}, {sub.max_mapnr_64}")
        demand(not sub.split, "a part of a split dump")
        demand(head.status & ~STATUS_INCOMPLETE in (0, self._codec_flag),
               f"status {head.status}")
        self.header, self.sub_header = head, sub

    def _read_notes(self):
        sub = self.sub_header
        sub_header_size = struct.calcsize("<" + SUB_HEADER[self._bits])
        used = sub_header_size + sub.size_note
        demand(sub.offset_note >= self._page_size + sub_header_size,
               "the notes lie over the sub header")
        demand(self.header.sub_header_blocks * self._page_size >= used,
               "the notes reach behind the sub header's blocks")
        self.notes = parse_notes(
            self.bytes_at(sub.offset_note, sub.size_note, "notes"), self._order)
        if not any(note.name == VMCOREINFO for note in self.notes):
            demand((sub.offset_vmcoreinfo, sub.size_vmcoreinfo) == (0, 0),
                   "a place of VMCOREINFO, and no such note")
            return
        text = self.bytes_at(sub.offset_vmcoreinfo, sub.size_vmcoreinfo,
                             "VMCOREINFO")
        demand(text == self.vmcoreinfo(),
               "offset_vmcoreinfo does not lead to the note's text")

    def _read_bitmaps(self):
        block = self._page_size
        size = self.header.bitmap_blocks // 2 * block
        frames = self.sub_header.max_mapnr_64
        demand(size == round_up(-(-frames // 8), block),
               f"bitmaps of {size} bytes for {frames} frames")
        start = (1 + self.header.sub_header_blocks) * block
        self.bitmap1 = _set_bits(self.bytes_at(start, size, "bitmap 1"))
        self.bitmap2 = _set_bits(self.bytes_at(start + size, size, "bitmap 2"))
        demand(set(self.bitmap2) <= set(self.bitmap1),
               "bitmap 2 has frames that bitmap 1 says do not exist")
        demand(not self.bitmap1 or self.bitmap1[-1] < frames,
               "bitmap 1 has frames behind max_mapnr")
        self.pfns = self.bitmap2

    def _read_descriptors(self):
        start = self._page_size * (1 + self.header.sub_header_blocks
                                   + self.header.bitmap_blocks)
        size = len(self.pfns) * DESCRIPTOR_SIZE
        data = self.bytes_at(start, size, "page descriptors")
        self.descriptors = list(
            struct.iter_unpack(self._order + DESCRIPTOR, data))
        self.data_start = start + size

    def _check_descriptors(self):
        for pfn, (offset, size, flags, page_flags) in zip(
                self.pfns, self.descriptors):
            demand(self.data_start <= offset and offset + size <= self.size,
                   f"frame {pfn:#x}: its data are not in the file's data")
            demand(flags in (0, self._codec_flag) and page_flags == 0,
                   f"frame {pfn:#x}: flags {flags:#x}, {page_flags:#x}")
            full = self._page_size
            demand(0 < size < full if flags else size == full,
                   f"frame {pfn:#x}: {size} bytes with flags {flags}")

    def check_data(self, one_zero_page=True):
        """Demands that the pages' data tile the rest of the file: in the order
        of their frames, no gap, nothing twice but the one zero page and what
        neighbours share, and every zero page through that one (which
        makedumpfile does not do: False).  Reads every page once."""
        shared = self._find_zero_page() if one_zero_page else None
        expect = self.data_start
        last = None
        for pfn, (offset, size, _, _) in zip(self.pfns, self.descriptors):
            if expect == shared:
                expect += self._page_size
            if offset == shared or (offset, size) == last:
                continue
            last = offset, size
            demand(offset == expect,
                   f"frame {pfn:#x}: data at {offset}, expected at {expect}")
            demand(self.page(pfn) != self._zero_page or not one_zero_page,
                   f"frame {pfn:#x}: a zero page stored by itself")
            expect += size
        demand(expect == self.size,
               f"the data end at {expect}, the file at {self.size}")

    def _find_zero_page(self):
        """Where the zero page lies: the first raw page that is all zeros."""
        for offset, size, flags, _ in self.descriptors:
            if not flags and self._map[offset:offset + size] == self._zero_page:
                self._zero_offset = offset
                return offset
        return None


def _set_bits(bitmap):
    """The positions of the bits that are set, least significant bit first."""
    text = bin(int.from_bytes(bitmap, "little"))[:1:-1]
    return list(compress(range(len(text)), map(int, text)))


def runs(pfns, page_size=PAGE):
    """Sorted frames as (start, end) addresses of whole runs."""
    found = []
    for pfn in pfns:
        if found and found[-1][1] == pfn * page_size:
            found[-1][1] += page_size
        else:
            found.append([pfn * page_size, (pfn + 1) * page_size])
    return [tuple(run) for run in found]
