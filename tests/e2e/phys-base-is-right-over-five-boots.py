#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""phys_base in the kdump header is the kernel's own, wherever KASLR put the
kernel: five boots in a row."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import clients
from check import run
from guest import Guest
from kdump import Kdump
from tool import Tool

BOOTS = 5
CPUS = ("max", "qemu64")


def test(t):
    tool = Tool(t.tool)
    bases, offsets = set(), set()
    for boot in range(BOOTS):
        path = t.folder / "dump"
        with Guest(t.image, smp=1, random_mib=0, text_mib=0,
                   cpu=CPUS[boot % len(CPUS)]) as guest:
            with t.case(f"boot {boot + 1}: the guest is dumped"):
                tool.dump(guest, path, "kdump-raw-zlib")
        with t.case(f"boot {boot + 1}: phys_base is the kernel's own"):
            base, offset = same_phys_base(t, path)
            bases.add(base)
            offsets.add(offset)
        with t.case(f"boot {boot + 1}: makedumpfile finds the log by it"):
            clients.makedumpfile_dmesg(path).demand()
        path.unlink(missing_ok=True)
    with t.case("KASLR gave different physical addresses"):
        assert len(bases) > 1, bases
    with t.case("KASLR gave different virtual addresses"):
        assert len(offsets) > 1, offsets


def same_phys_base(t, path):
    """Where the kernel is, if the header and the kernel agree on it."""
    with Kdump(path) as dump:
        said = int(dump.vmcoreinfo_value("NUMBER(phys_base)"))
        offset = dump.vmcoreinfo_value("KERNELOFFSET")
        found = dump.sub_header.signed_phys_base()
    t.note(f"phys_base {said} = {said & (1 << 64) - 1:#x}, offset 0x{offset}")
    assert found == said, f"the header has {found}, the kernel says {said}"
    return said, offset


run(test, __doc__)
