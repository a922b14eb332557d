#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Of NUMA nodes, plugged memory, huge pages and an old machine, too, guestcore's
dumps have every page, note and the kernel's text as QEMU's own, and QEMU's resident
memory does not grow."""

import re
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from check import Skip, run
from compare import same_memory, same_notes
from dumpfile import PAGE, without
from elfcore import ElfCore
from foreign import qemu_dump
from guest import Guest
from hugepages import huge_pages
from kdump import Kdump
from tool import FORMATS, Tool

MIB = 1 << 20
LITTLE = 1 * MIB
FIRMWARE = (0xfffc0000, 0x100000000)
HUGE_MIB = 256
PATIENCE = 20


def backend(kind, size, *properties):
    """A memory backend for all of a machine's RAM."""
    options = ",".join((f"memory-backend-{kind},id=ram0,size={size}",
                        *properties))
    return ["-object", options]


def guests():
    """(name, machine, memory, further arguments)"""
    ram0 = ",memory-backend=ram0"
    yield ("the names of an old machine", "pc-i440fx-3.1" + ram0, "512M",
           backend("memfd", "512M", "share=on"))
    yield ("two nodes, DIMMs, virtio-mem and an NVDIMM", "pc,nvdimm=on",
           "512M,slots=4,maxmem=8G", many_kinds())
    for share in ("on", "off"):
        yield (f"huge pages share={share}", "pc" + ram0, f"{HUGE_MIB}M",
               backend("memfd", f"{HUGE_MIB}M", f"share={share}", "hugetlb=on",
                       "hugetlbsize=2M"))


def many_kinds():
    """Half of RAM in a memfd, half anonymous, and devices that are memory."""
    return [
        "-object", "memory-backend-memfd,id=m0,size=256M,share=on",
        "-object", "memory-backend-ram,id=m1,size=256M",
        "-numa", "node,memdev=m0,cpus=0", "-numa", "node,memdev=m1,cpus=1",
        "-object", "memory-backend-memfd,id=m2,size=256M,share=on",
        "-device", "pc-dimm,id=dimm0,memdev=m2",
        "-object", "memory-backend-ram,id=m3,size=128M",
        "-device", "nvdimm,id=nvdimm0,memdev=m3",
        "-object", "memory-backend-memfd,id=m4,size=1G,share=on",
        "-device", "virtio-mem-pci,id=vmem0,memdev=m4,requested-size=192M",
        "-object", "memory-backend-ram,id=m5,size=64M",
    ]


def test(t):
    tool = Tool(t.tool)
    wanted = re.compile(t.options.only)
    for name, machine, memory, extra in guests():
        if not wanted.search(name):
            continue
        try:
            with huge_pages(HUGE_MIB * MIB if "huge" in name else 0):
                compare(t, tool, name, machine, memory, extra)
        except Skip as reason:
            with t.case(name):
                raise reason


def compare(t, tool, name, machine, memory, extra):
    size, *more = memory.split(",")
    if more:
        extra = ["-m", memory, *extra]
    with Guest(t.image, machine=machine, memory=size, extra=extra,
               append="guestcore.virtio_mem=1") as guest:
        left_out = [FIRMWARE]
        if "DIMM" in name:
            left_out += plug(t, guest)
        guest.stop()
        before = guest.resident()
        ours = {form: tool.dump(guest, t.folder / f"ours.{form}", form)
                for form in FORMATS}
        after = guest.resident()
        theirs = qemu_dump(guest, t.folder / "qemu.elf")
        now = guest.resident()
    with t.case(f"{name}: QEMU does not grow"):
        grown = {kind: after[kind] - before[kind] for kind in before}
        t.note(f"{grown}, by QEMU's own dump {now['VmRSS'] - after['VmRSS']}")
        assert all(size <= LITTLE for size in grown.values()), grown
    with ElfCore(theirs) as qemus:
        expect = qemus.ram
        for gone in left_out:
            expect = without(expect, gone)
        with t.case(f"{name}: elf is as QEMU's"), ElfCore(ours["elf"]) as core:
            same(core, qemus, expect)
        for form in FORMATS:
            if form != "elf":
                with t.case(f"{name}: {form} is as QEMU's"), \
                        Kdump(ours[form]) as dump:
                    same(dump, qemus, expect)
    for path in (theirs, *ours.values()):
        path.unlink()


def same(ours, qemus, expect):
    assert ours.ram == expect, f"{ours.ram}, not {expect}"
    pages = sum(end - start for start, end in expect) // PAGE
    assert same_memory(ours, qemus) == pages
    same_notes(ours, qemus)
    assert ours.vmcoreinfo() == qemus.vmcoreinfo()


def plug(t, guest):
    """Adds one more DIMM, and waits for virtio-mem.  Returns where the NVDIMM is,
    whose content is in a file anyway: QEMU means to leave it out, and does not."""
    guest.qmp.command("device_add", {"driver": "pc-dimm", "id": "dimm1",
                                     "memdev": "m5"})
    deadline = time.monotonic() + PATIENCE
    devices = memory_devices(guest)
    while (any(is_waiting(device) for device in devices)
           and time.monotonic() < deadline):
        time.sleep(0.1)
        devices = memory_devices(guest)
    assert not any(is_waiting(device) for device in devices), devices
    t.note("plugged, in MiB: " + ", ".join(
        f"{device['id']} {device['size'] >> 20}" for device in devices))
    return [(device["addr"], device["addr"] + device["size"])
            for device in devices if device["id"] == "nvdimm0"]


def memory_devices(guest):
    return [device["data"]
            for device in guest.qmp.command("query-memory-devices")]


def is_waiting(device):
    """Whether the guest has not plugged yet what it may of a virtio-mem device."""
    return device["size"] != device.get("requested-size", device["size"])


def arguments(parser):
    parser.add_argument("--only", default="", help="a pattern of guests' names")


run(test, __doc__, arguments)
