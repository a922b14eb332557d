# SPDX-License-Identifier: MIT
"""Catches guestcore in the middle of a dump."""

import signal
import time
from contextlib import contextmanager
from pathlib import Path

from tool import TIMEOUT, dump_arguments

WRITTEN = 1 << 20
TRIES = 5


@contextmanager
def frozen_in_the_middle(tool, guest, folder, form, *options):
    """A dump that has written some of the file and is then held by SIGSTOP: what
    the block does is done in the middle of the dump, on a machine of any speed."""
    for _ in range(TRIES):
        arguments = dump_arguments(guest.socket, folder / "dump", form)
        with tool.started(*arguments, *options) as process:
            # A guest that runs again has been read: that is not the middle.
            if freeze(process) and not guest.running():
                assert not (folder / "dump").exists(), "the name is taken early"
                yield process
                return
        (folder / "dump").unlink(missing_ok=True)
    raise AssertionError("the dump was not caught in the middle, with the guest "
                         f"standing still, in {TRIES} tries")


def freeze(process):
    """Stops the process once it has written enough; False if it has ended."""
    deadline = time.monotonic() + TIMEOUT
    while process.poll() is None and time.monotonic() < deadline:
        if written(process.pid) >= WRITTEN:
            process.send_signal(signal.SIGSTOP)
            return process.poll() is None
    return False


def written(pid):
    """The bytes that a process has written so far."""
    try:
        text = Path(f"/proc/{pid}/io").read_text(encoding="ascii")
    except OSError:  # it has just ended
        return 0
    return int(text.split("wchar: ")[1].split()[0])
