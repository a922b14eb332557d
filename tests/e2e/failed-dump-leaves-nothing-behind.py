#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A dump that fails says why in one line, leaves no file, and leaves the guest
running as it found it."""

import signal
import socket
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from check import run
from guest import Guest
from middle import frozen_in_the_middle
from smalldisk import small_disk
from tool import FORMATS, TIMEOUT, Tool, dump_arguments


def test(t):
    tool = Tool(t.tool)
    with Guest(t.image, random_mib=64) as guest:
        for form in FORMATS:
            with t.case(f"{form}: the disk is full"):
                disk_full(t, tool, guest, form)
        for name, path in bad_paths(t.folder / "paths"):
            with t.case(f"the output is {name}"):
                bad_path(tool, guest, path, t.folder / "paths")
        for name, path in bad_sockets(t):
            with t.case(f"the monitor's socket is {name}"):
                bad_socket(t, tool, path)
        for form in FORMATS:
            for number in (signal.SIGINT, signal.SIGTERM):
                with t.case(f"{form}: {number.name} comes in the middle"):
                    interrupted(t, tool, guest, form, number)
        with t.case("after all that a dump succeeds"):
            tool.dump(guest, t.folder / "dump", "elf")
            lives_on(guest)
    with t.case("QEMU is killed in the middle"):
        qemu_killed(t, tool)


def disk_full(t, tool, guest, form):
    with small_disk(t.folder / "disk") as disk:
        done = tool.run(*dump_arguments(guest.socket, disk / "dump", form))
        failed_in_one_line(done.returncode, done.stderr)
        nothing_in(disk)
    lives_on(guest)


def bad_paths(folder):
    """Outputs that cannot be made."""
    folder.mkdir()
    (folder / "file").write_text("not a folder")
    (folder / "folder").mkdir()
    yield "in a folder that does not exist", folder / "absent/dump"
    yield "in a folder that is a file", folder / "file/dump"
    yield "a folder", folder / "folder"


def bad_path(tool, guest, path, folder):
    before = sorted(folder.rglob("*"))
    done = tool.run(*dump_arguments(guest.socket, path))
    failed_in_one_line(done.returncode, done.stderr)
    assert sorted(folder.rglob("*")) == before, sorted(folder.rglob("*"))
    lives_on(guest)


def bad_sockets(t):
    """Sockets that lead to no monitor."""
    yield "not there", t.folder / "absent.qmp"
    plain = t.folder / "file.qmp"
    plain.write_text("")
    yield "a file", plain
    with chatterbox(t.folder / "chatter.qmp", b"220 mail ready\r\n") as path:
        yield "of a server that speaks no QMP", path
    with chatterbox(t.folder / "closes.qmp", b"") as path:
        yield "of a server that hangs up", path


def bad_socket(t, tool, path):
    folder = fresh(t.folder / "out")
    done = tool.run(*dump_arguments(path, folder / "dump"))
    failed_in_one_line(done.returncode, done.stderr)
    nothing_in(folder)


def interrupted(t, tool, guest, form, number):
    folder = fresh(t.folder / "out")
    with frozen_in_the_middle(tool, guest, folder, form) as process:
        process.send_signal(number)
        process.send_signal(signal.SIGCONT)
        _, stderr = process.communicate(timeout=TIMEOUT)
    assert process.returncode != 0, "the status is 0"
    assert stderr.count("\n") <= 1, f"stderr: {stderr!r}"
    nothing_in(folder)
    lives_on(guest)


def qemu_killed(t, tool):
    folder = fresh(t.folder / "out")
    with Guest(t.image, random_mib=64) as guest:
        with frozen_in_the_middle(tool, guest, folder, "elf") as process:
            guest.kill()
            process.send_signal(signal.SIGCONT)
            _, stderr = process.communicate(timeout=TIMEOUT)
    failed_in_one_line(process.returncode, stderr)
    nothing_in(folder)


def failed_in_one_line(status, stderr):
    """A failure with a reason, and not a crash."""
    assert status > 0, f"the status is {status}"
    assert stderr.startswith("guestcore: "), f"stderr: {stderr!r}"
    assert stderr.endswith("\n"), f"stderr: {stderr!r}"
    assert stderr.count("\n") == 1, f"stderr: {stderr!r}"


def nothing_in(folder):
    left = sorted(folder.rglob("*"))
    assert not left, f"left behind: {left}"


def lives_on(guest):
    assert guest.running(), "the guest stands still"
    guest.wait_tick()


def fresh(folder):
    folder.mkdir(exist_ok=True)
    return folder


@contextmanager
def chatterbox(path, words):
    """A server that says something to whoever comes, and hangs up."""
    def serve(server):
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            with client:
                client.sendall(words)

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        thread = threading.Thread(target=serve, args=(server,), daemon=True)
        thread.start()
        try:
            yield path
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=5)


run(test, __doc__)
