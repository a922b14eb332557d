#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A guest whose memory is elsewhere or hidden is refused, a wrong process and a
map that contradicts itself too, each in one clear sentence; and the guest runs
on."""

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from check import Skip, run
from guest import Guest
from proxy import Proxy
from qmp import QmpError
from tool import TIMEOUT, Tool, dump_arguments

NOBODY = 65534
MIB = 1 << 20
MEMORY = "512M"

REFUSED = {
    "postcopy migration": (
        "query-migrate", {"status": "postcopy-active"},
        "part of the guest's memory is on another host"),
    "migration": (
        "query-migrate", {"status": "active"},
        "the guest is being migrated (active)"),
    "an incoming migration": (
        "query-status", {"running": False, "status": "inmigrate"},
        "the guest has not arrived here yet"),
    "a confidential guest": (
        "qom-get", "/objects/sev0",
        "hidden from this host (confidential-guest-support is /objects/sev0)"),
    "an encrypted guest": (
        "query-sev", {"enabled": True}, "the guest's memory is encrypted"),
}
# (command, what it says, what is said of it, what it disagrees with)
MISMATCHES = {
    "too much memory in the sum": (
        "query-memory-size-summary", {"base-memory": 1024 * MIB},
        "info mtree -f shows", "query-memory-size-summary says 1073741824"),
    "another size of a block": (
        ("hmp", "info ramblock"),
        lambda text: text.replace("0x0000000020000000", "0x0000000010000000"),
        "info ramblock says 268435456 bytes", "query-memdev says 536870912"),
    "a block that is not listed": (
        ("hmp", "info ramblock"), lambda text: text.replace("pc.ram", "x.ram"),
        "pc.ram", "not in info ramblock"),
    "a smaller backend": (
        "query-memdev", [{"id": "pc.ram", "size": 16 * MIB}],
        "info mtree -f shows", "query-memdev says 16777216"),
    "a device where there is no memory": (
        "query-memory-devices",
        [{"type": "dimm", "data": {"id": "dimm0", "memdev": "/objects/m0",
                                   "addr": 1 << 32, "size": 16 * MIB}}],
        "query-memory-devices says that device dimm0", "info mtree -f does not"),
    "a device of no known kind": (
        "query-memory-devices", [{"type": 5, "data": {"id": 6, "memdev": "m0"}}],
        "query-memory-devices says that device without id", ""),
    "no map": (
        ("hmp", "info mtree -f"), "nothing\r\n",
        "info mtree -f shows no address space", ""),
    "an address that is not mapped": (
        ("hmp", "gpa2hva 0x0"), "No memory is mapped at address 0x0\r\n",
        "gpa2hva 0x0: QEMU answers", "No memory is mapped"),
    "no memory at all": (
        "query-memdev", [], "query-memdev names no memory", ""),
}


def test(t):
    tool = Tool(t.tool)
    with Guest(t.image, memory=MEMORY, random_mib=0, text_mib=0) as guest, \
            public_folder() as folder, \
            Proxy(guest.socket, folder / "proxy.qmp") as proxy:
        for name, (command, answer, sentence) in REFUSED.items():
            with t.case(f"{name} is refused"):
                proxy.forget()
                proxy.answers[command] = answer
                fails(t, tool, guest, proxy, sentence)
        with t.case("--force makes a warning of it"):
            forced(t, tool, guest, proxy)
        with t.case("a passed-through device is warned of"):
            warned(t, tool, guest, proxy)
        for name, (command, answer, *sentences) in MISMATCHES.items():
            with t.case(f"{name} is noticed"):
                proxy.forget()
                proxy.answers[command] = answer
                fails(t, tool, guest, proxy, *sentences)
        proxy.forget()
        with t.case("the process that made the socket is not QEMU"):
            fails(t, tool, guest, proxy, "which made the socket, is not this "
                  "QEMU", pid=())
        with t.case("--pid of another process"):
            fails(t, tool, guest, proxy, f"process {os.getpid()} is not this "
                  "QEMU", pid=("--pid", os.getpid()))
        with t.case("--pid of no process"):
            fails(t, tool, guest, proxy, "there is no process 4194303",
                  pid=("--pid", 4194303))
        with t.case("no permission to read the process"):
            not_permitted(t, tool, guest, proxy)
        with t.case("after all that a dump succeeds"):
            tool.dump(guest, t.folder / "dump", "elf")
        (t.folder / "dump").unlink()
        try:
            really_migrated(t, tool, guest)
        except Skip as reason:
            with t.case("a guest that is really migrated is refused"):
                raise reason


def fails(t, tool, guest, proxy, *sentences, pid=None):
    done = tool.run(*arguments(t, guest, proxy, pid))
    failed_saying(done, *sentences)
    lives_on(t, guest)


def failed_saying(done, *sentences):
    assert done.returncode == 1, done
    assert done.stderr.startswith("guestcore: "), done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    for sentence in sentences:
        assert sentence in done.stderr, done.stderr


def forced(t, tool, guest, proxy):
    proxy.forget()
    proxy.answers["query-migrate"] = {"status": "active"}
    done = tool.run(*arguments(t, guest, proxy), "--force")
    assert done.returncode == 0, done
    assert done.stderr.startswith("guestcore: warning: the guest is being"), done
    (t.folder / "dump").unlink()
    lives_on(t, guest)


def warned(t, tool, guest, proxy):
    proxy.forget()
    proxy.answers["qom-list"] = [{"name": "gpu", "type": "child<vfio-pci>"},
                                 {"name": "nic", "type": "child<e1000>"}]
    proxy.answers["hmp", "info network"] = "net0: index=0,type=vhost-vdpa\r\n"
    done = tool.run(*arguments(t, guest, proxy))
    (t.folder / "dump").unlink()
    assert done.returncode == 0, done
    assert "warning: device gpu (vfio-pci) is passed through" in done.stderr, done
    assert "nic" not in done.stderr, done
    assert "(vDPA)" in done.stderr, done


def not_permitted(t, tool, guest, proxy):
    if os.getuid():
        raise Skip("only root can be somebody else")
    binary = proxy.path.parent / "guestcore"
    shutil.copy(tool.path.resolve(), binary)
    library = tool.path.resolve().parents[2] / "libguestcore.so.0"
    shutil.copy(library, binary.parent)
    done = subprocess.run(
        [str(binary), *map(str, arguments(t, guest, proxy))], user=NOBODY,
        env=dict(os.environ, LD_LIBRARY_PATH=str(binary.parent)), text=True,
        stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT,
        check=False)
    failed_saying(done, f"the memory of process {guest.pid} may not be read: "
                  "run as root")
    lives_on(t, guest)


def really_migrated(t, tool, source):
    """Two QEMUs, and a guest that is slowly on its way from one to the other."""
    with Guest(t.image, memory=MEMORY, incoming=True) as target:
        migrate_slowly(source, target, t.folder / "migration")
        with t.case("a guest is really being migrated"):
            refused(t, tool, source, "the guest is being migrated (active)")
            refused(t, tool, target, "waits for an incoming migration")
        source.qmp.command("migrate-start-postcopy")
        for guest in (source, target):
            guest.wait_migration("postcopy-active")
        for name, guest in (("left half", source), ("arrived half", target)):
            with t.case(f"a guest that has really {name}"):
                refused(t, tool, guest, "part of the guest's memory is on another "
                        "host: it is in postcopy migration (postcopy-active)")
        with t.case("a guest that has left is not resumed"):
            done = tool.run("resume", "--qmp", source.socket)
            failed_saying(done, "the guest was not paused")
            assert not source.running() and target.running()


def migrate_slowly(source, target, socket):
    for guest in (source, target):
        try:
            guest.qmp.command("migrate-set-capabilities", {
                "capabilities": [{"capability": "postcopy-ram", "state": True}]})
        except QmpError as error:
            raise Skip(f"no postcopy migration: {error}") from error
    target.qmp.command("migrate-incoming", {"uri": f"unix:{socket}"})
    source.qmp.command("migrate-set-parameters", {
        "max-bandwidth": MIB, "max-postcopy-bandwidth": MIB // 8})
    source.qmp.command("migrate", {"uri": f"unix:{socket}"})
    source.wait_migration("active")


def refused(t, tool, guest, sentence):
    """Neither stopped nor resumed by the attempt."""
    runs = guest.running()
    guest.qmp.drain_events()
    failed_saying(tool.run(*dump_arguments(guest.socket, t.folder / "dump")),
                  sentence)
    assert guest.running() == runs
    names = [event["event"] for event in guest.qmp.drain_events()]
    assert not {"STOP", "RESUME"} & set(names), names
    assert not (t.folder / "dump").exists()


def arguments(t, guest, proxy, pid=None):
    return [*dump_arguments(proxy.path, t.folder / "dump"),
            *(("--pid", guest.pid) if pid is None else pid)]


def lives_on(t, guest):
    assert guest.running(), "the guest stands still"
    assert not (t.folder / "dump").exists()


@contextmanager
def public_folder():
    """A folder that other users may enter."""
    with tempfile.TemporaryDirectory(prefix="guestcore-public-") as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


run(test, __doc__)
