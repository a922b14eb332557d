#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The monitor: greeting and negotiation, answers and events, QEMU's errors for
what is wrong, several clients, and clients that mean harm."""

import json
import os
import re
import socket
import stat
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from check import run
from system import System
from vmcoreinfo import make_note, write_file

# What is sent, and class and text of the error that it gets.
ERRORS = [
    ('{"execute":"nope"}', "CommandNotFound",
     "The command nope has not been found"),
    ('{"execute":"qmp_capabilities"}', "CommandNotFound",
     "Capabilities negotiation is already complete, command ignored"),
    ('{"execute":"stop","arguments":{"x":1}}', "GenericError",
     "Parameter 'x' is unexpected"),
    ('{"execute":"stop","arguments":3}', "GenericError",
     "QMP input member 'arguments' must be an object"),
    ('{"execute":"stop","foo":3}', "GenericError",
     "QMP input member 'foo' is unexpected"),
    ('{"execute":3}', "GenericError",
     "QMP input member 'execute' must be a string"),
    ('{}', "GenericError", "QMP input lacks member 'execute'"),
    ('[1,2]', "GenericError", "QMP input must be a JSON object"),
    ('3', "GenericError", "QMP input must be a JSON object"),
    ('"x"', "GenericError", "QMP input must be a JSON object"),
    ('{"execute":"getfd","arguments":{"fdname":"a"}}', "GenericError",
     "No file descriptor supplied via SCM_RIGHTS"),
    ('{"execute":"getfd","arguments":{}}', "GenericError",
     "Parameter 'fdname' is missing"),
    ('{"execute":"getfd","arguments":{"fdname":3}}', "GenericError",
     "Invalid parameter type for 'fdname', expected: string"),
    ('{"execute":"closefd","arguments":{"fdname":"a"}}', "GenericError",
     "File descriptor named 'a' not found"),
    ('{"execute":"qom-list-types","arguments":{"abstract":3}}',
     "GenericError", "Invalid parameter type for 'abstract', expected: boolean"),
]

GARBAGE = [
    "foo", "]", "}", '{"a":tru}', '{"a" 1}', '{"execute":"stop"garbage}',
    "\x01", '{"a":1,}', "{]", "[}", '{"execute":"\udcff"}', "{'a'}", "[" * 2000,
    "{\"a\":" * 2000, '"' * 3, "\\", "{\"execute\":\"stop\"}}", "nul", "\x00",
    "[" + "1," * 600000 + "1]", "/*", "var x = {}",
]

HMP = [
    ("foo", "unknown command: 'foo'\r\n"),
    ("", ""),
    ("info nope", "unknown command: 'info nope'\r\n"),
    ("info status", "VM status: paused (prelaunch)\r\n"),
    ("gpa2hva 0xf000000000",
     "No memory is mapped at address 0xf000000000\r\n"),
    ("gpa2hva", "unexpected end of expression\r\n"
                'Try "help gpa2hva" for more information\r\n'),
    ("gpa2hva 0 0", "gpa2hva: extraneous characters at the end of line\r\n"
                    'Try "help gpa2hva" for more information\r\n'),
    ("xp /4gx 0x1000", "0000000000001000: 0x8877665544332211 "
     "0x0000000000000000\r\n0000000000001010: 0x0000000000000000 "
     "0x0000000000000000\r\n"),
    ("xp/1gx 0x1000", "0000000000001000: 0x8877665544332211\r\n"),
    ("xp /10xb 0x1000", "0000000000001000: 0x11 0x22 0x33 0x44 0x55 0x66 0x77 "
     "0x88\r\n0000000000001008: 0x00 0x00\r\n"),
    ("xp /2hu 0x1000", "0000000000001000:  8721 17459\r\n"),
    ("xp /2dw 0x1004",
     "0000000000001004: -2005440939          0\r\n"),
    ("xp /2ow 0x1000", "0000000000001000: 010414621021 021035663125\r\n"),
    ("xp 0x1000", "0000000000001000: 0x44332211\r\n"),
    ("xp /4wx 0xf000000000",
     "000000f000000000: Cannot access memory\r\n"),
    ("xp /4bz 0", "invalid char in format: 'z'\r\n"
                  'Try "help xp" for more information\r\n'),
    ("xp /4wx foo", "invalid char 'f' in expression\r\n"
                    'Try "help xp" for more information\r\n'),
    ("info mtree -f",
     'FlatView #0\r\n AS "memory", root: system\r\n'
     " Root memory region: system\r\n"
     "  0000000000000000-0000000003ffffff (prio 0, ram): pc.ram\r\n\r\n"
     'FlatView #1\r\n AS "I/O", root: io\r\n Root memory region: io\r\n'
     "  0000000000000510-000000000000051b (prio 0, i/o): fw_cfg\r\n\r\n"),
]


def command(lines, name, arguments=None):
    lines.send(json.dumps({"execute": name, "arguments": arguments or {}}))
    answer = lines.json()
    assert "return" in answer, answer
    return answer["return"]


def greeting(system):
    lines = system.raw_qmp()
    text = lines.line()
    assert text.endswith("\r"), text
    assert re.fullmatch(
        r'\{"QMP": \{"version": \{"qemu": \{"micro": \d+, "minor": \d+, '
        r'"major": \d+\}, "package": "guestcore [^"]*"\}, '
        r'"capabilities": \[\]\}\}\r', text), text
    lines.send('{"execute":"query-version","id":[1,{"a":null}]}')
    assert lines.line() == (
        '{"error": {"class": "CommandNotFound", "desc": "Expecting '
        "capabilities negotiation with 'qmp_capabilities'\"}, "
        '"id": [1, {"a": null}]}\r')
    lines.send('{"execute":"qmp_capabilities"}')
    assert lines.line() == '{"return": {}}\r'
    lines.send("{'execute': 'query-status', 'id': 'x'}")
    assert lines.line() == ('{"return": {"status": "prelaunch", "singlestep": '
                            'false, "running": false}, "id": "x"}\r')
    lines.close()


def events(system):
    one, two = system.qmp(), system.qmp()
    silent = system.raw_qmp()
    assert "QMP" in silent.json()
    before = time.time()
    one.send('{"execute":"cont"}{"execute":"stop"}{"execute":"stop"}'
             '{"execute":"system_reset"}')
    got = [one.json() for _ in range(7)]
    assert [m.get("event") for m in got] == [
        "RESUME", None, "STOP", None, None, "RESET", None], got
    assert got[5]["data"] == {"guest": False,
                              "reason": "host-qmp-system-reset"}
    stamp = got[0]["timestamp"]
    assert before - 1 < stamp["seconds"] + stamp["microseconds"] / 1e6 \
        < time.time() + 1
    assert [two.json()["event"] for _ in range(3)] == ["RESUME", "STOP",
                                                       "RESET"]
    silent.send('{"execute":"qmp_capabilities"}')
    assert silent.json() == {"return": {}}
    for lines in (one, two, silent):
        lines.close()


def garbage(lines, text):
    data = text.encode(errors="surrogateescape") + b"\n"
    lines.send(data)
    answer = lines.json()
    while answer == {"return": {}}:
        answer = lines.json()
    assert answer["error"]["class"] == "GenericError", answer
    lines.send('\n{"execute":"query-name","id":"after"}\n')
    while answer.get("id") != "after":
        answer = lines.json()


def brackets(system, lines):
    attacker = system.qmp()
    attacker.send("[" * (1 << 20))
    assert "nesting" in attacker.json()["error"]["desc"]
    assert command(lines, "query-name") == {}
    attacker.send("\n" + '{"execute":"query-name"}')
    assert attacker.json() == {"return": {}}
    attacker.close()


def hung(system, lines):
    attacker = system.qmp()
    attacker.sock.setblocking(False)
    request = b'{"execute":"query-machines"}' * 1000
    sent = 0
    deadline = time.monotonic() + 5
    while sent < 1 << 24 and time.monotonic() < deadline:
        try:
            sent += attacker.sock.send(request)
        except BlockingIOError:
            break
    for _ in range(100):
        command(lines, "query-status")
    rss = int(re.search(r"VmRSS:\s+(\d+)", Path(
        f"/proc/{system.process.pid}/status").read_text())[1])
    assert rss < 200000, rss
    attacker.close()


def descriptors(lines):
    read, write = os.pipe()
    request = b'{"execute":"getfd","arguments":{"fdname":"a"}}'
    socket.send_fds(lines.sock, [request], [write])
    os.close(write)
    assert lines.json() == {"return": {}}
    lines.send('{"execute":"closefd","arguments":{"fdname":"a"}}')
    assert lines.json() == {"return": {}}
    assert os.read(read, 1) == b""
    os.close(read)
    for name in ("3a", ""):
        read, write = os.pipe()
        request = json.dumps({"execute": "getfd",
                              "arguments": {"fdname": name}}).encode()
        socket.send_fds(lines.sock, [request], [write])
        os.close(write)
        assert "not starting with a digit" in lines.json()["error"]["desc"]
        assert os.read(read, 1) == b""
        os.close(read)


def questions(lines):
    names = {c["name"] for c in command(lines, "query-commands")}
    assert {"query-version", "query-status", "query-commands",
            "query-machines", "query-cpus-fast", "qom-list-types", "stop",
            "cont", "system_reset", "system_powerdown", "quit", "getfd", "closefd",
            "human-monitor-command", "x-query-vmcoreinfo"} <= names, names
    machines = {m["name"]: m for m in command(lines, "query-machines")}
    assert {"pc", "q35"} <= set(machines), machines
    cpus = command(lines, "query-cpus-fast")
    assert [c["cpu-index"] for c in cpus] == [0, 1, 2, 3]
    assert [c["props"] for c in cpus] == [
        {"socket-id": s, "core-id": c, "thread-id": 0}
        for s in (0, 1) for c in (0, 1)], cpus
    types = command(lines, "qom-list-types",
                    {"implements": "device", "abstract": False})
    assert {"name": "vmcoreinfo", "parent": "device"} in types, types
    assert command(lines, "query-memdev")[0]["size"] == 64 << 20
    assert command(lines, "query-name") == {"name": "here"}
    assert command(lines, "query-uuid") == {
        "UUID": "00112233-4455-6677-8899-aabbccddeeff"}
    assert command(lines, "query-target") == {"arch": "x86_64"}


def vmcoreinfo(system, lines):
    qtest = system.qtest()
    note = make_note("OSRELEASE=6.1\nPAGESIZE=4096\n")
    qtest.ask(f"write 0x9000 {len(note)} 0x{note.hex()}")
    cases = [
        (None, False, "guest note is not present"),
        ((1, 4132, 0x9000), True, ""),
        ((1, len(note), 0x9000), True, ""),
        ((1, len(note) - 1, 0x9000), False, "its header counts"),
        ((2, 4132, 0x9000), False, "guest note format is unsupported: 2"),
        ((1, 11, 0x9000), False, "its size of"),
        ((1, (1 << 20) + 1, 0x9000), False, "its size of"),
        ((1, 4132, (1 << 64) - 4), False, "0xfffffffffffffffc"),
        ((0, 4132, 0x9000), False, "guest note is not present"),
    ]
    for given, usable, reason in cases:
        if given:
            write_file(qtest, *given)
        state = command(lines, "x-query-vmcoreinfo")
        assert state["usable"] is usable, (given, state)
        assert ("reason" in state) is not usable, (given, state)
        assert reason in state.get("reason", ""), (given, state)
        assert state["host-format"] == 1, state
        if given and given[0]:
            assert (state["guest-format"], state["size"]) == given[:2], state
            assert state["paddr"] % (1 << 64) == given[2], state
    qtest.close()


def test(t):
    with System(t.tool, "-M", "pc", "-m", "64", "-S") as system:
        with t.case("greeting, negotiation and id"):
            greeting(system)
        with t.case("the socket is its owner's alone"):
            for name in ("qmp", "qtest"):
                mode = os.stat(system.path / name).st_mode
                assert stat.S_IMODE(mode) == 0o600, oct(mode)
        lines = system.qmp()
        for text, kind, desc in ERRORS:
            with t.case(f"{text}: {kind}"):
                lines.send(text + "\n")
                error = lines.json()["error"]
                assert error == {"class": kind, "desc": desc}, error
        for text in GARBAGE:
            with t.case(f"garbage {text[:20]!r}"):
                garbage(lines, text)
        qtest = system.qtest()
        qtest.ask("writeq 0x1000 0x8877665544332211")
        qtest.close()
        for line, text in HMP:
            with t.case(f"people's command '{line}'"):
                got = command(lines, "human-monitor-command",
                              {"command-line": line})
                assert got == text, got
        with t.case("gpa2hva and info registers"):
            got = command(lines, "human-monitor-command",
                          {"command-line": "gpa2hva 0x1000"})
            assert re.fullmatch(r"Host virtual address for 0x1000 \(pc\.ram\) "
                                r"is 0x[0-9a-f]+\r\n", got), got
            got = command(lines, "human-monitor-command",
                          {"command-line": "info registers -a"})
            assert got.startswith("\r\nCPU#0\r\n"), got
        with t.case("events reach all who negotiated"):
            events(system)
    with System(t.tool, "-M", "pc", "-m", "64", "-smp",
                "4,sockets=2,cores=2", "-name", "here", "-uuid",
                "00112233-4455-6677-8899-aabbccddeeff", "-device",
                "vmcoreinfo") as system:
        lines = system.qmp()
        with t.case("questions about the machine"):
            questions(lines)
        with t.case("x-query-vmcoreinfo says why the note is of use or not"):
            vmcoreinfo(system, lines)
        with t.case("descriptors are taken, named and closed"):
            descriptors(lines)
        lines.close()
    with System(t.tool, "-M", "pc") as system:
        lines = system.qmp()
        with t.case("a megabyte of brackets harms nobody"):
            brackets(system, lines)
        with t.case("a client that never reads harms nobody"):
            hung(system, lines)
        with t.case("no CPU, no power button: system_powerdown is told of"):
            lines.send('{"execute":"system_powerdown"}')
            event = lines.json()
            assert event["event"] == "POWERDOWN" and "data" not in event, event
            assert lines.json() == {"return": {}}
            assert command(lines, "query-status")["running"]
        with t.case("quit: SHUTDOWN, an answer, status 0"):
            lines.send('{"execute":"quit"}')
            event = lines.json()
            assert (event["event"], event["data"]) == (
                "SHUTDOWN", {"guest": False, "reason": "host-qmp-quit"})
            assert lines.json() == {"return": {}}
            assert lines.line() is None
            assert system.end() == 0
    with System(t.tool, "-M", "pc", "-no-reboot") as system:
        lines = system.qmp()
        with t.case("-no-reboot: a reset is the end"):
            lines.send('{"execute":"system_reset"}')
            event = lines.json()
            assert (event["event"], event["data"]["reason"]) == (
                "SHUTDOWN", "host-qmp-system-reset"), event
            assert system.end() == 0


run(test, __doc__)
