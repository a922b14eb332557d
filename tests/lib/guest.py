# SPDX-License-Identifier: MIT
"""Boots the guest that tests/guest/build-image made, in an unmodified QEMU.

    with Guest(image, memory="512M", backend="memfd-shared") as guest:
        guest.socket      # the monitor for the program under test
        guest.qmp         # our own connection to a second monitor

KASLR is on, as it is for everybody.  However the test ends, QEMU ends too.
"""

import ctypes
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from foreign import environment
from qmp import Qmp

QEMU = "qemu-system-x86_64"
# Where QEMU keeps RAM: the options of a memory backend, by our name for it.
BACKENDS = {
    "memfd-shared": "memory-backend-memfd,share=on",
    "memfd-private": "memory-backend-memfd,share=off",
    "file-shared": "memory-backend-file,share=on,mem-path={memory_file}",
    "file-private": "memory-backend-file,share=off,mem-path={memory_file}",
    "anonymous-shared": "memory-backend-ram,share=on",
}
READY = "guestcore-guest ready"
KERNEL_READY = "Run /init as init process"
PR_SET_PDEATHSIG = 1

# libc is loaded before any fork: the child between fork and exec only calls it.
_libc = ctypes.CDLL(None, use_errno=True)


class GuestError(Exception):
    """The guest did not do what a guest does; the console says more."""


