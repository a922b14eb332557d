#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What --keep-partial keeps of a dump that fails says that it is incomplete, and
makedumpfile, crash, drgn and guestcore open it, wherever it broke off."""

import resource
import signal
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import clients
from check import run
from elfcore import ElfCore
from guest import Guest
from middle import frozen_in_the_middle
from smalldisk import small_disk
from tool import FORMATS, TIMEOUT, Tool, dump_arguments

STATUS_INCOMPLETE = 8
KEEP = "--keep-partial"

# How much of the file may be written: right behind the headers, in the middle,
# nearly all.
SHARES = (0.02, 0.3, 0.7, 0.99)

# Less than what the kernel has at the end of memory, but some.
LAST_PAGES = 16384


def test(t):
    tool = Tool(t.tool)
    with Guest(t.image, random_mib=64) as guest:
        release = guest.said("release")
        whole = tool.dump(guest, t.folder / "whole.elf", "elf")
        for form in FORMATS:
            with t.case(f"{form}: the disk is full"):
                disk_full(t, tool, guest, form, release)
            with t.case(f"{form}: SIGINT comes in the middle"):
                interrupted(t, tool, guest, form, release)
    for form in (*FORMATS, "kdump-zlib"):
        full = t.folder / f"full.{form}"
        done = tool.run("convert", whole, full, "--format", form)
        assert done.returncode == 0, done.stderr
        size = full.stat().st_size
        full.unlink()
        for share in SHARES:
            with t.case(f"{form}: broken off at {share:.0%}"):
                path = broken_off(t, tool, whole, form, int(size * share))
                readers_open(tool, path, form, release)
        if form != "kdump-zlib":
            with t.case(f"{form}: of the last pages makedumpfile needs none"):
                path = broken_off(t, tool, whole, form, size - LAST_PAGES)
                clients.makedumpfile_dmesg(path).demand()
    with t.case("elf: what it has is the guest's memory"):
        path = broken_off(t, tool, whole, "elf", whole.stat().st_size // 2)
        same_so_far(path, whole)
    with t.case("a dump that breaks off in its headers is not kept"):
        done, path = convert_limited(t, tool, whole, "elf", 1000)
        assert done.returncode == 1 and not path.exists(), done.stderr
        assert "incomplete" not in done.stderr, done.stderr


def broken_off(t, tool, whole, form, size):
    """A file that was not allowed to grow over `size` bytes."""
    done, path = convert_limited(t, tool, whole, form, size)
    assert done.returncode == 1, done.returncode
    assert done.stderr.startswith("guestcore: the dump is incomplete: "), \
        done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert path.stat().st_size <= size, path.stat().st_size
    assert path.stat().st_mode & 0o777 == 0o600
    return path


def convert_limited(t, tool, whole, form, size):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    path = t.folder / "part"
    path.unlink(missing_ok=True)
    done = subprocess.run(
        [tool.path, "convert", "-q", whole, path, "--format", form, KEEP],
        text=True, stdin=subprocess.DEVNULL, capture_output=True, check=False,
        timeout=TIMEOUT, preexec_fn=limit)
    return done, path


def readers_open(tool, path, form, release):
    """Headers and notes are whole, so every reader gets that far."""
    assert "incomplete" in tool.info(path), tool.info(path)
    said = clients.crash_osrelease(path).demand()
    assert said == release, said
    if form == "kdump-zlib":
        return  # crash alone reads what is flattened
    said = clients.drgn_release(path).demand()
    assert said == release, said
    complaint = clients.makedumpfile_dmesg(path).complaint
    for refusal in ("Can't get the number of PT_LOAD", "is not supported format",
                    "doesn't contain", "Can't read the header"):
        assert refusal not in complaint, complaint
    if form == "elf":
        clients.gdb_threads(path).demand()


def disk_full(t, tool, guest, form, release):
    with small_disk(t.folder / "disk") as disk:
        path = disk / "dump"
        done = tool.run(*dump_arguments(guest.socket, path, form), KEEP)
        assert done.returncode == 1, done.returncode
        assert "No space left on device" in done.stderr, done.stderr
        assert list(disk.iterdir()) == [path], list(disk.iterdir())
        readers_open(tool, path, form, release)
    assert guest.running()
    guest.wait_tick()


def interrupted(t, tool, guest, form, release):
    folder = t.folder / f"interrupted.{form}"
    folder.mkdir()
    with frozen_in_the_middle(tool, guest, folder, form, KEEP) as process:
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGCONT)
        _, stderr = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 1, process.returncode
    assert stderr == (f"guestcore: {folder / 'dump'}: the dump is incomplete: "
                      "Interrupt\n"), stderr
    readers_open(tool, folder / "dump", form, release)
    assert guest.running()


def same_so_far(path, whole):
    """All that is there of a file is what the whole one has."""
    size = path.stat().st_size
    with ElfCore(whole) as core:
        start = min(segment.offset for segment in core.loads)
    with open(path, "rb") as one, open(whole, "rb") as two:
        one.seek(start)
        two.seek(start)
        while one.tell() < size:
            count = min(1 << 20, size - one.tell())
            assert one.read(count) == two.read(count), one.tell()


run(test, __doc__)
