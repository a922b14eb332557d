# SPDX-License-Identifier: MIT
"""Programs of other makers: QEMU's own dumps, and what makedumpfile makes of
them."""

import os
import shutil
import struct
import subprocess

from elfcore import EHDR_SIZE, PHDR_SIZE, ElfCore

E_PHOFF = 32
E_SHOFF = 40
E_SHNUM = 60
DUMP_TIMEOUT = 180


def environment():
    """The environment of a program that is not under test: plain words, and not
    what meson sets to make the program under test stumble.  (drgn 0.0.22 uses
    freed memory at its end, and dies of it.)"""
    env = dict(os.environ, LC_ALL="C", TERM="dumb")
    env.pop("MALLOC_PERTURB_", None)
    return env


def qemu_dump(guest, path, form="elf"):
    """Lets QEMU dump a guest by itself: "elf" or "kdump-zlib"."""
    guest.qmp.command("dump-guest-memory",
                      {"paging": False, "protocol": f"file:{path}",
                       "format": form}, timeout=DUMP_TIMEOUT)
    return path


def mend_elf(path, mended_path):
    """Copies QEMU's ELF file with its program headers moved to where
    makedumpfile looks for them: over the section headers, which go."""
    with ElfCore(path) as core:
        headers = core.bytes_at(core.phoff, core.phnum * PHDR_SIZE, "headers")
    shutil.copyfile(path, mended_path)
    mended_path.chmod(0o600)
    with open(mended_path, "r+b") as file:
        file.seek(EHDR_SIZE)
        file.write(headers)
        _poke(file, E_PHOFF, "<Q", EHDR_SIZE)
        _poke(file, E_SHOFF, "<Q", 0)
        _poke(file, E_SHNUM, "<HH", 0, 0)
    return mended_path


def makedumpfile(*arguments, source=None, program=("makedumpfile",)):
    """Runs makedumpfile, which must succeed."""
    with open(source or "/dev/null", "rb") as stdin:
        done = subprocess.run(
            [*program, *map(str, arguments)], stdin=stdin, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
            timeout=DUMP_TIMEOUT, env=environment())
    assert done.returncode == 0, done.stdout


def _poke(file, offset, layout, *values):
    file.seek(offset)
    file.write(struct.pack(layout, *values))
