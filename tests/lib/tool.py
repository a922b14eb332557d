# SPDX-License-Identifier: MIT
"""Runs the program under test."""

import os
import subprocess
from contextlib import contextmanager
from pathlib import Path

FORMATS = ("elf", "kdump-raw-zlib")
TIMEOUT = 120


class Tool:
    """The program `guestcore`."""

    def __init__(self, path):
        self.path = Path(path)
        assert os.access(self.path, os.X_OK), \
            f"no program {self.path}: scripts/build makes it"

    def run(self, *arguments):
        """Runs it to its end, whatever that is; stdout and stderr apart."""
        return subprocess.run(
            self._command(arguments), stdin=subprocess.DEVNULL, text=True,
            capture_output=True, timeout=TIMEOUT, check=False)

    def dump(self, guest, path, form, *options):
        """Dumps a guest, which must succeed, and returns the path."""
        done = self.run(*dump_arguments(guest.socket, path, form), *options)
        assert done.returncode == 0, \
            f"guestcore dump: status {done.returncode}\n{done.stderr}"
        assert done.stderr == "", f"guestcore dump says {done.stderr!r}"
        return path

    def info(self, path, *options):
        """What `guestcore info` prints of a file, which it must open."""
        done = self.run("info", *options, str(path))
        assert done.returncode == 0, \
            f"guestcore info: status {done.returncode}\n{done.stderr}"
        return done.stdout

    @contextmanager
    def started(self, *arguments):
        """Runs it in the background for the length of a block."""
        process = subprocess.Popen(
            self._command(arguments), stdin=subprocess.DEVNULL, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def _command(self, arguments):
        return [str(self.path), *map(str, arguments)]


def dump_arguments(socket, path, form="elf"):
    """The arguments of a dump."""
    return ["dump", "--qmp", str(socket), "-o", str(path), "--format", form]

