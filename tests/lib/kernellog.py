# SPDX-License-Identifier: MIT
"""A kernel's log beside what the kernel printed on the console."""

import re

MANY_LINES = 150


def same_log(log, console, many=MANY_LINES):
    """Every line that the kernel printed before the dump is in its log."""
    known = set(as_printed(log))
    printed = [line.rstrip() for line in console.splitlines()
               if re.match(r"\[ *\d+\.\d{6}\] ", line)]
    lost = [line for line in printed if line not in known]
    assert not lost, f"{len(lost)} of {len(printed)} lines lost: {lost[:5]}"
    assert len(printed) >= many, f"only {len(printed)} lines to compare"


def as_printed(log):
    """The lines of a log as the console shows them: with the time before every
    line of a message, where the log has it before the first and then blanks."""
    stamp = ""
    for line in log.splitlines():
        if line.startswith("["):
            stamp = line[:line.index("] ") + 2]
        yield (stamp + line[len(stamp):]).rstrip()
