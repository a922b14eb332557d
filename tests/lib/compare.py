# SPDX-License-Identifier: MIT
"""Compares two dumps of the same stopped guest, byte by byte."""

import os

from dumpfile import PAGE
from holes import data_parts

PIECE = 1 << 20
SHOWN = 8


class Difference(Exception):
    """Two dumps that should tell the same do not."""


def same_memory(ours, theirs, ranges=None):
    """Compares all memory of `ranges` (by default all that `ours` has) and
    returns how many pages that were."""
    differing = []
    pages = 0
    for start, end in ranges or ours.ram:
        pages += (end - start) // PAGE
        for at in range(start, end, PIECE):
            size = min(PIECE, end - at)
            left, right = ours.read(at, size), theirs.read(at, size)
            if left != right:
                differing += _differing_pages(at, left, right)
    if differing:
        shown = " ".join(f"{address:#x}" for address in differing[:SHOWN])
        raise Difference(f"{len(differing)} of {pages} pages differ: {shown}")
    return pages


def same_bytes(path, other_path):
    """Compares two files; what is a hole in both of them is not read."""
    sizes = path.stat().st_size, other_path.stat().st_size
    if sizes[0] != sizes[1]:
        raise Difference(f"{sizes[0]} bytes, not {sizes[1]}")
    with open(path, "rb") as file, open(other_path, "rb") as other:
        pair = file.fileno(), other.fileno()
        for start, end in [*data_parts(pair[0]), *data_parts(pair[1])]:
            for at in range(start, end, PIECE):
                left, right = (os.pread(fd, min(PIECE, end - at), at)
                               for fd in pair)
                if left != right:
                    raise Difference(f"the files differ within {PIECE} bytes "
                                     f"from {at:#x} on")


def same_notes(ours, theirs):
    """Compares all notes: number, order, names, types, contents."""
    if len(ours.notes) != len(theirs.notes):
        raise Difference(f"{len(ours.notes)} notes, not {len(theirs.notes)}")
    for i, (left, right) in enumerate(zip(ours.notes, theirs.notes)):
        if (left.name, left.type) != (right.name, right.type):
            raise Difference(f"note {i} is {left.name!r} type {left.type}, "
                             f"not {right.name!r} type {right.type}")
        if left.desc != right.desc:
            raise Difference(f"note {i} ({left.name!r}) differs at "
                             f"{_first_difference(left.desc, right.desc)}")


def _differing_pages(address, left, right):
    return [address + at for at in range(0, len(left), PAGE)
            if left[at:at + PAGE] != right[at:at + PAGE]]


def _first_difference(left, right):
    for at, (a, b) in enumerate(zip(left, right)):
        if a != b:
            return f"byte {at}: {a:#04x}, not {b:#04x}"
    return f"its length: {len(left)}, not {len(right)}"
