# SPDX-License-Identifier: MIT
"""A guest with real content to measure dumps of: what the host has in /usr/lib,
three quarters of it as files and the rest as a process's own memory."""

import os
import subprocess
import time

from check import fetched
from guest import Guest
from qmp import event_seconds

MIB = 1 << 20
BOOT_SECONDS = 300
STEADY_SECONDS = 3
STEADY_TRIES = 40


def say(text):
    """Prints it at once: a benchmark takes its time."""
    print(text, flush=True)


def conditions(memory_mib, used_mib):
    """What a benchmark's figures depend on."""
    return (f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}; guest of "
            f"{memory_mib} MiB, {used_mib} MiB of files and process memory")


def bench_guest(image, disk, memory_mib, used_mib, backend):
    """The guest, to be used as a context manager; then wait_steady."""
    return Guest(
        fetched("build-image", image), memory=f"{memory_mib}M",
        backend=backend, random_mib=0, text_mib=0,
        append=f"guestcore.disk={used_mib}", timeout=BOOT_SECONDS,
        extra=["-drive", f"file={disk},format=raw,if=virtio,readonly=on"])


def make_disk(folder, mib):
    """The host's libraries as a disk for the guest to read."""
    disk = folder / "disk"
    with open(disk, "wb") as file:
        with subprocess.Popen(["tar", "-c", "-C", "/usr", "lib"],
                              stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL) as tar:
            for _ in range(mib):
                file.write(tar.stdout.read(MIB).ljust(MIB, b"\0"))
            tar.kill()
    return disk


def wait_steady(guest):
    """Returns when QEMU grows no more by what the guest does."""
    before = -1
    for _ in range(STEADY_TRIES):
        now = guest.resident()["VmRSS"]
        if before >= 0 and now - before < MIB:
            return
        before = now
        time.sleep(STEADY_SECONDS)


def paused_seconds(guest):
    """How long the guest has stood still since the events were drained."""
    events = guest.qmp.drain_events()
    return _stamp(events, "RESUME") - _stamp(events, "STOP")


def _stamp(events, name):
    found = [event_seconds(e) for e in events if e["event"] == name]
    assert len(found) == 1, events
    return found[0]
