#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Wherever QEMU keeps the RAM of a stopped guest, guestcore's dump of it has the
same bytes in each format, and they are the pages, notes and kernel's text of QEMU's
own dump; and QEMU's resident memory does not grow."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from check import Skip, run
from compare import same_bytes, same_memory, same_notes
from dumpfile import PAGE, without
from elfcore import ElfCore
from flat import plain
from foreign import qemu_dump
from frozen import FrozenGuest
from guest import BACKENDS, Guest
from kdump import Kdump
from tool import Tool

FORMATS = {"elf": ElfCore, "kdump-raw-zlib": Kdump, "kdump-zlib": Kdump}
FIRMWARE = (0xfffc0000, 0x100000000)
LITTLE = 1 << 20
# QEMU itself dumps only a small guest from every backend: it makes all of a
# shared one resident.
SMALL = 1 << 30
ROOM = 8 << 30


def test(t):
    tool = Tool(t.tool)
    if t.room() < ROOM:
        raise Skip("no room for dumps of a large guest")
    with Guest(t.image, machine=t.options.machine, memory=t.options.memory,
               backend="file-shared") as guest:
        frozen = FrozenGuest(guest, t.folder)
    first, theirs = dump_first(t, tool, frozen)
    for backend in BACKENDS:
        with frozen.thawed(backend) as guest:
            ours = dump(t, tool, guest, backend)
            if guest.memory < SMALL:
                with t.case(f"{backend}: to QEMU it is the same guest"):
                    again = qemu_dump(guest, t.folder / "again")
                    same_bytes(theirs, again)
                    again.unlink()
        for form in FORMATS:
            with t.case(f"{backend}: {form} is byte for byte that of anonymous "
                        "memory"):
                same_bytes(first[form], ours[form])
            ours[form].unlink()


def dump_first(t, tool, frozen):
    """The guest in anonymous memory against QEMU's own dump."""
    with frozen.thawed("anonymous") as guest:
        ours = dump(t, tool, guest, "anonymous")
        theirs = qemu_dump(guest, t.folder / "qemu")
    with ElfCore(theirs) as qemus:
        for form, reader in FORMATS.items():
            with t.case(f"{form}: pages, notes and text are QEMU's"), \
                    reader(plain(ours[form])) as core:
                same_guest(core, qemus, guest.memory)
    return ours, theirs


def dump(t, tool, guest, backend):
    """The guest in each format; returns the files."""
    before = guest.resident()
    ours = {form: tool.dump(guest, t.folder / f"{backend}.{form}", form)
            for form in FORMATS}
    with t.case(f"{backend}: QEMU does not grow"):
        grown = {kind: size - before[kind]
                 for kind, size in guest.resident().items()}
        assert all(size <= LITTLE for size in grown.values()), grown
    return ours


def same_guest(ours, qemus, memory):
    assert ours.ram == without(qemus.ram, FIRMWARE), ours.ram
    assert same_memory(ours, qemus) == memory // PAGE
    same_notes(ours, qemus)
    assert ours.vmcoreinfo() == qemus.vmcoreinfo()


def arguments(parser):
    parser.add_argument("--machine", default="pc")
    parser.add_argument("--memory", default="512M")


run(test, __doc__, arguments)
