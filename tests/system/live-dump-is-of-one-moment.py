#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""dump-guest-memory with x-live: the guest runs on, the dump shows all of its
memory as it was at one moment, and whatever happens to the dump, the guest does
not suffer."""

import base64
import json
import os
import resource
import signal
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from check import Skip, run
from dumpqmp import (answer, ask, dump_request, open_dump, refusal, request,
                     slow_to_pack, wait_event)
from system import System

MIB = 1 << 20
PAGE = 4096
RAM = 256 * MIB
FILLED = 96 * MIB  # with what is slow to pack, so that a dump lasts
COUNTERS = 512      # one in each of so many pages, spread over the RAM
STRIDE = RAM // COUNTERS
BUSY = "There is a dump in process, please wait."
SLOW = {"format": "kdump-raw-zlib", "x_threads": 0}


def backend(kind, share, *more):
    return ["-M", "pc,memory-backend=ram", "-object",
            ",".join([f"memory-backend-{kind},id=ram,size={RAM}",
                      f"share={share}", *more])]


def kinds(folder):
    """Of memory: name, whether it is private, options."""
    yield "private memory", True, ["-m", str(RAM // MIB)]
    yield "a memfd", False, backend("memfd", "on")
    yield "a private file", True, backend("file", "off",
                                          f"mem-path={folder}/ram")
    yield "a file in a tmpfs", False, backend("file", "on",
                                              "mem-path=/dev/shm")


class Writer:
    """Plays the guest: counts in pages all over the memory, in sweeps."""

    def __init__(self, system):
        self.qtest = system.qtest()
        self.value = 0
        self.stopped = False
        self.longest = 0
        self.thread = None

    def fill(self):
        block = slow_to_pack(8 * MIB)
        text = base64.b64encode(block).decode()
        for at in range(0, FILLED, len(block)):
            line = f"b64write {at} {len(block)} {text}"
            assert self.qtest.ask(line) == "OK"

    def sweep(self):
        self.value += 1
        for i in range(COUNTERS):
            before = time.monotonic()
            line = f"writeq {i * STRIDE} {self.value}"
            assert self.qtest.ask(line) == "OK"
            self.longest = max(self.longest, time.monotonic() - before)

    def start(self):
        self.stopped = False
        self.longest = 0
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def stop(self):
        self.stopped = True
        self.thread.join()

    def _run(self):
        while not self.stopped:
            self.sweep()


def read_counters(path):
    with open_dump(path) as dump:
        return [struct.unpack("<Q", dump.read(i * STRIDE, PAGE)[:8])[0]
                for i in range(COUNTERS)]


def check_moment(t, name, lines, writer, folder):
    path = folder / "vmcore"
    with t.case(f"{name}: what is written later is not in the dump"):
        writer.sweep()
        value = writer.value
        lines.send(dump_request(path, detach=True, x_live=True, **SLOW))
        assert answer(lines)[0] == {"return": {}}
        sweeps = 0
        while ask(lines, "query-dump")["status"] == "active":
            writer.sweep()
            sweeps += 1
        assert sweeps > 1, sweeps
        assert set(read_counters(path)) == {value}
        path.unlink()
    with t.case(f"{name}: a guest that never pauses is cut at one moment"):
        writer.start()
        begin = time.monotonic()
        lines.send(dump_request(path, x_live=True, ident=4, **SLOW))
        message, events = answer(lines)
        took = time.monotonic() - begin
        writer.stop()
        assert message == {"return": {}, "id": 4}, message
        names = [event["event"] for event in events]
        assert names == ["STOP", "RESUME", "DUMP_COMPLETED"], names
        result = events[2]["data"]["result"]
        assert result["completed"] == result["total"] == RAM, result
        assert ask(lines, "query-dump") == result
        counters = read_counters(path)
        ahead = counters.count(counters[0])
        expected = ([counters[0]] * ahead
                    + [counters[0] - 1] * (COUNTERS - ahead))
        assert counters == expected, counters
        assert writer.value > counters[0] + 1, (writer.value, counters[0])
        standstill = result["x-standstill"] / 1e9
        t.note(f"{name}: {standstill * 1e3:.2f} ms of {took * 1e3:.0f} ms, "
               f"longest write {writer.longest * 1e3:.1f} ms")
        assert 0 < standstill < took, (standstill, took)
        path.unlink()
    with t.case(f"{name}: an ordinary dump says nothing of it"):
        lines.send(dump_request(path))
        assert answer(lines)[0] == {"return": {}}
        assert "x-standstill" not in ask(lines, "query-dump")
        assert set(read_counters(path)) == {writer.value}
        path.unlink()


def start(lines, path, **arguments):
    lines.send(dump_request(path, detach=True, x_live=True, **SLOW,
                            **arguments))
    message, events = answer(lines)
    assert message == {"return": {}}, message
    assert [event["event"] for event in events] == ["STOP", "RESUME"], events


def check_meanwhile(t, name, lines, writer, folder):
    path = folder / "vmcore"
    with t.case(f"{name}: stop, cont and reset, but no second dump"):
        writer.sweep()
        start(lines, path)
        assert ask(lines, "query-status")["status"] == "running"
        assert refusal(lines, dump_request(folder / "other")) == BUSY
        got = refusal(lines, dump_request(folder / "other", x_live=True))
        assert got == BUSY, got
        ask(lines, "stop")
        assert ask(lines, "query-status")["status"] == "paused"
        ask(lines, "system_reset")
        ask(lines, "cont")
        assert ask(lines, "query-dump")["status"] == "active"
        writer.sweep()
        wait_event(lines, "DUMP_COMPLETED")
        assert set(read_counters(path)) == {writer.value - 1}
        path.unlink()
    with t.case(f"{name}: a VM that stands still stays so"):
        ask(lines, "stop")
        lines.send(dump_request(path, x_live=True))
        message, events = answer(lines)
        assert message == {"return": {}}, message
        assert [event["event"] for event in events] == ["DUMP_COMPLETED"]
        assert ask(lines, "query-status")["status"] == "paused"
        ask(lines, "cont")
        path.unlink()


def name_of(pid):
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except FileNotFoundError:
        return None


def child(system):
    """The one that keeps the memory, once it has its name."""
    deadline = time.monotonic() + 10
    while not (found := children(system)):
        assert time.monotonic() < deadline
    return found[0]


def children(system):
    """The processes that keep memory; a sanitizer may have others."""
    pid = system.process.pid
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in text.split()
            if name_of(word) == "guestcore-live"]


def expect_failure(system, lines, writer, text):
    """The dump fails for that reason; the guest and the next dump do not."""
    data = wait_event(lines, "DUMP_COMPLETED")
    assert data["result"]["status"] == "failed", data
    assert text in data["error"], data
    assert ask(lines, "query-status")["status"] == "running"
    assert not children(system), children(system)
    writer.sweep()


def check_failures(t, name, private, system, lines, writer, folder):
    path = folder / "failed"
    with t.case(f"{name}: cancelled"):
        start(lines, path)
        ask(lines, "x-dump-cancel")
        expect_failure(system, lines, writer, "cancelled")
        assert not path.exists()
    with t.case(f"{name}: no room for the file"):
        pid = system.process.pid
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (MIB, hard))
        try:
            start(lines, path)
            expect_failure(system, lines, writer, "File too large")
        finally:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
        assert not path.exists()
    if private:
        with t.case(f"{name}: the process that keeps the memory is killed"):
            start(lines, path)
            os.kill(child(system), signal.SIGKILL)
            expect_failure(system, lines, writer, "ended by signal 9")
            assert not path.exists()
    with t.case(f"{name}: the next dump is well"):
        start(lines, path)
        wait_event(lines, "DUMP_COMPLETED")
        assert set(read_counters(path)) == {writer.value}
        path.unlink()


def check_end(t, name, system, lines, folder):
    with t.case(f"{name}: nothing stays when the program is killed"):
        start(lines, folder / "last")
        left = children(system)
        system.process.kill()
        system.process.wait()
        deadline = time.monotonic() + 10
        while any(Path(f"/proc/{pid}").exists() for pid in left):
            assert time.monotonic() < deadline, left
            time.sleep(0.01)


def check_quit(t, name, options, folder):
    with t.case(f"{name}: quit during a dump"), \
            System(t.tool, *options) as system:
        lines = system.qmp()
        Writer(system).fill()
        start(lines, folder / "last")
        ask(lines, "quit")
        assert system.end() == 0
        assert not (folder / "last").exists()


def check_kind(t, kind, folder):
    name, private, options = kind
    with System(t.tool, *options) as system:
        lines = system.qmp()
        writer = Writer(system)
        writer.fill()
        check_moment(t, name, lines, writer, folder)
        check_meanwhile(t, name, lines, writer, folder)
        check_failures(t, name, private, system, lines, writer, folder)
        check_end(t, name, system, lines, folder)
    check_quit(t, name, options, folder)


def check_panic(t, folder):
    path = folder / "panic"
    with t.case("a panic during a dump is dumped after it"), \
            System(t.tool, "-m", "256", "-device", "pvpanic",
                   "-dump-on-panic", str(path)) as system:
        lines = system.qmp()
        writer = Writer(system)
        writer.fill()
        writer.sweep()
        start(lines, folder / "live")
        writer.sweep()
        assert writer.qtest.ask("outb 0x505 1") == "OK"
        first = wait_event(lines, "DUMP_COMPLETED")
        assert "x-file" not in first and "error" not in first, first
        second = wait_event(lines, "DUMP_COMPLETED")
        assert second["x-file"] == str(path) and "error" not in second, second
        assert set(read_counters(folder / "live")) == {1}
        assert set(read_counters(path)) == {2}
        assert ask(lines, "query-status")["status"] == "guest-panicked"


HUGE = Path("/dev/hugepages")


def check_huge(t, folder):
    with t.case("private memory of huge pages is refused"):
        free = Path("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages")
        if not HUGE.is_mount() or int(free.read_text()) < 2:
            raise Skip(f"no huge pages in {HUGE}")
        with System(t.tool, "-M", "pc,memory-backend=ram", "-object",
                    "memory-backend-file,id=ram,size=2M,share=off,"
                    f"mem-path={HUGE}") as system:
            lines = system.qmp()
            lines.send(dump_request(folder / "x", x_live=True))
            message, _ = answer(lines)
            assert "huge pages" in message["error"]["desc"], message
            assert ask(lines, "query-status")["status"] == "running"


def check_refused(t, folder):
    with t.case("memory of a file on a disk is refused, and nothing happens"):
        if os.statvfs(folder).f_fsid == os.statvfs("/dev/shm").f_fsid:
            raise Skip("the folder for tests is no disk")
        with System(t.tool, *backend("file", "on",
                                     f"mem-path={folder}/shared")) as system:
            lines = system.qmp()
            lines.send(dump_request(folder / "x", x_live=True))
            message, events = answer(lines)
            assert "tmpfs or hugetlbfs" in message["error"]["desc"], message
            assert [event["event"] for event in events] == ["STOP", "RESUME"]
            assert ask(lines, "query-dump")["status"] == "none"


def as_nobody(t, options, path):
    """What a live dump is answered for a user who has no rights at all: the
    last line but that of quit."""
    script = (request("qmp_capabilities") + dump_request(path, x_live=True)
              + request("quit"))
    try:
        done = subprocess.run(
            [t.tool, *options, "-qmp", "stdio"], input=script.encode(),
            capture_output=True, timeout=60, user=65534, group=65534)
    except PermissionError as error:
        raise Skip(f"nobody cannot run the program: {error}") from error
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    return [message for message in messages
            if "return" in message or "error" in message][1]


def check_user(t):
    permitted = Path("/proc/sys/vm/unprivileged_userfaultfd").read_text()
    folder = t.folder / "nobody"
    folder.mkdir()
    os.chmod(t.folder, 0o755)
    os.chmod(folder, 0o777)
    with t.case("private memory needs no rights"):
        if os.geteuid() != 0:
            raise Skip("needs root to be somebody else")
        got = as_nobody(t, [], folder / "private")
        assert got == {"return": {}}, got
        open_dump(folder / "private").close()
    with t.case("who may not use userfaultfd is told so"):
        if os.geteuid() != 0 or permitted.strip() != "0":
            raise Skip("needs root, and vm.unprivileged_userfaultfd=0")
        got = as_nobody(t, backend("memfd", "on"), folder / "shared")
        assert "vm.unprivileged_userfaultfd=1" in got["error"]["desc"], got


def test(t):
    folder = t.folder / "dumps"
    folder.mkdir()
    for kind in kinds(t.folder):
        check_kind(t, kind, folder)
    check_panic(t, folder)
    check_refused(t, folder)
    check_huge(t, folder)
    check_user(t)


run(test, __doc__)
