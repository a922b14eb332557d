#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What a dump of level 31 has left is enough for its readers: makedumpfile, guestcore
dmesg and the serial port tell the same log; crash and drgn know the kernel, and with
its debug symbols say the same as of the whole dump."""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import clients
from check import Skip, run
from kernellog import same_log
from kinds_guest import KERNELS, kinds_guest
from tool import FORMATS, Tool

LEVEL = 31
CPUS = 2
CRASH_COMMANDS = ("bt -a", "ps", "kmem -i", "log")
SYMBOLS = "/usr/lib/debug/boot/vmlinux-"


def test(t):
    tool = Tool(t.tool)
    with kinds_guest(t, t.options.kernel) as guest:
        guest.stop()
        console = guest.whole_console()
        release = guest.said("release")
        whole = tool.dump(guest, t.folder / "whole", "elf")
        dumps = {form: tool.dump(guest, t.folder / form, form, "--level", LEVEL)
                 for form in FORMATS}
    whole_log = clients.makedumpfile_dmesg(whole).demand()
    for form, path in dumps.items():
        with t.case(f"{form}: makedumpfile finds the log that the console saw"):
            log = clients.makedumpfile_dmesg(path).demand()
            same_log(log, console)
            assert log == whole_log
        with t.case(f"{form}: guestcore dmesg finds the same"):
            assert tool.run("dmesg", path).stdout == whole_log
        with t.case(f"{form}: crash says the guest's release"):
            said = clients.crash_osrelease(path).demand()
            assert said == release, said
        with t.case(f"{form}: drgn reads the kernel's name at its address"):
            assert release in clients.drgn_uts(path).demand()
    with_symbols(t, whole, dumps, release)


def with_symbols(t, whole, dumps, release):
    """What crash and drgn say of each filtered dump, and of the whole one."""
    symbols = Path(t.options.symbols or SYMBOLS + release)
    if not symbols.exists():
        with t.case("crash and drgn look at tasks and memory"):
            raise Skip(f"no {symbols}, the kernel's debug symbols")
        return
    crash_says = clients.crash(whole, symbols, CRASH_COMMANDS).demand()
    tasks = clients.drgn_tasks(whole, symbols).demand()
    for form, path in dumps.items():
        with t.case(f"{form}: crash says what it says of the whole dump"):
            said = clients.crash(path, symbols, CRASH_COMMANDS).demand()
            assert said == crash_says, said
            assert len(re.findall(r"^PID: ", said, re.M)) == CPUS, said
            assert "TOTAL MEM" in said and "Linux version" in said, said
        with t.case(f"{form}: drgn lists the tasks of the whole dump"):
            found = clients.drgn_tasks(path, symbols).demand()
            assert found == tasks, found
            assert re.search(r"^1 page-kinds$", found, re.M), found
            assert re.search(r"^\d+ kthreadd$", found, re.M), found


def add_arguments(parser):
    parser.add_argument("--kernel", choices=KERNELS, default="6.1")
    parser.add_argument("--symbols", metavar="VMLINUX",
                        help="the kernel with its debug symbols")


run(test, __doc__, add_arguments)
