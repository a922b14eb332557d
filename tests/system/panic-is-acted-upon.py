#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The guest says that it has panicked: the events and what follows them are
QEMU's, where QEMU has the action; a dump is made where one is asked for."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from check import Skip, run
from dumpqmp import ask, open_dump, request, wait_event
from system import System

MIB = 1 << 20
PANIC = "outb 0x505 1"
CRASH = "outb 0x505 2"
RESET = {"event": "RESET", "data": {"guest": True, "reason": "guest-panic"}}


class Qemu:
    """QEMU with the same sockets; its firmware never runs for long enough to
    do anything that is seen."""

    def __init__(self, *arguments):
        self.folder = tempfile.TemporaryDirectory(prefix="guestcore-qemu-")
        path = Path(self.folder.name)
        self.process = subprocess.Popen(
            ["qemu-system-x86_64", "-accel", "tcg", "-display", "none",
             "-nodefaults", "-m", "16", "-qtest-log", "none",
             "-qtest", f"unix:{path}/qtest,server=on,wait=off",
             "-qmp", f"unix:{path}/qmp,server=on,wait=off", *arguments],
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.path = path

    qtest = System.qtest
    raw_qmp = System.raw_qmp
    qmp = System.qmp
    end = System.end

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()


def plain(event):
    return {name: event[name] for name in ("event", "data") if name in event}


def play(system, steps):
    """What a monitor hears while a guest takes these steps: events, answers
    to what is asked in between; at the end, if the last step is a guest's,
    None, and the status with which the program ends."""
    heard = []
    lines = system.qmp()
    qtest = system.qtest()
    for step in steps:
        if step.startswith("out"):
            qtest.send(step + "\n")
            qtest.line()
            if step is steps[-1]:
                break
            step = "query-status"
        name, *pairs = step.split()
        lines.send(request(name, **dict(pair.split("=") for pair in pairs)))
        while (message := lines.json()) and "event" in message:
            heard.append(plain(message))
        heard.append(message)
    else:
        return heard
    while message := lines.json():
        heard.append(plain(message))
    return heard + [message, system.end()]


SCENARIOS = [
    # name, arguments, steps
    ("a panic is a shutdown", [], ["cont", CRASH, PANIC]),
    ("panic=pause, and on", ["-action", "panic=pause"],
     [PANIC, "cont", CRASH, "outb 0x505 3", "cont", "outb 0x505 0xfc",
      "outb 0x505 0xff", "system_reset", "query-status"]),
    ("panic=none", ["-action", "panic=none"], ["cont", PANIC, PANIC, "query-status"]),
    ("shutdown=pause", ["-action", "shutdown=pause"], ["cont", PANIC, "query-status"]),
    ("-no-shutdown", ["-no-shutdown"], ["cont", PANIC, "quit"]),
    ("set-action", [],
     ["cont", "set-action panic=none", PANIC,
      "set-action panic=pause shutdown=pause", PANIC, "cont",
      "set-action panic=no", "set-action colour=red", "set-action",
      "set-action reboot=shutdown", "system_reset", "query-status",
      "set-action reboot=reset", "system_reset", "query-status"]),
]


def check_like_qemu(t):
    if shutil.which("qemu-system-x86_64") is None:
        raise Skip("there is no QEMU to compare with")
    for name, arguments, steps in SCENARIOS:
        with t.case(f"as QEMU: {name}"):
            arguments = ["-S", "-device", "pvpanic", *arguments]
            with System(t.tool, *arguments) as system:
                ours = play(system, steps)
            with Qemu(*arguments) as qemu:
                theirs = play(qemu, steps)
            assert ours == theirs, f"\nours:   {ours}\ntheirs: {theirs}"


def events_until(lines, name):
    """The events up to the first of that name, in order."""
    got = []
    while not got or got[-1]["event"] != name:
        message = lines.json()
        assert message is not None, got
        if "event" in message:
            got.append(plain(message))
    return got


def say(system, line):
    qtest = system.qtest()
    assert qtest.ask(line) == "OK"
    qtest.close()


def names(events):
    return [event["event"] for event in events]


def start(t, *arguments):
    return System(t.tool, "-m", "16", "-device", "pvpanic", *arguments)


def check_reset(t):
    with t.case("panic=reset: RESET, and the guest runs on"), \
            start(t, "-action", "panic=reset") as system:
        lines = system.qmp()
        say(system, PANIC)
        got = events_until(lines, "RESET")
        assert got == [{"event": "GUEST_PANICKED",
                        "data": {"action": "run"}}, RESET], got
        assert ask(lines, "query-status")["status"] == "running"


def expect_dump(events, path):
    """These are a panic's, its dump's and its stop's."""
    assert names(events) == ["GUEST_PANICKED", "STOP", "DUMP_COMPLETED"], events
    data = events[2]["data"]
    assert data["result"] == {"status": "completed", "completed": 16 * MIB,
                              "total": 16 * MIB}, data
    assert data["x-file"] == str(path), data
    assert "error" not in data, data


def check_dump(t, folder):
    path = folder / "vmcore"
    with start(t, "-dump-on-panic", f"{path},format=kdump-raw-zlib,level=1") \
            as system:
        lines = system.qmp()
        with t.case("a dump is made, and the guest stands still"):
            say(system, "write 0x100000 4 0xdecade01")
            say(system, PANIC)
            expect_dump(events_until(lines, "DUMP_COMPLETED"), path)
            assert ask(lines, "query-status")["status"] == "guest-panicked"
            assert ask(lines, "query-dump")["x-file"] == str(path)
            with open_dump(path) as dump:
                assert dump.read(MIB, 4096)[:4].hex() == "decade01"
        with t.case("no second dump takes the first one's place"):
            first = path.read_bytes()
            ask(lines, "system_reset")
            ask(lines, "cont")
            say(system, "write 0x100000 4 0xdecade02")
            say(system, PANIC)
            expect_dump(events_until(lines, "DUMP_COMPLETED"), f"{path}.1")
            assert path.read_bytes() == first
            with open_dump(f"{path}.1") as dump:
                assert dump.read(MIB, 4096)[:4].hex() == "decade02"
        with t.case("there is an end to it, and it is told"):
            for i in range(2, 10):
                Path(f"{path}.{i}").touch()
            ask(lines, "cont")
            say(system, PANIC)
            data = events_until(lines, "DUMP_COMPLETED")[-1]["data"]
            assert data == {
                "result": {"status": "failed", "completed": 0, "total": 0},
                "error": f"{path}: there are 10 dumps of panics already",
            }, data
            assert ask(lines, "query-status")["status"] == "guest-panicked"
            assert ask(lines, "query-dump")["x-error"] == data["error"]


def check_then(t, folder):
    with t.case("then=reset: RESET and RESUME after the dump"):
        path = folder / "reset"
        with start(t, "-dump-on-panic", f"file={path},then=reset") as system:
            lines = system.qmp()
            say(system, PANIC)
            got = events_until(lines, "RESUME")
            expect_dump(got[:3], path)
            assert got[3:] == [RESET, {"event": "RESUME"}], got
    with t.case("then=shutdown: SHUTDOWN after the dump, and the end"):
        path = folder / "shutdown"
        with start(t, "-dump-on-panic", f"{path},then=shutdown") as system:
            lines = system.qmp()
            say(system, PANIC)
            got = events_until(lines, "SHUTDOWN")
            expect_dump(got[:3], path)
            assert got[3]["data"] == RESET["data"], got
            assert system.end() == 0
            open_dump(path).close()
    with t.case("then=shutdown with -no-shutdown: no end"):
        with start(t, "-dump-on-panic", f"{folder}/stay,then=shutdown",
                   "-no-shutdown") as system:
            lines = system.qmp()
            say(system, PANIC)
            events_until(lines, "SHUTDOWN")
            assert ask(lines, "query-status")["status"] == "guest-panicked"


def check_failure(t, folder):
    place = folder / "place"
    place.mkdir()
    with start(t, "-dump-on-panic", f"{place}/dump,then=reset") as system:
        lines = system.qmp()
        with t.case("a dump that fails is told of, and the guest stays"):
            place.rmdir()
            say(system, PANIC)
            data = events_until(lines, "DUMP_COMPLETED")[-1]["data"]
            assert data["result"]["status"] == "failed", data
            assert "cannot open directory" in data["error"], data
            assert ask(lines, "query-status")["status"] == "guest-panicked"
        with t.case("the next panic is dumped"):
            place.mkdir()
            ask(lines, "cont")
            say(system, PANIC)
            wait_event(lines, "RESET")
            open_dump(place / "dump").close()


def test(t):
    folder = t.folder / "dumps"
    folder.mkdir()
    check_like_qemu(t)
    check_reset(t)
    check_dump(t, folder)
    check_then(t, folder)
    check_failure(t, folder)


run(test, __doc__)
