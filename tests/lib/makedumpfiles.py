# SPDX-License-Identifier: MIT
"""makedumpfile as the judge of a page filter: of this machine's architecture, or of
another one under qemu-user."""

from pathlib import Path

from check import Skip
from clients import requires
from foreign import makedumpfile
from foreign_clients import ForeignClients
from kdump import Kdump
from kinds_guest import KERNELS
from smallpages import split_struct_pages

# What kernels makedumpfile knows: 1.7.2 of Debian 12, and for an architecture that
# Debian 13 has first, 1.7.6.
NEWEST_KERNEL = (6, 1)
NEWEST_KERNELS = {"riscv64": (6, 12)}


class Judge:
    """A makedumpfile that understands a guest's kernel.

    blind_to    the flags, as PageFlags has them, of pages that it does not see
    """
    blind_to = ()

    def __init__(self, program):
        self._program = program

    def kept(self, source, path, level):
        """The frames that it keeps of a dump at a level; `path` is for its file."""
        makedumpfile("-f", "-l", "-d", level, source, path, program=self._program)
        with Kdump(path, codec="lzo") as dump:
            kept = set(dump.pfns)
        path.unlink()
        return kept


class RiscvJudge(Judge):
    """1.7.6 on 6.12: since then the type of a page is a number, of which it looks at
    bits, and these types have those of a slab.  It does not follow large pages."""
    blind_to = "buddy", "offline"

    def kept(self, source, path, level):
        with open(source, "rb") as file:
            if file.read(4) != b"\x7fELF":
                raise Skip("this makedumpfile does not follow large pages")
        copy = path.with_suffix(".small")
        split_struct_pages(source, copy)
        kept = super().kept(copy, path, level)
        copy.unlink()
        return kept


def judge_of(t, kernel):
    """The judge for a guest with one of KERNELS; skips if there is none."""
    release, arch = kernel.split("-")[0], KERNELS[kernel].arch
    newest = NEWEST_KERNELS.get(arch, NEWEST_KERNEL)
    if tuple(map(int, release.split("."))) > newest:
        raise Skip(f"this makedumpfile is older than Linux {release}")
    if arch == "amd64":
        requires("makedumpfile")
        return Judge(("makedumpfile",))
    readers = ForeignClients(arch, Path(t.options.guest).parent)
    kind = RiscvJudge if arch == "riscv64" else Judge
    return kind(readers.command("makedumpfile"))
