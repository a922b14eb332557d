#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""guestcore dmesg of a real guest, running or in a dump of any format, is what
makedumpfile --dump-dmesg says, byte for byte, and what was on the console."""

import json
import mmap
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import clients
from check import run
from guest import Guest
from kernellog import MANY_LINES, same_log
from tool import Tool

KNOWN = b"BIOS-provided physical RAM map:"
# What a log may hold: lines, and bytes that would do things to a terminal.
ODD = b"BIOS-p\nov\x1bded\x00\x7fhy\xff\xe2\x82\xac\tRA\nM map:"
assert len(KNOWN) == len(ODD)


def test(t):
    tool = Tool(t.tool)
    with Guest(t.image) as guest:
        console = guest.whole_console()
        with t.case("of a running guest, which runs on"):
            live = dmesg(tool, "--qmp", guest.socket)
            assert guest.running()
            guest.wait_tick()
        dump = tool.dump(guest, t.folder / "dump", "elf")

    theirs = makedumpfiles(dump)
    with t.case("of an ELF dump as makedumpfile, byte for byte"):
        assert dmesg(tool, dump) == theirs
    with t.case("of the running guest no line was other"):
        assert theirs.startswith(live), "the log has changed"
        assert live.count(b"\n") >= MANY_LINES
    with t.case("all that was on the console"):
        same_log(theirs.decode("ascii"), console)
    for form in formats(tool):
        with t.case(f"of a dump in {form} as of ELF"):
            path = t.folder / "converted"
            done = tool.run("convert", "--format", form, dump, path)
            assert done.returncode == 0, done.stderr
            assert dmesg(tool, path) == theirs
    with t.case("as JSON, with the same texts"):
        same_records(json.loads(dmesg(tool, "--json", dump)), theirs)
    with t.case("who logged it, on demand"):
        text = dmesg(tool, "--caller", dump)
        assert re.match(rb"\[    0\.000000\]\[    T0\] Linux version", text), \
            text[:80]
    with t.case("bytes that are not printable as makedumpfile, \\xNN"):
        make_odd(dump)
        ours = dmesg(tool, dump)
        assert ours == undo_sign(makedumpfiles(dump))
        assert b"BIOS-p\n" + b" " * 15 + b"ov\\x1bded\\x00\\x7fhy\\xff" in ours


def dmesg(tool, *arguments):
    """What it prints, without a word on standard error."""
    done = subprocess.run([tool.path, "dmesg", *map(str, arguments)],
                          capture_output=True, timeout=60, check=False)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout


def formats(tool):
    """All that this build writes."""
    listed = tool.run("--list").stdout.splitlines()
    return [line.split()[1] for line in listed if line.startswith("format ")]


def makedumpfiles(dump):
    """The log as makedumpfile has it."""
    clients.requires("makedumpfile")
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        subprocess.run(["makedumpfile", "--dump-dmesg", dump, log], check=True,
                       capture_output=True, timeout=60)
        return log.read_bytes()


def same_records(records, log):
    """The records are numbered, and their texts those of the lines."""
    numbers = [record["sequence"] for record in records]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert records[0]["text"].startswith("Linux version ")
    assert records[0]["level"] == "notice" and records[0]["caller"] == "T0"
    stamped = [f"[{record['nanoseconds'] // 10**9:5}."
               f"{record['nanoseconds'] % 10**9 // 1000:06}] "
               + record["text"].split("\n")[0] for record in records]
    lines = log.decode("ascii").splitlines()
    assert stamped == [line for line in lines if line.startswith("[")]


def undo_sign(log):
    """makedumpfile 1.7.2 takes bytes from 0x80 on for negative numbers, and
    prints \\xff as \\xffffffff."""
    return re.sub(rb"\\xffffff(..)", rb"\\x\1", log)


def make_odd(dump):
    """Puts odd bytes into the log of a dump."""
    with open(dump, "r+b") as file, mmap.mmap(file.fileno(), 0) as bytes_:
        at = bytes_.find(KNOWN)
        assert at >= 0
        while at >= 0:
            bytes_[at:at + len(ODD)] = ODD
            at = bytes_.find(KNOWN, at)


run(test, __doc__)
