# SPDX-License-Identifier: MIT
"""What the readers of every dump format share: bounded access, notes, ranges.

These readers are the oracle for what guestcore writes, so they are written
from the descriptions of the formats, not from guestcore, and refuse whatever
is not exactly as described.
"""

import mmap
import struct
from typing import NamedTuple

PAGE = 4096
NT_PRSTATUS = 1
VMCOREINFO = b"VMCOREINFO\0"


class FormatError(Exception):
    """The file is not what its format demands."""


class Note(NamedTuple):
    """An ELF note; `name` with its terminator, as in the file."""
    name: bytes
    type: int
    desc: bytes


class DumpFile:
    """A file as bytes at offsets.  A dump format is a subclass, and gives

    notes   all notes, in order
    ram     the memory in the dump: sorted, disjoint (start, end) addresses
    read    bytes at a physical address
    """

    def __init__(self, path):
        self.path = path
        with open(path, "rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.size = len(self._map)
        self.notes = []
        self.ram = []

    def close(self):
        """Gives the file back; a second call does nothing."""
        self._map.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def bytes_at(self, offset, size, what):
        """Bytes of the file, all of them or an error that says `what`."""
        demand(0 <= offset and offset + size <= self.size,
               f"{what}: {offset}+{size} is not inside {self.size} bytes")
        return self._map[offset:offset + size]

    def fields_at(self, layout, offset, what):
        """Fields of the file by a `struct` layout."""
        data = self.bytes_at(offset, struct.calcsize(layout), what)
        return struct.unpack(layout, data)

    def cpu_notes(self):
        """The CPUs' registers, one note each."""
        return [note for note in self.notes
                if note.name == b"CORE\0" and note.type == NT_PRSTATUS]

    def qemu_notes(self):
        """The CPUs' states as QEMU notes them down."""
        return [note for note in self.notes if note.name == b"QEMU\0"]

    def vmcoreinfo(self):
        """The text that the guest's kernel says about itself."""
        found = [note.desc for note in self.notes if note.name == VMCOREINFO]
        demand(len(found) == 1, f"{len(found)} VMCOREINFO notes")
        return found[0]

    def vmcoreinfo_value(self, key):
        """The value of a line KEY=value of the VMCOREINFO."""
        for line in self.vmcoreinfo().decode("ascii").splitlines():
            if line.startswith(key + "="):
                return line[len(key) + 1:]
        raise FormatError(f"VMCOREINFO has no {key}")

    def read(self, address, size):
        """Bytes of the guest's memory; all of them must be in the dump."""
        raise NotImplementedError


def demand(condition, message):
    """Refuses the file unless `condition` holds."""
    if not condition:
        raise FormatError(message)


def parse_notes(data, order="<"):
    """The notes that fill `data` from its first to its last byte."""
    notes = []
    at = 0
    while at < len(data):
        demand(at + 12 <= len(data), f"note {len(notes)}: no room for a header")
        name_size, desc_size, kind = struct.unpack_from(
            order + "III", data, at)
        name_at = at + 12
        desc_at = name_at + round_up(name_size, 4)
        end = desc_at + round_up(desc_size, 4)
        demand(end <= len(data), f"note {len(notes)}: longer than its segment")
        notes.append(Note(bytes(data[name_at:name_at + name_size]), kind,
                          bytes(data[desc_at:desc_at + desc_size])))
        at = end
    return notes


def check_ranges(ranges):
    """Demands that (start, end) ranges are sorted and disjoint."""
    for start, end in ranges:
        demand(start < end, f"empty range at {start:#x}")
    for (_, end), (start, _) in zip(ranges, ranges[1:]):
        demand(end <= start, f"ranges overlap or are unsorted at {start:#x}")


def merge_ranges(ranges):
    """Sorted disjoint ranges with neighbours joined."""
    merged = []
    for start, end in ranges:
        if merged and merged[-1][1] == start:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def without(ranges, gone):
    """Ranges less one range."""
    return [piece for start, end in ranges
            for piece in ((start, min(end, gone[0])), (max(start, gone[1]), end))
            if piece[0] < piece[1]]


def round_up(value, unit):
    """The least multiple of `unit` that is not less than `value`."""
    return -(-value // unit) * unit
