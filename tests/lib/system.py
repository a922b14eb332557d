# SPDX-License-Identifier: MIT
"""Runs guestcore-system and talks to it: qtest lines, monitor lines.

Every wait has a deadline, and a program that is still there at the end of a
`with` is killed.
"""

import json
import os
import socket
import subprocess
import tempfile
import time
from pathlib import Path

TIMEOUT = 20


class Lines:
    """A socket that carries lines."""

    def __init__(self, sock):
        self.sock = sock
        self.sock.settimeout(TIMEOUT)
        self._buffer = b""

    def send(self, data):
        self.sock.sendall(data if isinstance(data, bytes) else data.encode())

    def line(self):
        """The next line without its end; None at the end."""
        while b"\n" not in self._buffer:
            data = self.sock.recv(65536)
            if not data:
                return None
            self._buffer += data
        line, self._buffer = self._buffer.split(b"\n", 1)
        return line.decode(errors="replace")

    def ask(self, line):
        self.send(line + "\n")
        return self.line()

    def json(self):
        line = self.line()
        return None if line is None else json.loads(line)

    def close(self):
        self.sock.close()


def connect(path):
    """Connects to a socket that may not be there yet."""
    deadline = time.monotonic() + TIMEOUT
    while True:
        sock = socket.socket(socket.AF_UNIX)
        try:
            sock.connect(str(path))
            return Lines(sock)
        except OSError:
            sock.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


class System:
    """A running program with a qtest and a monitor socket."""

    def __init__(self, program, *arguments, target="x86_64"):
        self.folder = tempfile.TemporaryDirectory(prefix="guestcore-system-")
        self.path = Path(self.folder.name)
        self.program = for_target(program, target)
        self.process = subprocess.Popen(
            [self.program, "-accel", "qtest", "-display", "none",
             "-qtest", f"unix:{self.path}/qtest,server=on,wait=off",
             "-qmp", f"unix:{self.path}/qmp,server=on,wait=off",
             *arguments],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()
        self.folder.cleanup()

    def qtest(self):
        return connect(self.path / "qtest")

    def raw_qmp(self):
        """A monitor connection before its greeting."""
        return connect(self.path / "qmp")

    def qmp(self):
        """A monitor connection that has negotiated."""
        lines = self.raw_qmp()
        assert "QMP" in lines.json()
        lines.send('{"execute": "qmp_capabilities"}\n')
        assert lines.json() == {"return": {}}
        return lines

    def end(self, timeout=TIMEOUT):
        """Waits for the end; the status."""
        return self.process.wait(timeout)


def for_target(program, target):
    """The name that makes `program` a program for `target`."""
    path = Path(program)
    return str(path.with_name(path.name.rsplit("-", 1)[0] + "-" + target))


def run_once(program, *arguments, stdin=b"", target="x86_64", timeout=TIMEOUT):
    """Runs the program to its end: status, stdout, stderr."""
    done = subprocess.run([for_target(program, target), *arguments],
                          input=stdin, capture_output=True, timeout=timeout,
                          env={**os.environ, "LC_ALL": "C"})
    return done.returncode, done.stdout.decode(), done.stderr.decode()
