#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The program as a process: signals, pid file, background, sockets that it
leaves behind or finds, device trees that dtc reads."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from check import Skip, run
from system import System, connect, run_once


def ends_on(t, number):
    with System(t.tool, "-M", "pc") as system:
        lines = system.qmp()
        system.process.send_signal(number)
        event = lines.json()
        assert (event["event"], event["data"]["reason"]) == (
            "SHUTDOWN", "host-signal"), event
        assert system.end() == 0
        left = sorted(os.listdir(system.path))
        assert left == [], left


def pidfile(t):
    path = t.folder / "pid"
    with System(t.tool, "-M", "pc", "-pidfile", str(path)) as system:
        system.qmp().close()
        assert int(path.read_text()) == system.process.pid
        assert path.stat().st_mode & 0o777 == 0o600
        status, _, err = run_once(t.tool, "-pidfile", str(path))
        assert status == 1 and "another process has it" in err, err
        assert int(path.read_text()) == system.process.pid
        system.process.terminate()
        assert system.end() == 0
    assert not path.exists()


def daemonize(t):
    pid, qmp = t.folder / "daemon", t.folder / "daemon.qmp"
    got = run_once(t.tool, "-daemonize", "-pidfile", str(pid), "-qmp",
                   f"unix:{qmp},server=on,wait=off")
    assert got == (0, "", ""), got
    number = int(pid.read_text())
    try:
        lines = connect(qmp)
        assert "QMP" in lines.json()
        assert os.readlink(f"/proc/{number}/cwd") == "/"
        assert os.readlink(f"/proc/{number}/fd/0") == "/dev/null"
        lines.send('{"execute":"qmp_capabilities"}{"execute":"quit"}')
        while lines.line() is not None:
            pass
    finally:
        deadline = time.monotonic() + 10
        while pid.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
    assert not pid.exists() and not qmp.exists()
    status, _, err = run_once(t.tool, "-daemonize", "-m", "17T")
    assert status == 1 and len(err.splitlines()) == 1, (status, err)


def sockets(t):
    path = t.folder / "socket"
    option = ["-qmp", f"unix:{path},server=on,wait=off", "-qtest", "null"]
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(path))
    stale.close()
    process = subprocess.Popen([t.tool, *option])
    try:
        lines = connect(path)
        assert "QMP" in lines.json()
    finally:
        process.terminate()
        assert process.wait(20) == 0
    path.write_text("precious")
    status, _, err = run_once(t.tool, *option)
    assert status == 1 and "cannot listen" in err, err
    assert path.read_text() == "precious"
    path.unlink()


def waits(t):
    path = t.folder / "wait"
    process = subprocess.Popen(
        [t.tool, "-qmp", f"unix:{path},server=on", "-serial",
         f"file:{t.folder}/serial"], stderr=subprocess.PIPE, text=True)
    try:
        assert "waiting for a connection" in process.stderr.readline()
        assert not (t.folder / "serial").exists()
        lines = connect(path)
        assert "QMP" in lines.json()
        assert (t.folder / "serial").exists()
    finally:
        process.terminate()
        assert process.wait(20) == 0
        process.stderr.close()


def log(t):
    path = t.folder / "log"
    run_once(t.tool, "-accel", "qtest", "-qtest", "stdio", "-qtest-log",
             str(path), stdin=b"endianness\nfoo\n")
    words = [line.split("] ", 1)[1] for line in path.read_text().splitlines()]
    assert words == ["OPENED", "endianness", "OK little", "foo",
                     "FAIL Unknown command 'foo'", "CLOSED"], words


def tree(t, target):
    if not shutil.which("dtc"):
        raise Skip("no dtc")
    path = t.folder / f"{target}.dtb"
    got = run_once(t.tool, "-M", f"virt,dumpdtb={path}", "-m", "256", "-smp",
                   "2", target=target)
    assert got == (0, "", ""), got
    done = subprocess.run(["dtc", "-I", "dtb", "-O", "dts", str(path)],
                          capture_output=True, text=True, check=True)
    assert done.stderr == "", done.stderr
    node = done.stdout.split("fw-cfg@", 1)[1].split("};", 1)[0]
    for word in ('compatible = "qemu,fw-cfg-mmio"', "reg = <", "dma-coherent"):
        assert word in node, node


