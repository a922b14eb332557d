# SPDX-License-Identifier: MIT
"""A monitor between guestcore and QEMU that can lie, keep silent and hang up.

    with Proxy(guest.socket, folder / "proxy.qmp") as proxy:
        proxy.answers["query-migrate"] = {"status": "postcopy-active"}
        tool.run("dump", "--qmp", proxy.path, "--pid", guest.pid, ...)

It made the socket, so guestcore must be told QEMU's pid.
"""

import json
import socket
import threading

CHUNK = 1 << 16
MAX_DESCRIPTORS = 4


class Proxy:
    """Serves one client after the other, as QEMU does.

    answers    by command, or by ("hmp", LINE): what to say instead of QEMU; a
               function is given QEMU's words and returns others
    hang_up    commands at which the connection breaks, each once
    silent     commands at whose answers a client waits in vain
    heard      set by command, when a client has sent it
    """

    def __init__(self, behind, path):
        self.behind = str(behind)
        self.path = path
        self.answers = {}
        self.hang_up = set()
        self.silent = set()
        self.commands = []
        self._heard = threading.Condition()
        self._server = None
        self._thread = None

    def __enter__(self):
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(self.path))
        self.path.chmod(0o777)
        self._server.listen()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join(timeout=10)
        self.path.unlink()

    def forget(self):
        """Behaves well again."""
        self.answers.clear()
        self.hang_up.clear()
        self.silent.clear()
        with self._heard:
            self.commands.clear()

    def wait_heard(self, command, timeout=30):
        """Returns when a client has sent the command."""
        with self._heard:
            if not self._heard.wait_for(lambda: command in self.commands,
                                        timeout):
                raise AssertionError(f"no {command} within {timeout} s")

    def _serve(self):
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            with client, socket.socket(socket.AF_UNIX) as qemu:
                qemu.connect(self.behind)
                _Connection(self, client, qemu).run()

    def note(self, command):
        """Notes down a command that was heard."""
        with self._heard:
            self.commands.append(command)
            self._heard.notify_all()


class _Connection:
    """One client's connection; two threads, one per direction."""

    def __init__(self, proxy, client, qemu):
        self.proxy = proxy
        self.client = client
        self.qemu = qemu
        self.names = {}  # by the command's id

    def run(self):
        back = threading.Thread(target=self._backward, daemon=True)
        back.start()
        self._forward()
        _shut(self.qemu)
        back.join(timeout=10)

    def _forward(self):
        """From the client to QEMU, with descriptors."""
        while True:
            try:
                data, descriptors, _, _ = socket.recv_fds(
                    self.client, CHUNK, MAX_DESCRIPTORS)
            except OSError:
                return
            if not data:
                return
            for line in data.splitlines():
                if not self._take_note(line):
                    _shut(self.client)
                    return
            if descriptors:
                socket.send_fds(self.qemu, [data], descriptors)
                for descriptor in descriptors:
                    socket.close(descriptor)
            else:
                self.qemu.sendall(data)

    def _take_note(self, line):
        """False if the connection breaks here."""
        try:
            request = json.loads(line)
        except ValueError:  # the byte that resets QEMU's parser
            return True
        name = request["execute"]
        key = name
        if name == "human-monitor-command":
            key = ("hmp", request["arguments"]["command-line"])
        self.names[request.get("id")] = key
        self.proxy.note(name)
        if name in self.proxy.hang_up:
            self.proxy.hang_up.discard(name)
            return False
        return True

    def _backward(self):
        """From QEMU to the client, line by line."""
        rest = b""
        while True:
            try:
                data = self.qemu.recv(CHUNK)
            except OSError:
                data = b""
            if not data:
                _shut(self.client)
                return
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                self._answer(line)

    def _answer(self, line):
        reply = json.loads(line)
        name = self.names.get(reply.get("id"))
        if name in self.proxy.silent:
            return
        if name in self.proxy.answers and ("return" in reply
                                           or "error" in reply):
            instead = self.proxy.answers[name]
            value = instead(reply.get("return")) if callable(instead) else instead
            line = json.dumps({"return": value, "id": reply["id"]}).encode()
        try:
            self.client.sendall(line + b"\n")
        except OSError:
            pass


def _shut(sock):
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
