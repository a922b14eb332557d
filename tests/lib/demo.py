#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What scripts/demo shows: one guest, dumped by guestcore and by QEMU, and what
the readers of dumps say to each file."""

import argparse
import os
import shlex
import shutil
import signal
import sys
from pathlib import Path
from typing import NamedTuple

import clients
from foreign import qemu_dump
from guest import Guest, parse_size
from qmp import event_seconds
from tool import FORMATS, Tool, dump_arguments

MIB = 1 << 20
LOG_LINES = 10
READERS = (
    ("makedumpfile", clients.makedumpfile_dmesg),
    ("crash", clients.crash_osrelease),
    ("drgn", clients.drgn_release),
)
BACKENDS = {
    "memfd-shared": "a shared memfd, as virtiofs and vhost-user need it",
    "anonymous": "anonymous memory, QEMU's default",
}


class Dumped(NamedTuple):
    """A dump and what it cost the guest."""
    title: str
    path: Path
    seconds: float
    grown: int


def main():
    options = parse()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(1))
    tool = Tool(options.guestcore)
    folder = Path(options.folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        show(tool, options, folder)
    finally:
        if options.keep:
            print(f"\nThe dumps are in {folder}.")
        else:
            shutil.rmtree(folder)


def show(tool, options, folder):
    """The whole demonstration."""
    print(f"booting Debian's stock kernel, KASLR on, {options.memory} in "
          f"{BACKENDS[options.backend]} …", flush=True)
    with Guest(options.guest, memory=options.memory,
               backend=options.backend) as guest:
        version = "{major}.{minor}.{micro}".format(**guest.qmp.version)
        print(f"Linux {guest.said('release')} is up in QEMU {version} (tcg) "
              f"after {guest.boot_seconds:.1f} s\n")
        # QEMU's dump makes all of memory resident: ours has to come first.
        ours = [our_dump(tool, guest, folder, form) for form in FORMATS]
        theirs = [qemus_dump(guest, folder, form)
                  for form in ("elf", "kdump-zlib")]
    show_info(tool, ours[-1].path)
    show_log(ours[-1].path)
    verdicts = {dump: [opens(reader, dump) for _, reader in READERS]
                for dump in ours + theirs}
    show_table(verdicts, version, options)
    if any("no" in verdicts[dump] for dump in ours):
        sys.exit("demo: a reader does not open what guestcore wrote")


def our_dump(tool, guest, folder, form):
    """A dump by guestcore, with its command line shown."""
    path = folder / f"guestcore.{form}"
    arguments = dump_arguments(guest.socket, path, form)
    print(f"$ guestcore {shlex.join(map(str, arguments))}", flush=True)
    return measured(guest, f"guestcore {form}", path,
                    lambda: tool.dump(guest, path, form))


def qemus_dump(guest, folder, form):
    """A dump by QEMU itself."""
    path = folder / f"qemu.{form}"
    print(f"> dump-guest-memory {form} (QEMU's own)", flush=True)
    return measured(guest, f"QEMU {form}", path,
                    lambda: qemu_dump(guest, path.absolute(), form))


def measured(guest, title, path, action):
    """Runs a dump of a running guest and measures it from outside, alike for
    both makers: by QEMU's own events STOP and RESUME, and by /proc."""
    os.sync()  # nobody pays for what the one before left to be written
    guest.qmp.drain_events()
    before = guest.resident()["VmRSS"]
    action()
    grown = guest.resident()["VmRSS"] - before
    events = guest.qmp.drain_events()
    stops = [event_seconds(e) for e in events if e["event"] == "STOP"]
    resumes = [event_seconds(e) for e in events if e["event"] == "RESUME"]
    assert stops and resumes and guest.running(), f"no STOP and RESUME: {events}"
    return Dumped(title, path, resumes[-1] - stops[0], grown)


def show_info(tool, path):
    """What guestcore says of a dump."""
    print(f"\n$ guestcore info {path}")
    print(indented(tool.info(path).rstrip()))


def show_log(path):
    """The end of the guest's log, through somebody else's program."""
    log = clients.makedumpfile_dmesg(path).demand().rstrip().splitlines()
    print(f"\n$ makedumpfile --dump-dmesg {path}   # its last lines")
    print(indented("\n".join(log[-LOG_LINES:])))


def show_table(verdicts, version, options):
    """All dumps side by side."""
    dumps = list(verdicts)
    titles = [dump.title.replace("QEMU", f"QEMU {version}") for dump in dumps]
    rows = [["", *[title.rsplit(" ", 1)[0] for title in titles]],
            ["", *[title.rsplit(" ", 1)[1] for title in titles]]]
    for i, (name, _) in enumerate(READERS):
        rows.append([f"opens in {name}", *[verdicts[d][i] for d in dumps]])
    rows.append(["the guest stood still",
                 *[f"{dump.seconds:.2f} s" for dump in dumps]])
    rows.append(["size of the file", *[size(dump) for dump in dumps]])
    rows.append(["  of it on disk", *[on_disk(dump) for dump in dumps]])
    rows.append(["QEMU's memory grew by",
                 *[f"{max(0, dump.grown) // MIB} MiB" for dump in dumps]])
    print()
    print_aligned(rows)
    print(f"""
One guest of {parse_size(options.memory) // MIB} MiB, dumped four times in this order.  "Stood still" is from
QEMU's event STOP to RESUME.  QEMU's first dump makes all of a shared guest's
memory resident, and its second finds it so.  No reader was given debug
information.""")


def opens(reader, dump):
    """Whether a reader opens a dump."""
    return "yes" if reader(dump.path).ok else "no"


def size(dump):
    """How long the file is."""
    return f"{dump.path.stat().st_size / MIB:.0f} MiB"


def on_disk(dump):
    """How much of the file takes room."""
    return f"{dump.path.stat().st_blocks * 512 / MIB:.0f} MiB"


def print_aligned(rows):
    """A table with as much room for each column as it needs."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        cells = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        print("  ".join([row[0].ljust(widths[0]), *cells]).rstrip())


def indented(text):
    """Text set off from what is around it."""
    return "\n".join("    " + line for line in text.splitlines())


def parse():
    """The command line of scripts/demo, and where things are."""
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument("--guestcore", required=True, type=os.path.abspath,
                        help=argparse.SUPPRESS)
    parser.add_argument("--guest", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--folder", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--memory", default="2G", help="size of the guest")
    parser.add_argument("--backend", default="memfd-shared",
                        choices=sorted(BACKENDS), help="where its memory is")
    parser.add_argument("--keep", action="store_true",
                        help="leave the dumps where they are")
    return parser.parse_args()


if __name__ == "__main__":
    main()
