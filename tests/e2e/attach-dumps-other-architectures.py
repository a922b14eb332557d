#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Debian's own kernels for arm64, i386, ppc64el and s390x, dumped out of QEMU:
every page and note is QEMU's own, where the machine has no fw_cfg the kernel's text
is found in its memory, and the readers of each architecture open the dumps.  QEMU
takes a little-endian Power guest for a big-endian one; guestcore does not."""

import json
import struct
import sys
from array import array
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import clients
from anyelf import AnyElf
from check import Skip, fetched, run
from compare import same_memory, same_notes
from dumpfile import PAGE, VMCOREINFO
from flat import plain
from foreign import qemu_dump
from foreign_clients import ForeignClients
from foreign_guest import MACHINES, ForeignGuest
from kdump import Kdump
from kernellog import same_log
from tool import Tool, dump_arguments

FIRMWARE = 0xfffc0000
EM = {"arm64": 183, "i386": 3, "ppc64el": 21, "s390x": 22}
PRSTATUS = b"CORE\0", 1
POWER_REGISTERS = 112, 464
FORMATS = ("elf", "kdump-raw-zlib", "kdump-zlib")
# What a kernel of s390x says at least, which says the least.
FEW_LINES = 100
# Who reads what; nobody else takes flattened files.
DRGN = ("elf", "kdump-raw-zlib")
MAKEDUMPFILE = ("elf", "kdump-raw-zlib")
# makedumpfile takes the virtual addresses of i386 from program headers, which a
# kdump file has not; without them it goes wrong if the kernel was moved by KASLR.
FAILS = {("i386", "kdump-raw-zlib")}


def test(t):
    tool = Tool(t.tool)
    for arch, machine in EM.items():
        try:
            one(t, tool, arch, machine)
        except Skip as reason:
            with t.case(arch):
                raise reason


def one(t, tool, arch, machine):
    """Dumps a guest of an architecture in each format, and by QEMU."""
    image = fetched("build-image", f"{t.options.guest}-{arch}", arch)
    release = (image / "release").read_text(encoding="ascii").strip()
    ours = {}
    with ForeignGuest(image, arch) as guest:
        console = guest.whole_console()
        guest.stop()
        for form in FORMATS:
            with t.case(f"{arch}, {form}: the guest is dumped"):
                ours[form] = dump(tool, guest, t.folder / form, form, release)
        theirs = qemu_dump(guest, t.folder / "qemu")
    with AnyElf(theirs) as qemus, AnyElf(ours["elf"]) as core:
        with t.case(f"{arch}, elf: memory and registers are QEMU's"):
            assert core.machine == qemus.machine == machine, core.machine
            assert core.ram == [r for r in qemus.ram if r[0] != FIRMWARE], core.ram
            assert same_memory(core, qemus) == guest.memory // PAGE
            if core.order == qemus.order:
                assert without_text(core) == without_text(qemus)
            else:
                same_turned(core, qemus)
        with t.case(f"{arch}, elf: it has the kernel's text"):
            assert core.vmcoreinfo_value("OSRELEASE") == release
            if MACHINES[arch].has_device:
                assert core.vmcoreinfo() == qemus.vmcoreinfo()
            else:
                assert not [n for n in qemus.notes if n.name == VMCOREINFO]
        for form in FORMATS[1:]:
            with t.case(f"{arch}, {form}: all is as in elf"):
                same_kdump(plain(ours[form]), core)
    for form, path in ours.items():
        with t.case(f"{arch}, {form}: guestcore dmesg says what the console did"):
            done = tool.run("dmesg", path)
            assert done.returncode == 0 and done.stderr == "", done.stderr
            same_log(done.stdout, console, FEW_LINES)
    readers_open(t, arch, ours, release)
    for path in t.folder.iterdir():
        path.unlink()


def dump(tool, guest, path, form, release):
    done = tool.run(*dump_arguments(guest.socket, path, form), "--json")
    assert done.returncode == 0 and done.stderr == "", done
    report = json.loads(done.stdout)
    assert report["os-release"] == release, report
    assert report["cpus"] == guest.smp, report
    return path


def same_kdump(path, core):
    page_size = int(core.vmcoreinfo_value("PAGESIZE"))
    with Kdump(path, order=core.order, bits=core.bits,
               page_size=page_size) as dump:
        assert dump.ram == core.ram, dump.ram
        same_memory(dump, core)
        same_notes(dump, core)
        dump.check_data()


def readers_open(t, arch, dumps, release):
    """drgn opens whatever it is; crash and makedumpfile only dumps of the
    architecture that they were built for."""
    readers = ForeignClients(arch, t.image.parent)
    for form, path in dumps.items():
        with t.case(f"{arch}, {form}: crash of {arch} says the guest's release"):
            said = readers.crash_osrelease(path).demand()
            assert said == release, said
    for form in DRGN:
        with t.case(f"{arch}, {form}: drgn says the guest's release"):
            said = clients.drgn_release(dumps[form]).demand()
            assert said == release, said
    for form in MAKEDUMPFILE:
        log = readers.makedumpfile_dmesg(dumps[form])
        if (arch, form) in FAILS:
            with t.case(f"{arch}, {form}: makedumpfile of {arch} still fails"):
                assert not log.ok, "it is to be expected of it from now on"
        else:
            with t.case(f"{arch}, {form}: makedumpfile of {arch} finds the log"):
                assert f"Linux version {release} " in log.demand()


def same_turned(core, qemus):
    """The general registers of all CPUs, in the other byte order."""
    ours, theirs = ([note.desc[slice(*POWER_REGISTERS)] for note in dump.notes
                     if (note.name, note.type) == PRSTATUS]
                    for dump in (core, qemus))
    assert (core.order, qemus.order) == ("<", ">")
    assert len(ours) == len(theirs) > 0
    for left, right in zip(ours, theirs):
        assert array("Q", left).tolist() == [
            value for value, in struct.iter_unpack(">Q", right)]


def without_text(core):
    return [note for note in core.notes if note.name != VMCOREINFO]


run(test, __doc__)
