#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""In a dump of a huge guest the pages that it never used have no descriptors:
makedumpfile, crash and drgn open it all the same."""

import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import clients
from check import run
from elfcore import EHDR_SIZE, PHDR_SIZE, ElfCore
from guest import Guest
from tool import Tool

GIB = 1 << 30
MIB = 1 << 20
UNUSED = 64 * GIB
MAX_FILE = 256 * MIB  # what the descriptors alone would take, and more


def test(t):
    tool = Tool(t.tool)
    with Guest(t.image) as guest:
        release = guest.said("release")
        dump = tool.dump(guest, t.folder / "dump", "elf")
    add_unused(dump, 4 * GIB, UNUSED)
    for form in ("kdump-raw-zlib", "kdump-zlib"):
        path = t.folder / form
        with t.case(f"{form}: the file is small, and says what it lacks"):
            done = tool.run("convert", dump, path, "--format", form,
                            "--all-memory")
            assert done.returncode == 0, done.stderr
            assert path.stat().st_size < MAX_FILE, path.stat().st_size
            said = tool.info(path)
            assert "dump level:    1" in said, said
        with t.case(f"{form}: crash says the guest's release"):
            said = clients.crash_osrelease(path).demand()
            assert said == release, said
    path = t.folder / "kdump-raw-zlib"
    with t.case("makedumpfile finds the log"):
        log = clients.makedumpfile_dmesg(path).demand()
        assert f"Linux version {release}" in log
    with t.case("drgn says the guest's release"):
        said = clients.drgn_release(path).demand()
        assert said == release, said
    with t.case("converted again it is the same file"):
        done = tool.run("convert", path, t.folder / "again", "--format",
                        "kdump-raw-zlib", "--all-memory")
        assert done.returncode == 0, done.stderr
        assert (t.folder / "again").read_bytes() == path.read_bytes()


def add_unused(path, start, size):
    """Adds memory to an ELF dump that is all hole: a program header more, so
    that all of them move to the end of the file."""
    with ElfCore(path) as core:
        headers = core.bytes_at(core.phoff, core.phnum * PHDR_SIZE, "headers")
        number = core.phnum
    added = struct.pack("<IIQQQQQQ", 1, 0, EHDR_SIZE, start, start, 0, size, 0)
    with open(path, "r+b") as file:
        end = file.seek(0, 2)
        file.write(headers + added)
        file.seek(32)
        file.write(struct.pack("<Q", end))  # e_phoff
        file.seek(56)
        file.write(struct.pack("<H", number + 1))  # e_phnum


run(test, __doc__)
