#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The guest runs again after a dump that was killed, cut off from the monitor or
interrupted, at any step of the way; and stands still where that was asked for."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from check import run
from foreign import environment
from guest import QEMU, Guest
from middle import freeze, frozen_in_the_middle
from proxy import Proxy
from qmp import Qmp
from tool import TIMEOUT, Tool, dump_arguments

# One command of every step while the guest stands still.
STEPS = ("stop", "query-memdev", "human-monitor-command", "getfd",
         "dump-guest-memory")
PATIENCE = 20


def test(t):
    tool = Tool(t.tool)
    with Guest(t.image, random_mib=64) as guest:
        with t.case("SIGKILL in the middle of the dump"):
            killed_in_the_middle(t, tool, guest)
        with Proxy(guest.socket, t.folder / "proxy.qmp") as proxy:
            for step in STEPS:
                with t.case(f"SIGKILL at {step}"):
                    ended_at(t, tool, guest, proxy, step, signal.SIGKILL)
            for step in ("query-migrate", "stop", "dump-guest-memory"):
                with t.case(f"SIGTERM at {step}"):
                    ended_at(t, tool, guest, proxy, step, signal.SIGTERM)
            for step in STEPS:
                with t.case(f"the connection breaks at {step}"):
                    cut_off_at(t, tool, guest, proxy, step)
            with t.case("the connection breaks at cont"):
                cut_off_at_the_end(t, tool, guest, proxy)
            with t.case("--timeout: QEMU does not answer in time"):
                timed_out(t, tool, guest, proxy)
        with t.case("half a command does not keep QEMU from going on"):
            half_a_command(guest)
        with t.case("--copy-first: the guest runs while the dump is written"):
            copied_first(t, tool, guest)
        with t.case("--keep-paused leaves the guest standing still"):
            kept_paused(t, tool, guest)
        with t.case("guestcore resume, when nobody is left who would"):
            resumed_by_hand(t, tool, guest)
        with t.case("guestcore resume leaves a guest alone that was not paused"):
            left_alone(t, tool)
        with t.case("--no-pause lets the guest run, and says what that means"):
            not_paused(t, tool, guest)
        with t.case("no child is left behind"):
            assert not orphans_named("guestcore-cont")


def killed_in_the_middle(t, tool, guest):
    folder = fresh(t)
    with frozen_in_the_middle(tool, guest, folder, "elf") as process:
        process.kill()
        process.wait(timeout=TIMEOUT)
        runs_again(guest)
    nothing_in(folder)


def ended_at(t, tool, guest, proxy, step, number):
    """A signal comes while an answer is waited for."""
    folder = fresh(t)
    proxy.forget()
    proxy.silent.add(step if step != "human-monitor-command"
                     else ("hmp", "info mtree -f"))
    with tool.started(*through(proxy, guest, folder)) as process:
        proxy.wait_heard(step)
        process.send_signal(number)
        _, stderr = process.communicate(timeout=PATIENCE)
    if number != signal.SIGKILL:
        assert process.returncode == 1, process.returncode
        in_one_line(stderr, "no dump was made: Terminated")
    runs_again(guest)
    nothing_in(folder)


def cut_off_at(t, tool, guest, proxy, step):
    folder = fresh(t)
    proxy.forget()
    proxy.hang_up.add(step)
    done = tool.run(*through(proxy, guest, folder))
    assert done.returncode == 1, done
    in_one_line(done.stderr, f"{step}: QEMU closed the connection")
    runs_again(guest)
    nothing_in(folder)


def cut_off_at_the_end(t, tool, guest, proxy):
    """The dump is there, so it counts."""
    folder = fresh(t)
    proxy.forget()
    proxy.hang_up.add("cont")
    done = tool.run(*through(proxy, guest, folder))
    assert done.returncode == 0 and done.stderr == "", done
    assert proxy.commands.count("cont") == 2, proxy.commands
    runs_again(guest)
    (folder / "dump").unlink()


def timed_out(t, tool, guest, proxy):
    folder = fresh(t)
    proxy.forget()
    proxy.silent.add("query-memdev")
    start = time.monotonic()
    done = tool.run(*through(proxy, guest, folder), "--timeout", 2)
    assert done.returncode == 1, done
    assert 1.5 <= time.monotonic() - start < PATIENCE
    in_one_line(done.stderr, "no dump was made: it was not complete after 2 s")
    runs_again(guest)
    nothing_in(folder)


def half_a_command(guest):
    """What the child does, after a parent that died in the middle of a word."""
    qmp = Qmp(guest.socket)
    try:
        qmp.command("stop")
        qmp.send_raw(b'{"execute": "query-st')
        qmp.send_raw(b'\xff\n{"execute": "cont"}\n')
        runs_again(guest)
    finally:
        qmp.close()


