#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""gdb on the running program and on its core: the name that people know from
QEMU, and the command guestcore-vmcoreinfo."""

import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from check import ROOT, Skip, run
from system import System
from vmcoreinfo import make_note, write_file

HELPER = ROOT / "tools/gdb/guestcore-gdb.py"
MAX_CORE = 1 << 34
TEXT = "OSRELEASE=6.1.0-test\nPAGESIZE=4096\n"


def gdb(*arguments):
    done = subprocess.run(
        ["gdb", "-nx", "-batch", "-iex", "set debuginfod enabled off",
         *arguments], capture_output=True, text=True, timeout=120)
    if "ptrace: Operation not permitted" in done.stderr:
        raise Skip("gdb may not attach here")
    return done.stdout + done.stderr


def virtual_size(pid):
    """In bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmSize:")[1].split()[0]) << 10


def test(t):
    if not shutil.which("gdb"):
        raise Skip("no gdb")
    with System(t.tool, "-M", "pc", "-m", "64", "-device",
                "vmcoreinfo") as system:
        qtest = system.qtest()
        pid = str(system.process.pid)
        program = system.program
        with t.case("before the guest wrote, nothing is present"):
            out = gdb("-p", pid, "-x", HELPER, "-ex", "guestcore-vmcoreinfo")
            assert "present: no" in out, out
        note = make_note(TEXT)
        qtest.ask(f"write 0x9000 {len(note)} 0x{note.hex()}")
        write_file(qtest, 1, 4132, 0x9000)
        with t.case("print vmcoreinfo_realize::vmcoreinfo_state"):
            out = gdb("-p", pid, "-ex",
                      "print vmcoreinfo_realize::vmcoreinfo_state", "-ex",
                      "print *vmcoreinfo_realize::vmcoreinfo_state", "-ex",
                      "print vmcoreinfo_realize::vmcoreinfo_state"
                      "->vmcoreinfo.size")
            for word in ("has_vmcoreinfo = true", "guest_format = 1",
                         "size = 4132", "paddr = 36864", "$3 = 4132"):
                assert word in out, out
        with t.case("guestcore-vmcoreinfo on the running program"):
            out = gdb("-p", pid, "-x", HELPER, "-ex", "guestcore-vmcoreinfo")
            for word in ("present: yes", "guest format: 1 (ELF)",
                         "size: 4132", "paddr: 0x9000", TEXT):
                assert word in out, out
        with t.case("guestcore-vmcoreinfo on its core"):
            if virtual_size(pid) > MAX_CORE:
                raise Skip("a sanitizer's shadow is too large for a core")
            core = t.folder / "core"
            gdb("-p", pid, "-ex", f"generate-core-file {core}")
            out = gdb(program, core, "-x", HELPER, "-ex",
                      "guestcore-vmcoreinfo")
            assert TEXT in out, out
        with t.case("a note that is none"):
            write_file(qtest, 1, 4132, 0xffffffff0)
            out = gdb("-p", pid, "-x", HELPER, "-ex", "guestcore-vmcoreinfo")
            assert "no note: 0xffffffff0 is not guest memory" in out, out
    with System(t.tool, "-M", "pc") as system:
        with t.case("a machine without the device"):
            out = gdb("-p", str(system.process.pid), "-x", HELPER, "-ex",
                      "guestcore-vmcoreinfo")
            assert "there is no vmcoreinfo device" in out, out


run(test, __doc__)
