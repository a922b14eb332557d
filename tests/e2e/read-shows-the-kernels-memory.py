#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""guestcore read shows memory of a real guest by virtual and by physical
address, of a dump and of a running one; what cannot be read is an error."""

import stat
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from check import run
from elfcore import ElfCore
from guest import Guest
from tool import Tool

UTSNAME = "init_uts_ns"
UTSNAME_SIZE = 6 * 65
NOT_MAPPED = "0xffffffff00000000"


def test(t):
    tool = Tool(t.tool)
    with Guest(t.image) as guest:
        release = guest.said("release").encode()
        with t.case("a symbol of the running guest, which runs on"):
            live = read(tool, "--raw", "--qmp", guest.socket, UTSNAME,
                        UTSNAME_SIZE)
            assert release in live
            guest.wait_tick()
        dump = tool.dump(guest, t.folder / "dump", "kdump-raw-zlib")
        elf = tool.dump(guest, t.folder / "elf", "elf")

    with t.case("the same of its dump"):
        assert read(tool, "--raw", dump, UTSNAME, UTSNAME_SIZE) == live
    with ElfCore(elf) as core:
        symbol = int(core.vmcoreinfo_value(f"SYMBOL({UTSNAME})"), 16)
        phys_base = int(core.vmcoreinfo_value("NUMBER(phys_base)"))
    with t.case("by number, by symbol and offset, and by physical address"):
        where = symbol - 0xffffffff80000000 + phys_base
        for arguments in ((dump, hex(symbol + 7), 1000),
                          (dump, symbol + 7, "0x3e8"),
                          (dump, f"{UTSNAME}+7", 1000),
                          (elf, f"{UTSNAME}+0x7", 1000),
                          ("--physical", elf, hex(where + 7), 1000)):
            found = read(tool, "--raw", *arguments)
            assert found[:UTSNAME_SIZE - 7] == live[7:] and len(found) == 1000
    with t.case("as a hex dump like that of hexdump -C"):
        shown = read(tool, dump, UTSNAME, UTSNAME_SIZE).decode()
        assert unhex(shown, symbol) == live
    with t.case("more than a chunk at once, into a file that is private"):
        out = t.folder / "out"
        read(tool, "--raw", "--physical", "-o", out, elf, "0x100001", 5 << 20)
        assert stat.S_IMODE(out.stat().st_mode) == 0o600
        with ElfCore(elf) as core:
            assert out.read_bytes() == core.read(0x100001, 5 << 20)
    with t.case("what cannot be read is an error, and leaves no file"):
        before = sorted(t.folder.iterdir())
        for arguments in ((NOT_MAPPED, 1), ("no_such_symbol", 1),
                          ("0xfffffffffffffff0", 17), ("12x", 1), ("0", "1k"),
                          (f"{UTSNAME}+x", 1), (UTSNAME,)):
            done = tool.run("read", "-o", t.folder / "none", dump, *arguments)
            assert done.returncode == 1, arguments
            assert done.stderr.count("\n") == 1, done.stderr
        assert sorted(t.folder.iterdir()) == before
    with t.case("on standard output is what comes before an error"):
        size = last_byte(elf)
        done = tool.run("read", "--physical", dump, size - 31, 100)
        assert done.returncode == 1 and "guestcore: " in done.stderr
        assert len(unhex(done.stdout, size - 31)) == 31 + 1


def read(tool, *arguments):
    """What it prints, without a word on standard error."""
    done = subprocess.run([tool.path, "read", *map(str, arguments)],
                          capture_output=True, timeout=60, check=False)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout


def last_byte(elf):
    """The address of the last byte of memory, which ends a page."""
    with ElfCore(elf) as core:
        return max(load.paddr + load.memsz for load in core.loads) - 1


def unhex(text, address):
    """The bytes that a hex dump is of, which begins at an address."""
    bytes_, repeats = b"", False
    for line in text.splitlines():
        if line == "*":
            repeats = True
            continue
        at = int(line[:16], 16) - address
        if repeats:
            bytes_ += bytes_[-16:] * ((at - len(bytes_)) // 16)
            repeats = False
        assert len(bytes_) == at, line
        row = bytes.fromhex(line[18:67].replace(" ", ""))
        shown = "".join(chr(c) if 32 <= c < 127 else "." for c in row)
        assert line[68:] == (f"|{shown}|" if row else ""), line
        bytes_ += row
    return bytes_


run(test, __doc__)
