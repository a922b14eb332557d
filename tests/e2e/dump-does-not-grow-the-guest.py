#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A dump of a guest that uses little of its memory makes QEMU's resident memory
no larger, which QEMU's own dump does."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from check import run
from foreign import qemu_dump
from guest import Guest
from tool import FORMATS, Tool

MIB = 1 << 20
LITTLE = 4 * MIB
MUCH = 1024 * MIB
KINDS = ("VmRSS", "RssShmem", "RssAnon")


def test(t):
    tool = Tool(t.tool)
    for backend in ("memfd-shared", "anonymous"):
        with Guest(t.image, memory="2G", backend=backend) as guest:
            # Only a guest that stands still grows by nothing of its own.
            guest.stop()
            for form in FORMATS:
                with t.case(f"{backend}, {form}: our dump adds nothing"):
                    small(t, growth(guest, lambda: dump(t, tool, guest, form)))
            if backend == "memfd-shared":
                with t.case("memfd-shared: QEMU's own dump adds all of memory"):
                    large(growth(guest, lambda: qemu_dump(
                        guest, t.folder / "qemu.elf")))


def dump(t, tool, guest, form):
    tool.dump(guest, t.folder / "dump", form)
    (t.folder / "dump").unlink()


def growth(guest, action):
    """By how much QEMU's resident memory grows, in bytes by kind."""
    before = guest.resident()
    action()
    after = guest.resident()
    return {kind: after[kind] - before[kind] for kind in KINDS}


def small(t, grown):
    t.note(" ".join(f"{kind} {size:+d}" for kind, size in grown.items()))
    assert all(size <= LITTLE for size in grown.values()), grown


def large(grown):
    """Without this the test could not tell whether it measures anything."""
    assert grown["RssShmem"] >= MUCH, grown


run(test, __doc__)
