#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compiles and runs the program of docs/howto/embed-fw_cfg.md as a stranger
would: against an installed guestcore, found through pkg-config alone.

usage: embed_fw_cfg.py SOURCE_ROOT BUILD_ROOT CC..."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

EXPECTED = "QEMU present 1, format 1, 4132 bytes at 0x80000\n"
SKIP = 77


def extract_program(page):
    programs = re.findall(r"^```c\n(.*?)^```", page, re.S | re.M)
    assert len(programs) == 1, f"{len(programs)} programs"
    lines = programs[0].count("\n")
    assert lines < 60, f"the program has {lines} lines"
    return programs[0]


def install(build, root):
    """Installs to root and returns the folder of the .pc file, which is made
    to say where it is, as if root had been the prefix."""
    subprocess.run(
        ["meson", "install", "-C", build, "--no-rebuild", "--destdir", root],
        check=True, stdout=subprocess.DEVNULL)
    [found] = pathlib.Path(root).rglob("guestcore.pc")
    text = found.read_text()
    prefix = re.search(r"^prefix=(.*)$", text, re.M).group(1)
    found.write_text(text.replace(f"prefix={prefix}", f"prefix={root}{prefix}"))
    return found.parent


def main():
    source, build, *compiler = sys.argv[1:]
    if shutil.which("pkg-config") is None:
        return SKIP
    page = pathlib.Path(source, "docs/howto/embed-fw_cfg.md").read_text()
    with tempfile.TemporaryDirectory() as root:
        program = pathlib.Path(root, "vmm.c")
        program.write_text(extract_program(page))
        pkgconfig = install(build, root)
        env = dict(os.environ, PKG_CONFIG_PATH=str(pkgconfig),
                   LD_LIBRARY_PATH=str(pkgconfig.parent))
        flags = subprocess.run(
            ["pkg-config", "--cflags", "--libs", "guestcore"], env=env,
            check=True, capture_output=True, text=True).stdout.split()
        binary = str(program.with_suffix(""))
        subprocess.run(
            [*compiler, "-std=c11", "-Wall", "-Wextra", "-Werror", "-o", binary,
             str(program), *flags], check=True)
        output = subprocess.run([binary], env=env, check=True,
                                capture_output=True, text=True).stdout
    assert output == EXPECTED, output
    assert output.strip() in page, "the page promises something else"
    return 0


if __name__ == "__main__":
    sys.exit(main())
