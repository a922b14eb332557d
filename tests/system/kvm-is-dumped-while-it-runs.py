#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A guest that counts in memory without a pause is dumped while KVM runs it:
all of its memory and its registers are of one moment, and it stands still for
at most a twentieth of the time that the dump takes."""

import os
import struct
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from bare import TIMEOUT, Bare, add_arguments, need_kvm
from check import run
from dumpqmp import open_dump, slow_to_pack

MIB = 1 << 20
PAGE = 4096
RAM = 96
PAGES = 4096
FIRST = 0x1000000
TIMES = 0x300000
PERIODS = 256
RCX = 192 + 8  # in NT_PRSTATUS
SHORTER = 20
TRIES = 3      # another process may have the CPU just then


def counts_of(dump):
    """What the pages have, in the order of the sweep."""
    data = dump.read(FIRST, PAGES * PAGE)
    return [struct.unpack_from("<Q", data, at)[0]
            for at in range(0, len(data), PAGE)]


def check_moment(path):
    """Returns the moment: the guest's count."""
    with open_dump(path) as dump:
        note = dump.cpu_notes()[0]
        rcx = struct.unpack_from("<Q", note.desc, RCX)[0]
        counts = counts_of(dump)
    turn = rcx % PAGES
    assert rcx > PAGES, rcx
    for back in range(1, PAGES):
        page = (rcx - back) % PAGES
        assert counts[page] == rcx - back, (page, counts[page], rcx)
    assert counts[turn] in (rcx, rcx - PAGES), (counts[turn], rcx)
    return rcx


def dump(guest, path, **arguments):
    """Dumps; how long that took, in s, and the result."""
    begin = time.monotonic()
    guest.qmp.command("dump-guest-memory", {
        "paging": False, "protocol": f"file:{path}", "x-live": True,
        "format": "kdump-raw-zlib", "x-threads": 0, **arguments}, timeout=120)
    took = time.monotonic() - begin
    return took, guest.qmp.command("query-dump")


def watch(guest, action):
    """Does something while the guest counts: what that returns, and how long
    the guest's longest pause was meanwhile, in s."""
    first, begin = guest.words(TIMES, 1)[0], time.monotonic()
    result = action()
    last, end = guest.words(TIMES, 1)[0], time.monotonic()
    longest = guest.words(TIMES + 8, PERIODS)
    ticks = max(longest[period % PERIODS]
                for period in range(first >> 31, (last >> 31) + 1))
    return result, ticks * (end - begin) / (last - first)


def wait_for_sweep(guest):
    """Until the first page, which may have had anything, is written again."""
    deadline = time.monotonic() + TIMEOUT
    while not PAGES < guest.words(FIRST, 1)[0] <= guest.registers(0)["RCX"]:
        assert time.monotonic() < deadline, guest.serial()
        time.sleep(0.01)


def check_kind(t, name, options, is_filled):
    with Bare(t, "sweep", *options, append=f"pages={PAGES}",
              memory=RAM) as guest:
        wait_for_sweep(guest)
        path = guest.path / "vmcore"
        with t.case(f"{name}: memory and registers are of one moment"):
            before = guest.words(FIRST, 1)[0]
            _, result = dump(guest, path)
            assert result["status"] == "completed", result
            first = check_moment(path)
            assert first > before, (first, before)
            dump(guest, path)
            assert check_moment(path) > first
        with t.case(f"{name}: stopped and resumed meanwhile"):
            guest.qmp.drain_events()
            guest.qmp.command("dump-guest-memory", {
                "paging": False, "protocol": f"file:{path}", "x-live": True,
                "detach": True, "format": "kdump-raw-zlib", "x-threads": 0})
            guest.qmp.command("stop")
            guest.qmp.command("cont")
            data = guest.qmp.wait_event("DUMP_COMPLETED", timeout=120)["data"]
            assert data["result"]["status"] == "completed", data
            check_moment(path)
        if is_filled:
            check_standstill(t, name, guest, path)


def check_standstill(t, name, guest, path):
    """Where others have the CPU at times, so do they without a dump."""
    with t.case(f"{name}: the guest stands still but for a moment"):
        for _ in range(TRIES):
            (took, result), pause = watch(guest, lambda: dump(guest, path))
            _, usual = watch(guest, lambda: time.sleep(took))
            told = result["x-standstill"] / 1e9
            t.note(f"{name}: dump {took * 1e3:.0f} ms, standstill told "
                   f"{told * 1e3:.2f} ms, the guest's longest pause "
                   f"{pause * 1e3:.2f} ms, without a dump "
                   f"{usual * 1e3:.2f} ms")
            if told * SHORTER < took and (pause * SHORTER < took
                                          or pause < 2 * usual):
                break
        else:
            raise AssertionError(f"not in {TRIES} attempts")


def filled(path):
    """A file that is slow to pack."""
    with open(path, "wb") as file:
        for _ in range(RAM // 16):
            file.write(slow_to_pack(16 * MIB))
    return path


def backend(path, share):
    return ["-M", "pc,memory-backend=ram", "-object",
            f"memory-backend-file,id=ram,size={RAM}M,mem-path={path},"
            f"share={share}"]


def test(t):
    need_kvm()
    check_kind(t, "private memory", [], False)
    check_kind(t, "a private file", backend(filled(t.folder / "ram"), "off"),
               True)
    shared = Path(f"/dev/shm/guestcore-test-{os.getpid()}")
    try:
        check_kind(t, "a file in a tmpfs", backend(filled(shared), "on"), True)
    finally:
        shared.unlink(missing_ok=True)


run(test, __doc__, add_arguments)
