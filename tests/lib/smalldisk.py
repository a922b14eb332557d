# SPDX-License-Identifier: MIT
"""A file system that a dump does not fit in."""

import subprocess
from contextlib import contextmanager

from check import Skip

MIB = 8


@contextmanager
def small_disk(folder, mib=MIB):
    """Makes `folder` such a file system for the length of a block."""
    folder.mkdir(exist_ok=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={mib}M", "tmpfs", str(folder)],
        capture_output=True, text=True, check=False)
    if mounted.returncode:
        raise Skip(f"no small disk: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
