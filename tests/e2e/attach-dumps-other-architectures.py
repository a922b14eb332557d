#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Debian's own kernels for arm64, i386, ppc64el, riscv64 and s390x, dumped out of QEMU:
every page and note is QEMU's own, where the machine has no vmcoreinfo device the
kernel's text is found in its memory, virtual addresses lead where the CPU's do, and the
readers of each architecture open the dumps.  QEMU takes a little-endian Power guest for
a big-endian one; guestcore does not."""

import json
import struct
import subprocess
import sys
import time
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

# ROM of the machines, which QEMU dumps: the BIOS of i386, where riscv64 starts.
ROM = {0xfffc0000, 0x1000}
EM = {"arm64": 183, "i386": 3, "ppc64el": 21, "riscv64": 243, "s390x": 22}
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
MAKEDUMPFILE_FAILS = {("i386", "kdump-raw-zlib")}
# libkdumpfile 0.5.1, by which drgn reads kdump files, knows no riscv64.
DRGN_FAILS = {("riscv64", "kdump-raw-zlib")}
# Where guestcore knows the page tables: symbols that VMCOREINFO has, and places that it
# tells where something is mapped within a few pages.
IMAGE = ("init_uts_ns", "swapper_pg_dir")
VIRTUAL = {
    "arm64": ((*IMAGE, "mem_section"), ()),
    "i386": (IMAGE, ()),
    "riscv64": ((*IMAGE, "mem_section"),
                ("VMEMMAP_START", "VMALLOC_START", "MODULES_VADDR")),
}
AREA_PAGES = 48
# What has a kernel choose page tables of fewer levels than the CPU can have, and the
# bits of an address that they then translate.
FEWER_LEVELS = {"riscv64": {"no5lvl": 48, "no4lvl": 39}}
TRIES = 50


def test(t):
    tool, arch = Tool(t.tool), t.options.arch
    try:
        image = fetched("build-image", f"{t.options.guest}-{arch}", arch)
        one(t, tool, arch, image)
        for word, bits in FEWER_LEVELS.get(arch, {}).items():
            with t.case(f"{arch}, {word}: virtual addresses lead where the CPU's do"):
                fewer_levels(t, tool, arch, image, word, bits)
    except Skip as reason:
        with t.case(arch):
            raise reason


def one(t, tool, arch, image):
    """Dumps a guest of an architecture in each format, and by QEMU."""
    release = (image / "release").read_text(encoding="ascii").strip()
    ours = {}
    with ForeignGuest(image, arch) as guest:
        console = guest.whole_console()
        guest.stop()
        for form in FORMATS:
            with t.case(f"{arch}, {form}: the guest is dumped"):
                ours[form] = dump(tool, guest, t.folder / form, form, release)
        theirs = qemu_dump(guest, t.folder / "qemu")
        if arch in VIRTUAL:
            with t.case(f"{arch}: virtual addresses lead where the CPU's do"):
                same_virtual(tool, guest, arch, t.folder)
    with AnyElf(theirs) as qemus, AnyElf(ours["elf"]) as core:
        with t.case(f"{arch}, elf: memory and registers are QEMU's"):
            assert core.machine == qemus.machine == EM[arch], core.machine
            assert core.ram == [r for r in qemus.ram if r[0] not in ROM], core.ram
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


def fewer_levels(t, tool, arch, image, word, bits):
    with ForeignGuest(image, arch, append=word) as guest:
        guest.stop()
        same_virtual(tool, guest, arch, t.folder)
    with AnyElf(t.folder / "text") as core:
        assert int(core.vmcoreinfo_value("NUMBER(VA_BITS)")) == bits


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


def same_virtual(tool, guest, arch, folder):
    """`guestcore read` of dumps and of the guest finds the pages that QEMU finds by
    the page tables of a CPU, and no others."""
    names, areas = VIRTUAL[arch]
    with AnyElf(tool.dump(guest, folder / "text", "elf")) as core:
        symbols = {name: int(core.vmcoreinfo_value(f"SYMBOL({name})"), 16) & -PAGE
                   for name in names}
        areas = {name: int(core.vmcoreinfo_value(f"NUMBER({name})"), 0)
                 for name in areas}
        cpu = cpu_in_kernel(guest, symbols["init_uts_ns"], core.ram)
    dumps = [tool.dump(guest, folder / f"virtual-{form}", form) for form in DRGN]
    sources = [(path,) for path in dumps]
    with AnyElf(dumps[0]) as core:
        for name, start in symbols.items():
            assert same_page(tool, core, sources + [("--qmp", guest.socket)], start,
                             translated(guest, cpu, start)), f"no {name}"
        for name, start in areas.items():
            found = [same_page(tool, core, sources, at, translated(guest, cpu, at))
                     for at in range(start, start + AREA_PAGES * PAGE, PAGE)]
            assert any(found), f"nothing at {name}"


def same_page(tool, core, sources, address, physical):
    """Whether there is memory at an address; physical: where, or None."""
    known = is_memory(physical, core.ram)
    for source in sources:
        done = subprocess.run(
            [tool.path, "read", "--raw", *source, hex(address), str(PAGE)],
            capture_output=True, timeout=60, check=False)
        assert (done.returncode == 0) == known, (source, hex(address), done.stderr)
        assert not known or done.stdout == core.read(physical, PAGE), hex(address)
    return known


def is_memory(physical, ram):
    return physical is not None and any(
        start <= physical < end for start, end in ram)


def cpu_in_kernel(guest, address, ram):
    """Stops the guest when a CPU can see the kernel's memory, and tells which; that of
    a process may not, and one in the firmware sees no virtual memory."""
    for _ in range(TRIES):
        for cpu in range(guest.smp):
            if is_memory(translated(guest, cpu, address), ram):
                return cpu
        guest.cont()
        time.sleep(0.1)
        guest.stop()
    raise AssertionError("no CPU sees the kernel")


def translated(guest, cpu, address):
    """The physical address by a CPU's page tables, as QEMU walks them, or None."""
    said = guest.qmp.command("human-monitor-command", {
        "command-line": f"gva2gpa {address:#x}", "cpu-index": cpu})
    return int(said.split()[1], 16) if said.startswith("gpa: ") else None


def readers_open(t, arch, dumps, release):
    """drgn opens whatever it is; crash and makedumpfile only dumps of the
    architecture that they were built for."""
    readers = ForeignClients(arch, t.image.parent)
    for form, path in dumps.items():
        with t.case(f"{arch}, {form}: crash of {arch} says the guest's release"):
            said = readers.crash_osrelease(path).demand()
            assert said == release, said
    for form in DRGN:
        verdict = clients.drgn_release(dumps[form])
        if (arch, form) in DRGN_FAILS:
            with t.case(f"{arch}, {form}: drgn still fails"):
                assert not verdict.ok, "it is to be expected of it from now on"
        else:
            with t.case(f"{arch}, {form}: drgn says the guest's release"):
                assert verdict.demand() == release, verdict
    for form in MAKEDUMPFILE:
        log = readers.makedumpfile_dmesg(dumps[form])
        if (arch, form) in MAKEDUMPFILE_FAILS:
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


def add_arguments(parser):
    parser.add_argument("--arch", choices=EM, default="arm64")


run(test, __doc__, add_arguments)