def copied_first(t, tool, guest):
    folder = fresh(t)
    arguments = dump_arguments(guest.socket, folder / "dump", "kdump-raw-zlib")
    with tool.started(*arguments, "--copy-first") as process:
        assert freeze(process), "it was not caught in the middle"
        runs_again(guest)
        process.send_signal(signal.SIGCONT)
        _, stderr = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0 and stderr == "", stderr
    (folder / "dump").unlink()


def kept_paused(t, tool, guest):
    path = tool.dump(guest, t.folder / "kept", "elf", "--keep-paused")
    assert not guest.running()
    guest.cont()
    runs_again(guest)
    path.unlink()
    done = tool.run(*dump_arguments(guest.socket, t.folder / "absent/dump"),
                    "--keep-paused")
    assert done.returncode == 1
    runs_again(guest)


def resumed_by_hand(t, tool, guest):
    """The child that resumes the guest is killed, and then its parent."""
    folder = fresh(t)
    with frozen_in_the_middle(tool, guest, folder, "elf") as process:
        child, = children(process.pid)
        os.kill(child, signal.SIGKILL)
        process.kill()
        process.wait(timeout=TIMEOUT)
    assert not guest.running()
    said = resume(tool, guest.socket)
    assert said == f"{guest.socket}: the guest stood still (paused) and runs again\n"
    runs_again(guest)
    assert resume(tool, guest.socket).endswith("the guest runs already\n")
    assert resume(tool, guest.socket, "--quiet") == ""


def resume(tool, socket, *options):
    done = tool.run("resume", "--qmp", socket, *options)
    assert done.returncode == 0 and done.stderr == "", done
    return done.stdout


def left_alone(t, tool):
    """QEMU without a guest: what it is told to do at its start is at hand."""
    for option, sentence in ((("-S",), "it was never started (prelaunch)"),
                             (("-incoming", "defer"),
                              "it waits for an incoming migration (inmigrate)")):
        with bare_qemu(t.folder / "bare.qmp", *option) as qmp:
            done = tool.run("resume", "--qmp", t.folder / "bare.qmp")
            assert done.returncode == 1, done
            in_one_line(done.stderr, f"the guest was not paused, so it is left "
                        f"as it is: {sentence}")
            assert not qmp.command("query-status")["running"]
            if option == ("-S",):
                said = resume(tool, t.folder / "bare.qmp", "--force")
                assert said.endswith("(prelaunch) and runs again\n"), said
                assert qmp.command("query-status")["running"]


@contextmanager
def bare_qemu(socket, *options):
    """A QEMU with nothing in it, and our own connection to it."""
    own = socket.with_suffix(".own")
    with subprocess.Popen(
            [QEMU, "-M", "none", "-nodefaults", "-display", "none", *options,
             "-qmp", f"unix:{socket},server=on,wait=off",
             "-qmp", f"unix:{own},server=on,wait=off"],
            stdin=subprocess.DEVNULL, env=environment()) as process:
        try:
            qmp = Qmp(own)
            yield qmp
            qmp.close()
        finally:
            process.kill()


def children(pid):
    """The processes that a process has started."""
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text(encoding="ascii").split()]


def not_paused(t, tool, guest):
    guest.qmp.drain_events()
    done = tool.run(*dump_arguments(guest.socket, t.folder / "live"),
                    "--no-pause", "--json")
    assert done.returncode == 0, done
    in_one_line(done.stderr, "the dump is not consistent")
    report = json.loads(done.stdout)
    assert report["pause-seconds"] == 0, report
    assert report["warnings"], report
    # QEMU stops the guest for the registers, by itself and for a moment.
    names = [event["event"] for event in guest.qmp.drain_events()]
    assert names.count("STOP") <= 1, names
    runs_again(guest)
    (t.folder / "live").unlink()


def through(proxy, guest, folder):
    return [*dump_arguments(proxy.path, folder / "dump"), "--pid", guest.pid]


def runs_again(guest):
    deadline = time.monotonic() + PATIENCE
    while not guest.running():
        assert time.monotonic() < deadline, "the guest stands still"
        time.sleep(0.02)
    guest.wait_tick()


def in_one_line(stderr, words):
    assert stderr.startswith("guestcore: ") and stderr.count("\n") == 1, stderr
    assert words in stderr, stderr


def orphans_named(name):
    """Processes whose parent is gone; other tests have some with parents."""
    deadline = time.monotonic() + PATIENCE
    while True:
        left = [path for path in Path("/proc").glob("[0-9]*/status")
                if is_orphan(read(path), name)]
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.1)


def is_orphan(status, name):
    parent = re.search(r"^PPid:\s+(\d+)", status, re.M)
    return (status.startswith(f"Name:\t{name}\n") and parent
            and read(Path(f"/proc/{parent.group(1)}/comm")).strip()
            != "guestcore")


def read(path):
    try:
        return path.read_text(errors="replace")
    except OSError:  # it has just ended
        return ""


def fresh(t):
    folder = t.folder / "out"
    folder.mkdir(exist_ok=True)
    return folder


def nothing_in(folder):
    left = sorted(folder.rglob("*"))
    assert not left, f"left behind: {left}"


run(test, __doc__)
