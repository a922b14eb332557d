#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""makedumpfile, crash, drgn, readelf and gdb open what guestcore dumps of a
running guest; makedumpfile does not open what QEMU dumps of it."""

import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import clients
from check import run
from elfcore import ElfCore
from flat import unflatten
from foreign import qemu_dump
from guest import Guest
from kernellog import same_log
from tool import FORMATS, Tool


def test(t):
    tool = Tool(t.tool)
    with Guest(t.image) as guest:
        release = guest.said("release")
        console = guest.whole_console()
        dumps = {}
        for form in FORMATS:
            with t.case(f"{form}: a running guest is dumped and runs on"):
                path = t.folder / f"ours.{form}"
                dumps[form] = tool.dump(guest, path, form)
                assert guest.running()
                guest.wait_tick()
        qemus = [qemu_dump(guest, t.folder / "qemu.elf"),
                 qemu_dump(guest, t.folder / "qemu.flat", "kdump-zlib")]

    for form, path in dumps.items():
        readers_open(t, form, path, release, console)
    if "elf" in dumps:
        elf_readers_open(t, dumps["elf"], guest.smp)
    for form, path in dumps.items():
        with t.case(f"{form}: guestcore info tells what it is"):
            info_tells(tool.info(path), form, release, dumps)
    makedumpfile_refuses(t, *qemus)
    info_knows_why(t, tool, dumps, *qemus)


def readers_open(t, form, path, release, console):
    """The readers of both formats."""
    with t.case(f"{form}: makedumpfile finds the log that the console saw"):
        same_log(clients.makedumpfile_dmesg(path).demand(), console)
    with t.case(f"{form}: crash says the guest's release"):
        said = clients.crash_osrelease(path).demand()
        assert said == release, said
    with t.case(f"{form}: drgn says the guest's release"):
        said = clients.drgn_release(path).demand()
        assert said == release, said


def elf_readers_open(t, path, cpus):
    """The readers that know nothing but ELF."""
    with t.case("elf: readelf has nothing to complain of"):
        assert "VMCOREINFO" in clients.readelf(path).demand()
    with t.case("elf: eu-readelf shows the kernel's text"):
        assert "OSRELEASE=" in clients.eu_readelf(path).demand()
    with t.case("elf: gdb shows every CPU"):
        text = clients.gdb_threads(path).demand()
        shown = re.findall(r"^Thread \d+ .*LWP (\d+)", text, re.M)
        assert sorted(map(int, shown)) == list(range(1, cpus + 1)), text


def info_tells(text, form, release, dumps):
    """What a person wants to know first."""
    with ElfCore(dumps["elf"]) as core:
        phys_base = core.vmcoreinfo_value("NUMBER(phys_base)")
    for fact in (form.split("-")[0], "x86_64", release, phys_base):
        assert fact.lower() in text.lower(), f"nothing of '{fact}' in:\n{text}"


def makedumpfile_refuses(t, elf, flat):
    """Why guestcore is needed."""
    clients.requires("makedumpfile")
    plain = t.folder / "qemu.kdump"
    unflatten(flat, plain)
    for path, what in ((elf, "ELF dump"), (flat, "kdump-zlib dump"),
                       (plain, "kdump-zlib dump, put right,")):
        with t.case(f"QEMU's own {what} fails in makedumpfile"):
            assert not clients.makedumpfile_dmesg(path).ok


def info_knows_why(t, tool, dumps, elf, flat):
    """What guestcore info says of readers is so."""
    for form, path in dumps.items():
        with t.case(f"{form}: guestcore info has no objection, and counts"):
            info = json.loads(tool.info(path, "--json"))
            assert info["readers"] == [] and info["warnings"] == []
            pages = info["pages"]
            packed = sum(one["pages"] for one in pages["packed"].values())
            assert pages["zero"] + pages["raw"] + packed == pages["memory"]
            assert pages["memory"] * info["page-size"] == info["present"]
    for path, words in ((elf, ("makedumpfile refuses",)),
                        (flat, ("flattened", "utsname is not filled",
                                "another phys_base"))):
        with t.case(f"guestcore info knows what readers have against {path.name}"):
            said = "\n".join(json.loads(tool.info(path, "--json"))["readers"])
            for word in words:
                assert word in said, said


run(test, __doc__)
