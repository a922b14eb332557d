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
SYMBOLS_TIMEOUT = 300

DRGN_SCRIPT = """
import drgn, sys
prog = drgn.Program()
prog.set_core_dump(sys.argv[1])
print(prog["UTS_RELEASE"].string_().decode())
"""


# Through the kernel's page tables, at the address that VMCOREINFO has of it.
DRGN_UTS_SCRIPT = """
import drgn, re, sys
prog = drgn.Program()
prog.set_core_dump(sys.argv[1])
def number(key):
    return int(re.search(rb"^%s=([0-9a-f]+)$" % re.escape(key).encode(), text,
                         re.M).group(1), 16)
with open(sys.argv[1], "rb") as file:
    text = file.read(1 << 20)
address = number("SYMBOL(init_uts_ns)") + number("OFFSET(uts_namespace.name)")
print(prog.read(address, 390))
"""

DRGN_TASKS_SCRIPT = """
import drgn, sys
from drgn.helpers.linux.pid import for_each_task
prog = drgn.Program()
prog.set_core_dump(sys.argv[1])
prog.load_debug_info([sys.argv[2]])
for task in for_each_task(prog):
    print(task.pid.value_(), task.comm.string_().decode())
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


def drgn_uts(path):
    """The kernel's init_uts_ns as drgn reads it."""
    requires_drgn()
    done = _run([PYTHON, "-c", DRGN_UTS_SCRIPT, str(path)])
    return Verdict(done.returncode == 0, done.stdout, done.stdout)


def drgn_tasks(path, symbols):
    """The number and name of every task, given the kernel's debug symbols."""
    requires_drgn()
    done = _run([PYTHON, "-c", DRGN_TASKS_SCRIPT, str(path), str(symbols)])
    return Verdict(done.returncode == 0, done.stdout, done.stdout)


def crash(path, symbols, commands):
    """What crash says to some commands, given the kernel's debug symbols."""
    requires("crash")
    with tempfile.NamedTemporaryFile("w", suffix=".crash") as script:
        script.write("\n".join([*commands, "exit", ""]))
        script.flush()
        done = _run(["crash", "-s", "-i", script.name, str(symbols), str(path)],
                    SYMBOLS_TIMEOUT)
    return Verdict(done.returncode == 0, done.stdout, done.stdout)


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


def _run(command, timeout=TIMEOUT):
    """Runs a reader; both of its outputs are in stdout."""
    try:
        return subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=timeout, check=False, text=True,
            errors="replace", env=environment())
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(
            command, 124, f"no answer within {timeout} s")
