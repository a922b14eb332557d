# SPDX-License-Identifier: MIT
"""Guests without an operating system (tests/guest/bare), run by KVM."""

import os
import re
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from check import Skip
from qmp import Qmp

TIMEOUT = 30


def add_arguments(parser):
    """What a test that runs them is told."""
    parser.add_argument("--bare", type=Path, required=True,
                        help="the folder of the guests")


def need_kvm():
    """Skips where the host runs no guests."""
    try:
        os.close(os.open("/dev/kvm", os.O_RDWR))
    except OSError as error:
        raise Skip(f"no KVM: {error}") from error


class Bare:
    """A machine that runs one of the guests.

    qmp      its monitor
    process  the program
    """

    def __init__(self, t, name, *arguments, append="", cpus=1, memory=64):
        self._folder = tempfile.TemporaryDirectory(prefix="guestcore-bare-")
        self.path = Path(self._folder.name)
        self.process = subprocess.Popen(
            [t.tool, "-accel", "kvm", "-m", str(memory), "-smp", str(cpus),
             "-S", "-kernel", str(t.options.bare / name),
             "-append", f"cpus={cpus} {append}", "-device", "vmcoreinfo",
             "-serial", f"file:{self.path}/serial",
             "-qmp", f"unix:{self.path}/qmp,server=on,wait=off", *arguments],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.qmp = Qmp(self.path / "qmp")
        if "-S" not in arguments:  # only now, so that no event is missed
            self.qmp.command("cont")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()
        self.qmp.close()
        self._folder.cleanup()

    def serial(self):
        """What the guest has said so far."""
        path = self.path / "serial"
        return path.read_text(errors="replace") if path.exists() else ""

    def wait(self, pattern, timeout=TIMEOUT):
        """Waits until the guest has said it: the last match."""
        deadline = time.monotonic() + timeout
        while True:
            found = list(re.finditer(pattern, self.serial()))
            if found:
                return found[-1]
            assert self.process.poll() is None, (
                self.process.returncode, self.process.stderr.read())
            assert time.monotonic() < deadline, (pattern, self.serial()[-500:])
            time.sleep(0.02)

    def words(self, address, n):
        """64-bit words of the guest's memory."""
        text = self.qmp.hmp(f"xp /{n}xg {address:#x}")
        return [int(word, 16)
                for line in text.split("\r\n") if ":" in line
                for word in line.split(":")[1].split()]

    def registers(self, cpu):
        """What `info registers` shows of a CPU: {name: value}, segments and
        tables as lists of theirs."""
        text = self.qmp.hmp("info registers -a").replace("\r\n", "\n")
        part = text.split("CPU#")[cpu + 1]
        found = {}
        for name, values in re.findall(
                r"(\w+) ?=((?: *[0-9a-f]{4,16}\b(?! ?=))+)", part):
            numbers = [int(value, 16) for value in values.split()]
            found[name] = numbers[0] if len(numbers) == 1 else numbers
        return found

    def end(self, timeout=TIMEOUT):
        """Waits for the end of the program: status and what it printed."""
        status = self.process.wait(timeout)
        return status, self.process.stderr.read().decode()

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)
