# SPDX-License-Identifier: MIT
"""Which pages of a guest a filtered dump still holds, and whether they are right."""

from anyelf import AnyElf
from compare import PIECE, SHOWN, same_memory
from dumpfile import PAGE
from kdump import Kdump, runs


class Filtered:
    """A filtered dump of either format, as a context manager.

    kept     the frames that are in it; of an ELF dump those that are not all
             zeros: nothing tells a page of zeros from one that was left out
    dropped  the frames that the guest has and that are not in it
    is_elf   which of the two formats it is
    """

    def __init__(self, path):
        with open(path, "rb") as file:
            self.is_elf = file.read(4) == b"\x7fELF"
        if self.is_elf:
            self._dump = AnyElf(path)
            self.kept = _stored(self._dump) - zero_pages(self._dump)
            self.dropped = _frames(self._dump.ram) - self.kept
        else:
            self._dump = Kdump(path)
            self.kept = set(self._dump.pfns)
            self.dropped = set(self._dump.bitmap1) - self.kept

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._dump.close()

    def demand_contents_of(self, whole):
        """Demands that each page is what it is in an unfiltered ELF dump."""
        same_memory(self._dump, whole, runs(sorted(self.kept)))


def zero_pages(elf):
    """The frames of an ELF dump that read as nothing but zeros."""
    found = set()
    for start, end in elf.ram:
        for at in range(start, end, PIECE):
            piece = elf.read(at, min(PIECE, end - at))
            if any(piece):
                found |= {(at + i) // PAGE for i in range(0, len(piece), PAGE)
                          if not any(piece[i:i + PAGE])}
            else:
                found |= _frames([(at, at + len(piece))])
    return found


def _stored(elf):
    """The frames of which there is something in an ELF file."""
    return _frames((start, start + in_file)
                   for start, _, in_file, _ in elf.loads)


def _frames(ranges):
    return {pfn for start, end in ranges
            for pfn in range(start // PAGE, end // PAGE)}


def shown(pfns):
    """Some frames, for a message."""
    return " ".join(f"{pfn:#x}" for pfn in sorted(pfns)[:SHOWN])
