#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""guestcore dump to standard output, of a part of memory and with virtual
addresses; a reader that goes away and numbers that are none fail in one line,
and the guest runs on."""

import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from check import run
from compare import same_memory, same_notes
from elfcore import ElfCore
from flat import unflatten
from guest import Guest
from kdump import Kdump
from tool import TIMEOUT, Tool, dump_arguments

MIB = 1 << 20
PART = (16 * MIB, 48 * MIB)


def test(t):
    tool = Tool(t.tool)
    with Guest(t.image, random_mib=32) as guest:
        guest.stop()
        whole = tool.dump(guest, t.folder / "whole", "elf")
        with ElfCore(whole) as core:
            with t.case("to a pipe: a flattened kdump"):
                flattened(t, guest, core)
            with t.case("to a pipe: ELF, as to a file"):
                assert piped(t, guest, "--format", "elf") == whole.read_bytes()
            with t.case("a part of memory"):
                part(t, tool, guest, core)
        with t.case("--paging gives virtual addresses"):
            path = tool.dump(guest, t.folder / "paged", "elf", "--paging")
            text = subprocess.run(["readelf", "-lW", path], text=True,
                                  capture_output=True, check=True).stdout
            assert len(re.findall(r"LOAD +\S+ 0xffffffff[89a-f]", text)) > 1
            # Not one for each of the 65536 addresses of an espfix stack.
            assert text.count("LOAD") < 4000, text.count("LOAD")
        guest.cont()
        with t.case("the reader of the pipe goes away"):
            gone(t, guest)
            assert guest.running()
        for option, value in (("--begin", "0xfg"), ("--length", "-1"),
                              ("--begin", "1G")):
            with t.case(f"{option} {value}: the guest is not even stopped"):
                guest.qmp.drain_events()
                done = tool.run(*dump_arguments(guest.socket, t.folder / "x"),
                                option, value)
                in_one_line(done.returncode, done.stderr, "takes a number")
                assert not guest.qmp.drain_events()


def piped(t, guest, *options):
    done = subprocess.run(
        [t.tool, "dump", "--qmp", guest.socket, "-o", "-", *options],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT,
        check=True)
    assert b"guest stood still" in done.stderr, done.stderr
    return done.stdout


def flattened(t, guest, core):
    path = t.folder / "flat"
    path.write_bytes(piped(t, guest))
    unflatten(path, t.folder / "plain")
    with Kdump(t.folder / "plain") as dump:
        same_memory(dump, core)
        same_notes(dump, core)


def part(t, tool, guest, core):
    start, end = PART
    path = tool.dump(guest, t.folder / "part", "elf", "--begin", hex(start),
                     "--length", end - start)
    with ElfCore(path) as dump:
        assert dump.ram == [PART], dump.ram
        same_memory(dump, core)


def gone(t, guest):
    with subprocess.Popen(
            [t.tool, "dump", "--qmp", guest.socket, "-o", "-"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True) as process:
        process.stdout.buffer.read(1)
        process.stdout.close()
        stderr = process.stderr.read()
        process.wait(timeout=TIMEOUT)
    in_one_line(process.returncode, stderr, "standard output: ")


def in_one_line(status, stderr, words):
    assert status == 1, status
    assert stderr.startswith("guestcore: ") and stderr.count("\n") == 1, stderr
    assert words in stderr, stderr


run(test, __doc__)
