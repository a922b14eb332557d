#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""manual.py GUESTCORE MANUAL

The manual page names every option that a subcommand has, and no other."""

import re
import subprocess
import sys
from pathlib import Path

LONG = re.compile(r"--([a-z][a-z-]+)")
IN_MANUAL = re.compile(r"Fl Fl ([a-z][a-z-]+)")
OF_THE_PROGRAM = {"help", "version", "list"}


def output(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True,
                          timeout=30).stdout


def main():
    tool, manual = sys.argv[1:]
    listed = output(tool, "--list").splitlines()
    commands = [line.split()[1] for line in listed
                if line.startswith("command ")]
    text = Path(manual).read_text(encoding="utf-8")
    known = set(OF_THE_PROGRAM)
    for command in commands:
        options = output(tool, command, "--help").split("Application Options:")
        known |= set(LONG.findall(options[1])) if len(options) > 1 else set()
        if f".Ss guestcore {command}\n" not in text:
            sys.exit(f"{manual} has no section on {command}")
    named = set(IN_MANUAL.findall(text)) | ({"list"} if "--list" in text else set())
    if known != named:
        sys.exit(f"only in --help: {sorted(known - named)}; "
                 f"only in {manual}: {sorted(named - known)}")


main()