def half_closed(t):
    """A client that sends all it has to say and shuts its side down."""
    with System(t.tool, "-M", "pc") as system:
        lines = system.raw_qmp()
        lines.send('{"execute":"qmp_capabilities"}'
                   '{"execute":"query-name","id":1}')
        lines.sock.shutdown(socket.SHUT_WR)
        got = []
        while (line := lines.line()) is not None:
            got.append(json.loads(line))
        assert got[1:] == [{"return": {}}, {"return": {}, "id": 1}], got


def half_closed_and_hung(t):
    """A client that asks for much, shuts its side down and never reads keeps
    nobody waiting, nor the end."""
    with System(t.tool, "-M", "pc") as system:
        lines = system.qmp()
        hung = [system.raw_qmp() for _ in range(5)]
        for client in hung:
            client.send('{"execute":"qmp_capabilities"}'
                        + '{"execute":"query-commands"}' * 1000)
            client.sock.shutdown(socket.SHUT_WR)
        start = time.monotonic()
        for _ in range(100):
            lines.send('{"execute":"query-name"}')
            assert lines.json() == {"return": {}}
        assert time.monotonic() - start < 2
        for client in hung[1:3]:
            client.close()
        lines.send('{"execute":"quit"}')
        assert system.end() == 0
        assert time.monotonic() - start < 5


def talk(wire, data):
    """Sends to a monitor by file descriptors, and returns an answer."""
    os.write(wire[1], data)
    answer = b""
    while not answer.endswith(b"\n"):
        answer += os.read(wire[0], 65536)
    return json.loads(answer)


def pipes(t):
    """A monitor on two named pipes; who leaves them can come back."""
    path = t.folder / "pipe"
    for end in ("in", "out"):
        os.mkfifo(f"{path}.{end}")
    with System(t.tool, "-M", "pc", "-qmp", f"pipe:{path}") as system:
        for visit in range(2):
            wire = [os.open(f"{path}.out", os.O_RDONLY),
                    os.open(f"{path}.in", os.O_WRONLY)]
            if visit == 0:
                assert "QMP" in talk(wire, b"")
            assert talk(wire, b'{"execute":"qmp_capabilities"}') is not None
            for fd in wire:
                os.close(fd)
        system.qmp().close()
    status, _, err = run_once(t.tool, "-chardev", f"pipe,id=a,path={path}.no")
    assert status == 1 and f"cannot open {path}.no" in err, err


def serial(t):
    """COM1 on a socket: both ways, by qtest."""
    path = t.folder / "com1"
    with System(t.tool, "-M", "pc", "-serial",
                f"unix:{path},server=on,wait=off") as system:
        qtest = system.qtest()
        line = connect(path)
        assert qtest.ask("inb 0x3fd") == "OK 0x0060"
        line.send("x")
        while qtest.ask("inb 0x3fd") != "OK 0x0061":
            time.sleep(0.01)
        assert qtest.ask("inb 0x3f8") == "OK 0x0078"
        for byte in b"hello\n":
            assert qtest.ask(f"outb 0x3f8 {byte:#x}") == "OK"
        assert line.line() == "hello"
        line.close()
        assert qtest.ask("outb 0x3f8 0x21") == "OK"
        assert connect(path) is not None


def many(t):
    """More clients than there are places, and all of them gone again."""
    with System(t.tool, "-M", "pc") as system:
        clients = [system.raw_qmp() for _ in range(100)]
        time.sleep(0.2)
        for client in clients:
            client.close()
        deadline = time.monotonic() + 10
        while True:
            try:
                system.qmp().close()
                break
            except (AssertionError, OSError, TypeError):
                assert time.monotonic() < deadline
                time.sleep(0.05)


def test(t):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        with t.case(f"{number.name}: SHUTDOWN, status 0, no socket left"):
            ends_on(t, number)
    with t.case("-pidfile"):
        pidfile(t)
    with t.case("-daemonize"):
        daemonize(t)
    with t.case("a stale socket is replaced, a file is not"):
        sockets(t)
    with t.case("server=on waits for the first peer"):
        waits(t)
    with t.case("-qtest-log"):
        log(t)
    with t.case("a client that shuts its side down gets its answers"):
        half_closed(t)
    with t.case("a client that shuts its side down and never reads"):
        half_closed_and_hung(t)
    with t.case("a monitor on named pipes"):
        pipes(t)
    with t.case("a serial port on a socket"):
        serial(t)
    with t.case("100 clients at once"):
        many(t)
    for target in ("aarch64", "riscv64"):
        with t.case(f"dtc reads the tree of {target} without a warning"):
            tree(t, target)


run(test, __doc__)
