#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Every page of RAM, every CPU note and VMCOREINFO in guestcore's dumps of a
stopped guest equal QEMU's own ELF dump of it, and no number of threads changes
a byte."""

import filecmp
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from check import run
from compare import same_memory, same_notes
from dumpfile import PAGE, without
from elfcore import ElfCore
from foreign import qemu_dump
from guest import Guest
from kdump import Kdump
from rules import check_elf, check_kdump
from tool import FORMATS, Tool

THREADS = (0, 1, 2, 7)
FIRMWARE = (0xfffc0000, 0x100000000)
# The machines differ too: half of the second one's RAM lies above 4 GiB, and its
# CPU, unlike "max", has no 5-level page tables.
GUESTS = {
    "anonymous": {"machine": "pc", "cpu": "max"},
    "memfd-shared": {"machine": "q35,max-ram-below-4g=256M", "cpu": "qemu64"},
}


def test(t):
    tool = Tool(t.tool)
    backend = t.options.backend
    with Guest(t.image, backend=backend, **GUESTS[backend]) as guest:
        guest.stop()
        # QEMU's dump fills the holes in memory: ours must come first.
        ours = {form: tool.dump(guest, t.folder / f"ours.{form}", form)
                for form in FORMATS}
        with t.case("a guest that stood still is left standing still"):
            assert not guest.running()
        same_for_any_threads(t, tool, guest, ours)
        for form in FORMATS:
            with t.case(f"{form}: the same bytes out of a copy of memory"):
                again = t.folder / "again"
                tool.dump(guest, again, form, "--copy-first")
                same_bytes(ours[form], again)
        theirs = qemu_dump(guest, t.folder / "qemu.elf")
        with t.case("a dump is the same once all memory is in use"):
            same_again(tool, guest, ours["elf"], t.folder / "again")

    with ElfCore(theirs) as qemus:
        with ElfCore(ours["elf"]) as core:
            elf_cases(t, core, qemus, guest.memory)
        with Kdump(ours["kdump-raw-zlib"]) as dump:
            kdump_cases(t, dump, qemus, guest.memory)


def same_for_any_threads(t, tool, guest, ours):
    """The order in the file is not the order in which threads finish."""
    for form in FORMATS:
        for threads in THREADS:
            with t.case(f"{form}: the same bytes with {threads} threads"):
                again = t.folder / "again"
                tool.dump(guest, again, form, "--threads", threads)
                same_bytes(ours[form], again)


def same_again(tool, guest, first, again):
    tool.dump(guest, again, "elf")
    same_bytes(first, again)


def same_bytes(first, again):
    sizes = first.stat().st_size, again.stat().st_size
    assert filecmp.cmp(first, again, shallow=False), f"differ; sizes {sizes}"
    again.unlink()


def elf_cases(t, core, qemus, memory):
    with t.case("elf: the rules that keep readers content hold"):
        check_elf(core)
    same_guest(t, "elf", core, qemus, memory)


def kdump_cases(t, dump, qemus, memory):
    with t.case("kdump: the rules that keep readers content hold"):
        check_kdump(dump)
    with t.case("kdump: the pages' data lie in order, the zero page once"):
        dump.check_data()
    same_guest(t, "kdump", dump, qemus, memory)


def same_guest(t, form, ours, qemus, memory):
    """The guest in one file is the guest in the other."""
    with t.case(f"{form}: the RAM of the guest and nothing else is there"):
        expect = without(qemus.ram, FIRMWARE)
        assert ours.ram == expect, f"{ours.ram}, not {expect}"
        assert sum(end - start for start, end in ours.ram) == memory
    with t.case(f"{form}: every page equals QEMU's"):
        assert same_memory(ours, qemus) == memory // PAGE
    with t.case(f"{form}: every note equals QEMU's"):
        same_notes(ours, qemus)
    with t.case(f"{form}: the kernel's text equals QEMU's"):
        assert ours.vmcoreinfo() == qemus.vmcoreinfo()


def arguments(parser):
    parser.add_argument("--backend", choices=sorted(GUESTS),
                        default="anonymous", help="where the guest's RAM is")


run(test, __doc__, arguments)
