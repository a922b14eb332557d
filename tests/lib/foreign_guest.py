# SPDX-License-Identifier: MIT
"""Guests of other architectures, as tests/guest/build-image makes them."""

import shutil
from typing import NamedTuple

from check import Skip
from guest import Guest


class Machine(NamedTuple):
    """What QEMU needs to know to boot Debian's kernel of an architecture."""
    qemu: str
    arguments: tuple
    console: str
    has_device: bool


MACHINES = {
    "arm64": Machine("qemu-system-aarch64",
                     ("-machine", "virt", "-cpu", "cortex-a57"), "ttyAMA0", True),
    "i386": Machine("qemu-system-i386",
                    ("-machine", "pc", "-cpu", "max"), "ttyS0", True),
    # Their machines have no fw_cfg, and so no vmcoreinfo device.
    "ppc64el": Machine("qemu-system-ppc64",
                       ("-machine", "pseries", "-cpu", "power9"), "hvc0", False),
    # QEMU 7.2 makes its fw_cfg after the devices that want it.
    "riscv64": Machine("qemu-system-riscv64", ("-machine", "virt"), "ttyS0", False),
    "s390x": Machine("qemu-system-s390x",
                     ("-machine", "s390-ccw-virtio", "-cpu", "max"), "ttysclp0",
                     False),
}


class ForeignGuest(Guest):
    """A guest of an architecture by Debian's name for it."""

    def __init__(self, image, arch, **options):
        super().__init__(image, random_mib=8, text_mib=8, timeout=170, **options)
        self.arch = MACHINES[arch]
        if not shutil.which(self.arch.qemu):
            raise Skip(f"no {self.arch.qemu}")

    def command_line(self):
        """QEMU's arguments."""
        random_mib, text_mib = self.fill
        arch = self.arch
        return [
            arch.qemu, "-accel", "tcg", *arch.arguments, "-smp", str(self.smp),
            "-m", f"{self.memory >> 20}M",
            "-nodefaults", "-display", "none", "-no-reboot",
            *(["-device", "vmcoreinfo"] if arch.has_device else []),
            "-serial", f"file:{self._folder / 'console'}",
            "-qmp", f"unix:{self.socket},server=on,wait=off",
            "-qmp", f"unix:{self._folder / 'own.qmp'},server=on,wait=off",
            "-kernel", str(self.image / "vmlinuz"),
            "-initrd", str(self.image / "initramfs"),
            "-append", f"console={arch.console} panic=-1 "
            f"guestcore.random={random_mib} guestcore.text={text_mib} "
            f"{self.append}",
            *self.extra,
        ]

    def _serial(self, _):
        """There is one serial port, for the kernel and for init."""
        return super()._serial("console")
