#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""completion.py GUESTCORE COMPLETION

bash completes commands, the options of each command and the names of formats:
those that there are, all of them and no others."""

import re
import subprocess
import sys

LONG = re.compile(r"^ +(?:-\w, )?(--[a-z][a-z-]+)", re.M)

# What bash has in COMP_WORDS when it calls the function, and what that leaves.
ASK = """
source "$1"; shift
complete -p guestcore | grep -q -- '-F _guestcore guestcore$' || exit 1
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_guestcore
[ ${#COMPREPLY[@]} = 0 ] || printf '%s\\n' "${COMPREPLY[@]}"
"""


def output(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True,
                          timeout=30).stdout


def main():
    tool, completion = sys.argv[1:]

    def expect(words, wanted):
        got = output("bash", "-c", ASK, "bash", completion, tool, *words)
        if sorted(got.split()) != sorted(wanted):
            sys.exit(f"'{' '.join(words)}' is completed to {got.split()}, "
                     f"not {sorted(wanted)}")

    def starting(with_what, names):
        return [name for name in names if name.startswith(with_what)]

    listed = [line.split() for line in output(tool, "--list").splitlines()]
    commands = [name for kind, name in listed if kind == "command"]
    formats = [name for kind, name in listed if kind == "format"]
    expect([""], [*commands, "--help", "--version", "--list"])
    expect(["co"], starting("co", commands))
    expect(["--v"], ["--version"])
    expect(["nonsense"], [])
    for command in commands:
        options = LONG.findall(output(tool, command, "--help"))
        assert "--help" in options, options
        expect([command, "--"], options)
        expect([command, "x", "--t"], starting("--t", options))
        expect([command, "vmco"], [])  # so bash completes the name of a file
    for command in ("dump", "convert"):
        expect([command, "--format", ""], formats)
        expect([command, "--format", "kdump-r"], starting("kdump-r", formats))
        expect([command, "--format", "="], formats)
        expect([command, "--format", "=", "el"], ["elf"])
        expect([command, "--format", "elf", "--keep-part"], ["--keep-partial"])


main()
