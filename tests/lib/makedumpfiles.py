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

# Debian 12's makedumpfile, 1.7.2, knows the kernels up to this.
NEWEST_KERNEL = (6, 1)


class Judge:
    """A makedumpfile that understands a guest's kernel."""

    def __init__(self, program):
        self._program = program

    def kept(self, source, path, level):
        """The frames that it keeps of a dump at a level; `path` is for its file."""
        makedumpfile("-f", "-l", "-d", level, source, path, program=self._program)
        with Kdump(path, codec="lzo") as dump:
            kept = set(dump.pfns)
        path.unlink()
        return kept


def judge_of(t, kernel):
    """The judge for a guest with one of KERNELS; skips if there is none."""
    release, arch = kernel.split("-")[0], KERNELS[kernel].arch
    if tuple(map(int, release.split("."))) > NEWEST_KERNEL:
        raise Skip(f"this makedumpfile is older than Linux {release}")
    if arch == "amd64":
        requires("makedumpfile")
        return Judge(("makedumpfile",))
    readers = ForeignClients(arch, Path(t.options.guest).parent)
    return Judge(readers.command("makedumpfile"))
