# SPDX-License-Identifier: MIT
"""What the guest's kernel says of its own pages: the note of /proc/kpageflags that
tests/guest/page-kinds.c leaves in the guest's memory.

The bits are the kernel's interface to its users (Documentation/admin-guide/mm/
pagemap.rst), not those of struct page, and mean the same in every kernel.
"""

import struct
from array import array

from dumpfile import PAGE, demand

MAGIC = b"guestcore-flags\0"
HEAD = "<16sQQ"
HUGE_PAGE = 2 << 20

# The bits by name.
BITS = {
    "dirty": 4, "lru": 5, "slab": 7, "buddy": 10, "anon": 12, "swapcache": 13,
    "swapbacked": 14, "head": 15, "tail": 16, "hugetlb": 17, "unevictable": 18,
    "hwpoison": 19, "nopage": 20, "ksm": 21, "thp": 22, "offline": 23,
    "pgtable": 26, "reserved": 32, "mlocked": 33, "private": 35,
}

# What the bits of a level leave out, and any bit of it.
CACHE, CACHE_PRIVATE, USER, FREE = 2, 4, 8, 16
ANY = 31


class PageFlags:
    """The flags of all frames of a guest.

    first   the first of the frames
    flags   the flags of each from there on
    """

    def __init__(self, dump):
        """Finds them in an unfiltered dump of the guest."""
        self.first, self.flags = _find(dump)
        self._spread_heads()
        self._left_out_by = [_left_out_by(flags) for flags in self.flags]

    def count(self, *names):
        """How many frames have all the flags of these names."""
        mask = sum(1 << BITS[name] for name in names)
        return sum(flags & mask == mask for flags in self.flags)

    def left_out(self, level):
        """The frames that a level leaves out by what they are used for."""
        return {self.first + i for i, bits in enumerate(self._left_out_by)
                if bits & level}

    def out_of_use(self):
        """The frames that are broken or the host's, which nobody wants."""
        return self.any_of("hwpoison", "offline")

    def any_of(self, *names):
        """The frames that have a flag of these names."""
        mask = sum(1 << BITS[name] for name in names)
        return {self.first + i for i, flags in enumerate(self.flags)
                if flags & mask}

    def _spread_heads(self):
        """Gives the tails of a compound page the flags of its head."""
        head, tail = 1 << BITS["head"], 1 << BITS["tail"]
        current = 0
        for i, flags in enumerate(self.flags):
            if flags & head:
                current = flags & ~head
            elif flags & tail:
                self.flags[i] = current | flags


def _find(dump):
    for start, end in dump.ram:
        for at in range(-(-start // HUGE_PAGE) * HUGE_PAGE, end, HUGE_PAGE):
            magic, first, frames = struct.unpack_from(
                HEAD, dump.read(at, PAGE))
            if magic == MAGIC and frames:
                data = dump.read(at + PAGE, HUGE_PAGE - PAGE)
                return first, array("Q", data[:frames * 8])
    demand(False, "the guest has left no flags of its pages")
    return None


def _left_out_by(flags):
    """The bits of a level each of which leaves out a frame of these flags."""
    def has(*names):
        return any(flags & 1 << BITS[name] for name in names)
    if has("hwpoison", "offline"):
        return ANY
    if has("buddy"):
        return FREE
    # A slab has something else where other pages have what makes them anonymous,
    # and since 6.10 the kernel does not look which of the two it is.
    if has("slab"):
        return 0
    if has("hugetlb", "anon"):
        return USER
    if not has("lru"):
        return 0
    return CACHE_PRIVATE if has("private") else CACHE | CACHE_PRIVATE
