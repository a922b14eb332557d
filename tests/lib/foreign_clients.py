# SPDX-License-Identifier: MIT
"""Debian's crash and makedumpfile of another architecture, which open only dumps
of their own: run by qemu-user, out of a folder that tests/guest/fetch-readers
makes."""

import shutil
from pathlib import Path

import clients
from check import Skip, fetched

EMULATORS = {"arm64": "qemu-aarch64", "i386": "qemu-i386",
             "ppc64el": "qemu-ppc64le", "riscv64": "qemu-riscv64",
             "s390x": "qemu-s390x"}


class ForeignClients:
    """The readers of an architecture by Debian's name for it; they are kept in
    a folder beside others."""

    def __init__(self, arch, beside):
        emulator = EMULATORS[arch]
        if not shutil.which(emulator):
            raise Skip(f"{emulator} is not installed")
        self._emulator = emulator
        self._folder = fetched("fetch-readers", Path(beside) / f"readers-{arch}",
                               arch)

    def makedumpfile_dmesg(self, path):
        """As clients.makedumpfile_dmesg()."""
        return clients.makedumpfile_dmesg(path, self.command("makedumpfile"))

    def crash_osrelease(self, path):
        """As clients.crash_osrelease()."""
        return clients.crash_osrelease(path, self.command("crash"))

    def command(self, reader):
        """What runs "crash" or "makedumpfile"."""
        return (self._emulator, "-L", str(self._folder),
                str(self._folder / "usr/bin" / reader))
