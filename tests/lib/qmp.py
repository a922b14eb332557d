# SPDX-License-Identifier: MIT
"""A client of QMP, QEMU's monitor protocol: commands, events, descriptors.

Synchronous and with a deadline on every wait, so that a test that meets a
silent monitor fails instead of hanging.
"""

import json
import socket
import time


class QmpError(Exception):
    """The monitor refused a command, closed the connection or kept silent."""


class Qmp:
    """One connection to a monitor's Unix socket.  `connected` is called when it
    is there, before the monitor's greeting is awaited."""

    def __init__(self, path, timeout=30, connected=lambda: None):
        self.timeout = timeout
        self.events = []
        self._buffer = b""
        self._socket = connect(path, time.monotonic() + timeout)
        connected()
        greeting = self._receive(time.monotonic() + timeout)
        if "QMP" not in greeting:
            raise QmpError(f"{path}: not a QMP greeting: {greeting}")
        self.version = greeting["QMP"]["version"]["qemu"]
        self.command("qmp_capabilities")

    def close(self):
        """Ends the connection; a second call does nothing."""
        self._socket.close()

    def command(self, name, arguments=None, descriptors=(), timeout=None):
        """Runs a command and returns its result.

        `descriptors` travel with it, as getfd wants them.  Events that come
        meanwhile are kept for `wait_event`.
        """
        request = {"execute": name, "arguments": arguments or {}}
        data = json.dumps(request).encode() + b"\n"
        if descriptors:
            socket.send_fds(self._socket, [data], list(descriptors))
        else:
            self._socket.sendall(data)
        return self._answer(name, timeout)

    def send_raw(self, data):
        """Sends bytes that need not be a command, and waits for nothing."""
        self._socket.sendall(data)

    def hmp(self, line):
        """Runs a line of the human monitor and returns what it prints."""
        return self.command("human-monitor-command", {"command-line": line})

    def wait_event(self, *names, timeout=None):
        """Returns the first event of one of `names`, taking it and what came
        before it off the list."""
        deadline = self._deadline(timeout)
        while True:
            while self.events:
                event = self.events.pop(0)
                if event["event"] in names:
                    return event
            self._keep_event(self._receive(deadline))

    def drain_events(self):
        """Returns the events that have come so far and forgets them."""
        self.command("query-name")
        events, self.events = self.events, []
        return events

    def _answer(self, name, timeout):
        deadline = self._deadline(timeout)
        while True:
            message = self._receive(deadline)
            if "return" in message:
                return message["return"]
            if "error" in message:
                raise QmpError(f"{name}: {message['error']['desc']}")
            self._keep_event(message)

    def _keep_event(self, message):
        if "event" in message:
            self.events.append(message)

    def _deadline(self, timeout):
        return time.monotonic() + (timeout or self.timeout)

    def _receive(self, deadline):
        """Returns the next message of whatever kind."""
        while b"\n" not in self._buffer:
            left = deadline - time.monotonic()
            if left <= 0:
                raise QmpError("the monitor keeps silent")
            self._socket.settimeout(left)
            try:
                data = self._socket.recv(65536)
            except socket.timeout:
                continue
            if not data:
                raise QmpError("the monitor closed the connection")
            self._buffer += data
        line, self._buffer = self._buffer.split(b"\n", 1)
        return json.loads(line)


def event_seconds(event):
    """When QEMU says that an event happened, in seconds."""
    stamp = event["timestamp"]
    return stamp["seconds"] + stamp["microseconds"] / 1e6


def connect(path, deadline):
    """Connects to a socket that QEMU may not have made yet."""
    while True:
        sock = socket.socket(socket.AF_UNIX)
        try:
            sock.connect(str(path))
            return sock
        except OSError as error:
            sock.close()
            if time.monotonic() > deadline:
                raise QmpError(f"{path}: {error}") from error
            time.sleep(0.02)
