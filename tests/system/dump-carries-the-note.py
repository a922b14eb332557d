#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""From the device to the file: a guest puts a note into its memory and tells
the vmcoreinfo device; dumps in every format carry the note and phys_base, or
neither, and then the monitor says why."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from check import run
from dumpqmp import answer, ask, dump_request, open_dump
from elfcore import ElfCore
from system import System
from vmcoreinfo import make_note, write_bytes, write_file

NOTE_AT = 0x9000
NOTE_MAX = 1 << 20
TEXT = "OSRELEASE=6.1.0-test\nPAGESIZE=4096\n"
CPUS = 3

# A line of VMCOREINFO, and the phys_base that it means.
PHYS_BASES = [
    ("NUMBER(phys_base)=16777216\n", 16777216),
    ("NUMBER(phys_base)=-16777216\n", -16777216),
    ("NUMBER(phys_base)=0x1000000\n", 16777216),
    ("", 0),
    ("NUMBER(phys_base)=garbled\n", 0),
]


def codec_of(name):
    """The codec in the name of a format; zlib for those without."""
    return name.rsplit("-", 1)[-1] if "-" in name else "zlib"


class Machine:
    """A VM whose guest is played by the test."""

    def __init__(self, t, system):
        self.path = t.folder / "vmcore"
        self.qtest = system.qtest()
        self.lines = system.qmp()
        self.formats = ask(self.lines,
                           "query-dump-guest-memory-capability")["formats"]

    def put(self, note, size=None, guest_format=1, paddr=NOTE_AT):
        """The guest writes its note and tells of it."""
        self.qtest.ask(f"write {NOTE_AT:#x} {len(note)} 0x{note.hex()}")
        write_file(self.qtest, guest_format,
                   len(note) if size is None else size, paddr)

    def dump(self, name, **arguments):
        """A dump, opened."""
        self.lines.send(dump_request(self.path, format=name, **arguments))
        message, _ = answer(self.lines)
        assert message == {"return": {}}, message
        return open_dump(self.path, codec_of(name))

    def warnings(self):
        return ask(self.lines, "query-dump").get("x-warnings", [])


def check_notes(t, machine):
    for line, base in PHYS_BASES:
        text = TEXT + line
        machine.put(make_note(text))
        for name in machine.formats:
            with t.case(f"{name}: {line.strip() or 'no phys_base'}"):
                with machine.dump(name) as dump:
                    got = dump.vmcoreinfo()
                    assert got == text.encode(), got
                    assert len(dump.cpu_notes()) == CPUS, dump.notes
                    if not isinstance(dump, ElfCore):
                        header = dump.sub_header
                        assert header.signed_phys_base() == base, header
                assert not machine.warnings(), machine.warnings()
    with t.case("the note is trimmed to what its header counts"):
        machine.put(make_note(TEXT) + b"x" * 100)
        with machine.dump("elf") as dump:
            assert dump.vmcoreinfo() == TEXT.encode()
            end = dump.read(NOTE_AT, 4096).rstrip(b"\0")
            assert end.endswith(b"x" * 100), end
    with t.case("a note of another name is carried, too"):
        note = make_note(TEXT).replace(b"VMCOREINFO", b"SOMEBODYIS")
        machine.put(note)
        with machine.dump("elf") as dump:
            assert dump.notes[-1].name == b"SOMEBODYIS\0", dump.notes


def check_none(t, machine, what, *why):
    """No format has a note, and the monitor says why."""
    for name in machine.formats:
        with t.case(f"{name}: {what}"):
            with machine.dump(name) as dump:
                names = [note.name for note in dump.notes]
                assert names == [b"CORE\0"] * CPUS, names
            warnings = machine.warnings()
            assert len(warnings) == 1, warnings
            for word in why:
                assert word in warnings[0], warnings
    with t.case(f"x-query-vmcoreinfo: {what}"):
        state = ask(machine.lines, "x-query-vmcoreinfo")
        assert not state["usable"], state
        for word in why:
            assert word in state["reason"], state


def check_unusable(t, machine):
    note = make_note(TEXT)
    check_none(t, machine, "nothing was told", "guest note is not present")
    machine.put(note)
    write_bytes(machine.qtest, b"\0\0\1\0")
    check_none(t, machine, "a partial write", "guest note is not present")
    machine.put(note, guest_format=0)
    check_none(t, machine, "format 0", "guest note is not present")
    machine.put(note, guest_format=2)
    check_none(t, machine, "format 2", "guest note format is unsupported: 2")
    for size in (0, 11, NOTE_MAX + 1, 0xffffffff):
        machine.put(note, size=size)
        check_none(t, machine, f"size {size}", "its size of", str(size))
    machine.put(note, size=len(note) - 8)
    check_none(t, machine, "a truncated note", "its header counts")
    machine.put(b"\xff" * 64)
    check_none(t, machine, "a header of nonsense", "its header counts")
    machine.put(note, paddr=0xffffffff0)
    check_none(t, machine, "no memory there", "0xffffffff0")
    machine.put(make_note("\1\2\3\n"))
    check_none(t, machine, "no text of a kernel", "is left out")


def check_level(t, machine):
    """Of a kernel that is not in memory nothing is left out."""
    machine.put(make_note(TEXT))
    for name in machine.formats:
        with t.case(f"{name}: x-level, and a note without a kernel"):
            with machine.dump(name, **{"x-level": 31}) as dump:
                assert dump.vmcoreinfo() == TEXT.encode()
                if not isinstance(dump, ElfCore):
                    level = dump.sub_header.dump_level
                    assert level == 0, level
            warnings = machine.warnings()
            assert len(warnings) == 1, warnings
            assert warnings[0].startswith("no page was left out"), warnings
            result = ask(machine.lines, "query-dump")
            assert "x-left-out" not in result, result


def test(t):
    with System(t.tool, "-M", "pc", "-m", "4", "-smp", str(CPUS), "-device",
                "vmcoreinfo") as system:
        machine = Machine(t, system)
        check_unusable(t, machine)
        check_notes(t, machine)
        check_level(t, machine)
    with System(t.tool, "-M", "pc", "-m", "4") as system:
        machine = Machine(t, system)
        with t.case("without the device there is no note, and no warning"):
            with machine.dump("elf") as dump:
                assert len(dump.notes) == 1, dump.notes
            assert not machine.warnings(), machine.warnings()
    for target, name in (("aarch64", "virt"), ("riscv64", "virt"),
                         ("i386", "pc")):
        with System(t.tool, "-M", name, "-m", "4", "-smp", "2",
                    target=target) as system, \
                t.case(f"{target}: a dump in every format"):
            lines = system.qmp()
            for fmt in ask(lines,
                           "query-dump-guest-memory-capability")["formats"]:
                lines.send(dump_request(t.folder / "vmcore", format=fmt))
                message, _ = answer(lines)
                assert message == {"return": {}}, (fmt, message)


run(test, __doc__)
