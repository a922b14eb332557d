# SPDX-License-Identifier: MIT
"""A guest that is booted once and then stands still in as many QEMUs as wanted,
its memory in each of them where that QEMU keeps it: the very same guest, ready in
a second.

    with Guest(image, backend="file-shared") as guest:
        frozen = FrozenGuest(guest, folder)
    with frozen.thawed("memfd-private") as guest:
        ...

The memory goes by its file and /proc/PID/mem, which leaves holes holes; QEMU's
migration carries the rest.
"""

import os
import shutil
import time
from contextlib import contextmanager

from guest import Guest, GuestError
from holes import data_parts

PIECE = 4 << 20
PATIENCE = 60
IGNORE_SHARED = {"capabilities": [{"capability": "x-ignore-shared",
                                   "state": True}]}


class FrozenGuest:
    """What is left of a guest: its memory and its devices' state, as files."""

    def __init__(self, guest, folder):
        self._like = guest
        self._memory = folder / "frozen-memory"
        self._state = folder / "frozen-state"
        guest.stop()
        guest.qmp.command("migrate-set-capabilities", IGNORE_SHARED)
        guest.qmp.command("migrate", {"uri": f"exec:cat > {self._state}"})
        guest.wait_migration("completed")
        shutil.move(guest.memory_file, self._memory)

    @contextmanager
    def thawed(self, backend):
        """The guest in a new QEMU, with its memory in that kind of backend."""
        like = self._like
        with Guest(like.image, memory=f"{like.memory >> 20}M", smp=like.smp,
                   backend=backend, machine=like.machine, cpu=like.cpu,
                   incoming=True) as guest:
            guest.qmp.command("migrate-set-capabilities", IGNORE_SHARED)
            self._fill(guest)
            guest.qmp.command("migrate-incoming",
                              {"uri": f"exec:cat {self._state}"})
            wait(lambda: guest.qmp.command("query-status")["status"] == "paused")
            yield guest

    def _fill(self, guest):
        base = int(guest.qmp.hmp("gpa2hva 0").split()[-1], 16)
        with open(self._memory, "rb") as source, \
                open(f"/proc/{guest.pid}/mem", "wb", buffering=0) as target:
            for start, end in data_parts(source.fileno()):
                for at in range(start, end, PIECE):
                    data = os.pread(source.fileno(), min(PIECE, end - at), at)
                    target.seek(base + at)
                    target.write(data)


def wait(happened):
    """Returns when it has happened."""
    deadline = time.monotonic() + PATIENCE
    while not happened():
        if time.monotonic() > deadline:
            raise GuestError(f"not frozen or thawed within {PATIENCE} s")
        time.sleep(0.02)