class Guest:
    """A running guest, as a context manager."""

    def __init__(self, image, memory="512M", smp=2, backend="anonymous",
                 machine="pc", cpu="max", random_mib=16, text_mib=16, extra=(),
                 append="", device=True, timeout=120, incoming=False):
        self.image = Path(image)
        self.memory = parse_size(memory)
        self.smp = smp
        self.backend = backend
        self.machine = machine
        self.cpu = cpu
        self.fill = (random_mib, text_mib)
        self.extra = list(extra)
        self.append = append
        self.device = device
        self.timeout = timeout
        self.incoming = incoming
        self.qmp = None
        self.boot_seconds = None
        self._process = None
        self._folder = None

    def __enter__(self):
        self._folder = Path(tempfile.mkdtemp(prefix="guestcore-guest-"))
        try:
            self._boot()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.qmp:
            self.qmp.close()
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def socket(self):
        """The monitor's socket for the program under test."""
        return self._folder / "tool.qmp"

    @property
    def memory_file(self):
        """Where the RAM of a guest is that has it in a file."""
        return self._folder / "memory"

    @property
    def pid(self):
        """QEMU's process."""
        return self._process.pid

    def alive(self):
        """Whether QEMU still runs."""
        return self._process.poll() is None

    def kill(self):
        """Ends QEMU as the OOM killer would; a second call does nothing."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def running(self):
        """Whether the guest's CPUs run."""
        return self.qmp.command("query-status")["running"]

    def stop(self):
        """Stops the CPUs, so that memory stands still."""
        self.qmp.command("stop")

    def cont(self):
        """Lets the CPUs run again."""
        self.qmp.command("cont")

    def wait_migration(self, status, timeout=60):
        """Returns when QEMU says so of the migration that it is part of."""
        deadline = time.monotonic() + timeout
        while self.qmp.command("query-migrate").get("status") != status:
            if time.monotonic() > deadline:
                raise GuestError(f"no migration is {status} after {timeout} s")
            time.sleep(0.02)

    def console(self):
        """All that the guest's kernel has printed."""
        return self._serial("console")

    def whole_console(self, timeout=60):
        """The console once it shows the kernel's start to its end: on a busy
        machine that can come after what the guest's init says."""
        deadline = time.monotonic() + timeout
        while KERNEL_READY not in self.console():
            if time.monotonic() > deadline:
                raise GuestError(f"no '{KERNEL_READY}' on the console")
            time.sleep(0.05)
        return self.console()

    def said(self, key):
        """What stands behind "guestcore-guest KEY" in what init has said."""
        said = self._serial("init")
        found = re.search(rf"^guestcore-guest {key} (.*)$", said, re.M)
        if not found:
            raise GuestError(f"the guest said nothing of '{key}'")
        return found.group(1)

    def ticks(self):
        """How often the guest has said that it lives: once a second."""
        return self._serial("init").count("guestcore-guest tick")

    def wait_tick(self, timeout=20):
        """Returns when the guest's userspace has shown that it runs."""
        before = self.ticks()
        deadline = time.monotonic() + timeout
        while self.ticks() <= before:
            if time.monotonic() > deadline:
                raise GuestError(f"the guest shows no life for {timeout} s")
            time.sleep(0.05)

    def resident(self):
        """What QEMU has of the host's memory in bytes by kind: VmRSS, RssAnon,
        RssFile, RssShmem, page tables (VmPTE), huge pages (HugetlbPages)."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        rows = re.findall(r"^(VmRSS|VmPTE|Rss\w+|HugetlbPages):\s+(\d+) kB$", status, re.M)
        return {name: int(kib) * 1024 for name, kib in rows}

    def command_line(self):
        """QEMU's arguments."""
        random_mib, text_mib = self.fill
        return [
            QEMU, "-accel", "tcg", "-cpu", self.cpu, "-smp", str(self.smp),
            *self._memory_arguments(),
            "-nodefaults", "-display", "none", "-no-reboot",
            *(["-device", "vmcoreinfo"] if self.device else []),
            "-serial", f"file:{self._folder / 'console'}",
            "-serial", f"file:{self._folder / 'init'}",
            "-qmp", f"unix:{self.socket},server=on,wait=off",
            "-qmp", f"unix:{self._folder / 'own.qmp'},server=on,wait=off",
            "-kernel", str(self.image / "vmlinuz"),
            "-initrd", str(self.image / "initramfs"),
            "-append", "console=ttyS0 panic=-1 "
            f"guestcore.random={random_mib} guestcore.text={text_mib} "
            f"{self.append}",
            *(["-incoming", "defer"] if self.incoming else []),
            *self.extra,
        ]

    def _serial(self, name):
        """What has come out of a serial port."""
        path = self._folder / name
        if not path.exists():
            return ""
        return path.read_bytes().decode(errors="replace").replace("\r", "")

    def _memory_arguments(self):
        mib = f"{self.memory >> 20}M"
        if self.backend == "anonymous":
            return ["-machine", self.machine, "-m", mib]
        options = BACKENDS[self.backend].format(memory_file=self.memory_file)
        # What QEMU calls the RAM of a machine that is given no backend.
        return ["-machine", f"{self.machine},memory-backend=pc.ram", "-m", mib,
                "-object", f"{options},id=pc.ram,size={mib}"]

    def _boot(self):
        start = time.monotonic()
        with open(self._folder / "stderr", "wb") as stderr:
            self._process = subprocess.Popen(
                self.command_line(), stdin=subprocess.DEVNULL,
                stdout=stderr, stderr=stderr, env=environment(),
                preexec_fn=die_with_parent)
        self.qmp = Qmp(self._folder / "own.qmp")
        self._on_start()
        if not self.incoming:
            self._wait_ready(start + self.timeout)
        self.boot_seconds = time.monotonic() - start

    def _on_start(self):
        """What a subclass asks of QEMU before the guest is up."""

    def _wait_ready(self, deadline):
        while READY not in self._serial("init"):
            if not self.alive():
                raise GuestError(f"QEMU ended:\n{self._last_words()}")
            if time.monotonic() > deadline:
                raise GuestError(
                    f"not ready after {self.timeout} s:\n{self._last_words()}")
            time.sleep(0.05)

    def _last_words(self):
        stderr = (self._folder / "stderr").read_text(errors="replace")
        console = self.console().splitlines()[-40:]
        return "\n".join([stderr, *console, self._serial("init")])


def parse_size(text):
    """Bytes of a size as QEMU takes it, "512M" or "2G"."""
    return int(text[:-1]) << {"M": 20, "G": 30}[text[-1]]


def die_with_parent():
    """In the child: end when the test does, even when that is killed."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
