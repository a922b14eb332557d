# SPDX-License-Identifier: MIT
"""The readers that people use, each asked for one thing that proves that it
opened the dump.  None of them needs the kernel's debug information."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

from check import Skip
from foreign import environment

# The python that Debian's drgn belongs to, whatever `python3` is in PATH.
PYTHON = "/usr/bin/python3"
TIMEOUT = 120

DRGN_SCRIPT = """
import drgn, sys
prog = drgn.Program()
prog.set_core_dump(sys.argv[1])
print(prog["UTS_RELEASE"].string_().decode())
"""


class Verdict(NamedTuple):
    """What a reader said: whether it opened the dump, and its text."""
    ok: bool
    text: str
    complaint: str

    def demand(self):
        """Returns the text; fails with the reader's words if there is none."""
        assert self.ok, f"not opened: {self.complaint.strip()[-2000:]}"
        return self.text


def requires(*tools):
    """Skips what comes when a tool is missing."""
    for tool in tools:
        if not shutil.which(tool):
            raise Skip(f"{tool} is not installed")


def requires_drgn():
    """Skips what comes when drgn is missing."""
    if _run([PYTHON, "-c", "import drgn"]).returncode:
        raise Skip("drgn is not installed")


def makedumpfile_dmesg(path, command=("makedumpfile",)):
    """The kernel's log as makedumpfile finds it: through the notes, phys_base
    and the page tables."""
    requires(command[0])
    with tempfile.TemporaryDirectory(prefix="guestcore-dmesg-") as folder:
        log = Path(folder) / "log"
        done = _run([*command, "--dump-dmesg", str(path), str(log)])
        text = log.read_text(errors="replace") if log.exists() else ""
    return Verdict(done.returncode == 0 and "Linux version" in text, text,
                   done.stdout)


def crash_osrelease(path, command=("crash",)):
    """The kernel's release as crash finds it."""
    requires(command[0])
    done = _run([*command, "--osrelease", str(path)])
    text = done.stdout.strip()
    return Verdict(done.returncode == 0 and text != "unknown", text,
                   done.stdout)


def drgn_release(path):
    """The kernel's release as drgn finds it."""
    requires_drgn()
    done = _run([PYTHON, "-c", DRGN_SCRIPT, str(path)])
    return Verdict(done.returncode == 0, done.stdout.strip(), done.stdout)


def readelf(path):
    """Headers and notes as binutils read them; a warning is a refusal."""
    requires("readelf")
    done = _run(["readelf", "-hlnW", str(path)])
    clean = not re.search(r"^readelf: (Warning|Error)", done.stdout, re.M)
    return Verdict(done.returncode == 0 and clean, done.stdout, done.stdout)


def eu_readelf(path):
    """Headers and notes as elfutils read them."""
    requires("eu-readelf")
    done = _run(["eu-readelf", "-hln", str(path)])
    return Verdict(done.returncode == 0, done.stdout, done.stdout)


def gdb_threads(path):
    """The CPUs as gdb shows them: "Thread … LWP n" each, with registers."""
    requires("gdb")
    done = _run(["gdb", "-nx", "-batch", "-c", str(path),
                 "-ex", "info threads",
                 "-ex", "thread apply all info registers rip"])
    ok = done.returncode == 0 and re.search(r"^rip ", done.stdout, re.M)
    return Verdict(bool(ok), done.stdout, done.stdout)


def _run(command):
    """Runs a reader; both of its outputs are in stdout."""
    try:
        return subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=TIMEOUT, check=False, text=True,
            errors="replace", env=environment())
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(
            command, 124, f"no answer within {TIMEOUT} s")
