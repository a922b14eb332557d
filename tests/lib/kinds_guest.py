# SPDX-License-Identifier: MIT
"""Guests that hold every kind of page, and stand still: tests/guest/page-kinds.c."""

import os
from typing import NamedTuple

from check import fetched
from foreign_guest import ForeignGuest
from guest import Guest

MIB = 1 << 20
MEMORY_MIB = 384
BALLOON_MIB = 24
CACHED_MIB = 16
SWAP_MIB = 32


class Kernel(NamedTuple):
    """A kernel of Debian's: its architecture, its metapackage, and whether it
    knows of broken memory."""
    arch: str
    package: str
    has_hwpoison: bool = True


KERNELS = {
    "6.1": Kernel("amd64", "linux-image-amd64"),
    "6.12": Kernel("amd64", "linux-image-6.12-amd64"),
    "6.1-arm64": Kernel("arm64", "linux-image-arm64"),
    "6.12-riscv64": Kernel("riscv64", "linux-image-riscv64", False),
}


def kinds_guest(t, kernel):
    """A guest of one of KERNELS, to be used as a context manager."""
    image = _build_image(t, KERNELS[kernel])
    options = {
        "memory": f"{MEMORY_MIB}M", "append": "guestcore.kinds=1",
        "extra": [*_disk(t.folder / "cached", os.urandom(MIB) * CACHED_MIB),
                  *_disk(t.folder / "swap", bytes(SWAP_MIB * MIB)),
                  "-device", "virtio-balloon-pci"]}
    if KERNELS[kernel].arch == "amd64":
        return _KindsGuest(image, random_mib=8, text_mib=8, **options)
    return _ForeignKindsGuest(image, KERNELS[kernel].arch, **options)


class _Balloon(Guest):
    """Has the balloon take memory as soon as its driver is there."""

    def _on_start(self):
        self.qmp.command(
            "balloon", {"value": self.memory - BALLOON_MIB * MIB})


class _KindsGuest(_Balloon, Guest):
    pass


class _ForeignKindsGuest(_Balloon, ForeignGuest):
    pass


def _build_image(t, kernel):
    """The guest's folder."""
    return fetched("build-image", f"{t.options.guest}-{kernel.package}",
                   kernel.arch, kernel.package)


def _disk(path, content):
    path.write_bytes(content)
    return ["-drive", f"file={path},format=raw,if=virtio"]
