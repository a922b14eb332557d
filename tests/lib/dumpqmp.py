# SPDX-License-Identifier: MIT
"""What the tests of dumps by a monitor share: commands and what comes before
their answers, dump files of every format, guests that say where their note
lies."""

import json
import os
import socket

from elfcore import ElfCore
from flat import is_flattened, unflatten
from kdump import Kdump

DUMP = "dump-guest-memory"
SEVEN_BITS = bytes(range(128)) * 2


def slow_to_pack(size):
    """Bytes over which every codec takes its time: noise, which some do not even
    try to pack, but for one bit of each."""
    return os.urandom(size).translate(SEVEN_BITS)


def request(command, ident=None, **arguments):
    """A line that asks for a command; underscores stand for dashes."""
    line = {"execute": command}
    if arguments:
        line["arguments"] = {name.replace("_", "-"): value
                             for name, value in arguments.items()}
    if ident is not None:
        line["id"] = ident
    return json.dumps(line) + "\n"


def dump_request(path, ident=None, paging=False, **arguments):
    """A line that asks for a dump into a file."""
    return request(DUMP, ident, paging=paging, protocol=f"file:{path}",
                   **arguments)


def answer(lines):
    """The next answer, and the events before it."""
    events = []
    while True:
        message = lines.json()
        assert message is not None, "the monitor has closed the connection"
        if "event" not in message:
            return message, events
        events.append(message)


def ask(lines, command, **arguments):
    """Runs a command: what it returns, whatever events come before."""
    lines.send(request(command, **arguments))
    message, _ = answer(lines)
    assert "return" in message, message
    return message["return"]


def refusal(lines, line):
    """The text of the error that a line gets; without any event."""
    lines.send(line)
    message, events = answer(lines)
    assert not events, events
    assert message["error"]["class"] == "GenericError", message
    return message["error"]["desc"]


def wait_event(lines, name):
    """The data of the next event of that name."""
    while True:
        message = lines.json()
        assert message is not None, "the monitor has closed the connection"
        if message.get("event") == name:
            return message.get("data")


def pass_fd(lines, name, fd):
    """Leaves a descriptor with the monitor."""
    line = request("getfd", fdname=name).encode()
    socket.send_fds(lines.sock, [line], [fd])
    message, _ = answer(lines)
    assert message == {"return": {}}, message


def open_dump(path, codec="zlib"):
    """A reader of a dump of whatever format."""
    if is_flattened(path):
        plain = f"{path}.plain"
        unflatten(path, plain)
        path = plain
    with open(path, "rb") as file:
        elf = file.read(4) == b"\x7fELF"
    return ElfCore(path) if elf else Kdump(path, codec)
