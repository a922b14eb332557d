#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What QEMU dumps of a guest becomes readable by converting it: from either of
its formats to every format that there is, for makedumpfile, crash and drgn; and
memory and notes stay what they were."""

import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import clients
from check import run
from compare import same_memory, same_notes
from elfcore import ElfCore
from flat import unflatten
from foreign import environment, qemu_dump
from guest import Guest
from kdump import Kdump
from tool import Tool


def test(t):
    tool = Tool(t.tool)
    formats = listed(tool, "format")
    # Video memory, so that there is more than RAM in QEMU's dump.
    with Guest(t.image, extra=["-vga", "std"]) as guest:
        release = guest.said("release")
        guest.stop()
        inputs = {"elf": qemu_dump(guest, t.folder / "qemu.elf"),
                  "kdump-zlib": qemu_dump(guest, t.folder / "qemu.flat",
                                          "kdump-zlib")}
        memory = guest.memory

    plain = t.folder / "plain"
    for source, path in inputs.items():
        for form in formats:
            out = t.folder / "out"
            with t.case(f"{source} to {form}: crash opens it"):
                convert(tool, path, out, form)
                said = clients.crash_osrelease(out).demand()
                assert said == release, said
            straighten(out, plain, form)
            readers_open(t, f"{source} to {form}", plain, form, release)
            with t.case(f"{source} to {form}: it is what QEMU dumped"):
                equals(plain, form, inputs["elf"], memory)
    same_whatever_the_way(t, tool, inputs)
    parts(t, tool, inputs["elf"])


def listed(tool, what):
    """What `guestcore --list` has of a kind."""
    done = tool.run("--list")
    assert done.returncode == 0, done.stderr
    return re.findall(rf"^{what} (.*)$", done.stdout, re.M)


def convert(tool, path, out, form, *options):
    """Converts, which must succeed."""
    done = tool.run("convert", path, out, "--format", form, *options)
    assert done.returncode == 0, f"{done.returncode}\n{done.stderr}"
    return out


def straighten(out, plain, form):
    """What makedumpfile and this drgn take: a file that is not flattened."""
    if form.startswith("kdump-") and not form.startswith("kdump-raw-"):
        unflatten(out, plain)
    else:
        plain.unlink(missing_ok=True)
        out.rename(plain)


def readers_open(t, name, plain, form, release):
    if not form.endswith(("snappy", "zstd")):  # which Debian's has not
        with t.case(f"{name}: makedumpfile finds the log"):
            log = clients.makedumpfile_dmesg(plain).demand()
            assert f"Linux version {release}" in log
    with t.case(f"{name}: drgn says the release"):
        said = clients.drgn_release(plain).demand()
        assert said == release, said


def open_plain(path, form):
    """A reader of a file that is not flattened."""
    return ElfCore(path) if form == "elf" else \
        Kdump(path, form.rpartition("-")[2])


def equals(plain, form, qemus, memory):
    """All RAM and all notes, page by page."""
    with open_plain(plain, form) as ours, ElfCore(qemus) as theirs:
        same_notes(ours, theirs)
        assert ours.ram[-1][1] == memory, ours.ram
        assert same_memory(ours, theirs, ours.ram) * 4096 > memory // 2


def same_whatever_the_way(t, tool, inputs):
    """One guest is one file."""
    folder = t.folder
    for form in ("elf", "kdump-raw-zlib"):
        with t.case(f"{form}: the same from either of QEMU's formats"):
            one = convert(tool, inputs["elf"], folder / "one", form,
                          "--threads", "0")
            two = convert(tool, inputs["kdump-zlib"], folder / "two", form,
                          "--threads", "3")
            assert one.read_bytes() == two.read_bytes()
    with t.case("elf: the same through a pipe"):
        done = subprocess.run(
            [tool.path, "convert", inputs["elf"], "-", "--format", "elf", "-q"],
            stdout=subprocess.PIPE, check=True)
        convert(tool, inputs["elf"], folder / "one", "elf")
        assert done.stdout == (folder / "one").read_bytes()
    with t.case("kdump-raw-zlib: makedumpfile filters it as it does the ELF"):
        clients.requires("makedumpfile")
        convert(tool, inputs["elf"], folder / "elf", "elf")
        for name in ("elf", "two"):
            makedumpfile("-c", "-d", "31", folder / name, folder / f"{name}.31")
        assert (folder / "elf.31").read_bytes() == \
            (folder / "two.31").read_bytes()
    with t.case("kdump-raw-zlib: what was filtered stays filtered"):
        again = convert(tool, folder / "elf.31", folder / "again",
                        "kdump-raw-zlib")
        with Kdump(folder / "elf.31") as theirs, Kdump(again) as ours:
            assert ours.bitmap1 == theirs.bitmap1
            assert ours.bitmap2 == theirs.bitmap2
            assert ours.sub_header.dump_level == 31
            assert same_memory(ours, theirs, ours.ram) == len(ours.bitmap2)


def parts(t, tool, qemus):
    """A dump that makedumpfile split is read from its parts."""
    with t.case("parts of a split dump: together the same as the whole"):
        clients.requires("makedumpfile")
        whole = convert(tool, qemus, t.folder / "whole", "elf")
        names = [t.folder / f"part{i}" for i in range(2)]
        makedumpfile("--split", "-c", "-d", "0", whole, *names)
        done = tool.run("convert", names[1], names[0], t.folder / "joined",
                        "--format", "elf")
        assert done.returncode == 0, done.stderr
        assert (t.folder / "joined").read_bytes() == whole.read_bytes()


def makedumpfile(*arguments):
    done = subprocess.run(["makedumpfile", *map(str, arguments)], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=environment(), check=False)
    assert done.returncode == 0, done.stdout


run(test, __doc__)
