#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What QEMU's libqtest does to start, greet and end the program that it
tests, step by step, in its order."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from check import run
from system import Lines, for_target

MACHINES = [("x86_64", "pc"), ("x86_64", "q35"), ("i386", "pc"),
            ("aarch64", "virt"), ("riscv64", "virt"), ("x86_64", "none")]


def listen(path):
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(str(path))
    sock.listen(1)
    sock.settimeout(20)
    return sock


class Libqtest:
    """One program under test, started as qtest_init() starts it."""

    def __init__(self, folder, program, extra, parent=True):
        name = folder / f"qtest-{os.getpid()}"
        paths = [Path(f"{name}.sock"), Path(f"{name}.qmp")]
        for path in paths:
            path.unlink(missing_ok=True)
        listeners = [listen(path) for path in paths]
        follow = "-run-with exit-with-parent=on " if parent else ""
        self.process = subprocess.Popen(
            ["/bin/sh", "-c",
             f"exec {program} -qtest unix:{paths[0]} -qtest-log /dev/null "
             f"-chardev socket,path={paths[1]},id=char0 "
             f"-mon chardev=char0,mode=control -display none -audio none "
             f"{follow}{extra} -accel qtest"], stdin=subprocess.DEVNULL)
        self.qtest = Lines(listeners[0].accept()[0])
        self.qmp = Lines(listeners[1].accept()[0])
        for sock, path in zip(listeners, paths):
            sock.close()
            path.unlink()
        self.endianness = self.qtest.ask("endianness")
        assert isinstance(self.qmp.json(), dict)
        assert "return" in self.command("qmp_capabilities")

    def command(self, name, arguments=None):
        request = {"execute": name}
        if arguments is not None:
            request["arguments"] = arguments
        self.qmp.send(json.dumps(request))
        while True:
            answer = self.qmp.json()
            if "event" not in answer:
                return answer

    def quit(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(30)
        self.qtest.close()
        self.qmp.close()
        return status


def lists(program, folder):
    """What its helpers ask of a second program without a machine."""
    child = Libqtest(folder, program, "-machine none")
    machines = child.command("query-machines")["return"]
    assert {"pc", "q35"} <= {m["name"] for m in machines}, machines
    types = child.command("qom-list-types",
                          {"implements": "device", "abstract": False})
    assert "vmcoreinfo" in {t["name"] for t in types["return"]}
    assert isinstance(child.command("query-cpu-definitions")["return"], list)
    assert child.quit() == 0


def reset(program, folder):
    child = Libqtest(folder, program, "-M pc")
    child.qmp.send('{"execute": "system_reset"}')
    got = [child.qmp.json(), child.qmp.json()]
    assert [m.get("event") for m in got] == ["RESET", None], got
    assert child.quit() == 0


def boot_pc(program, folder):
    """qtest_pc_boot(): the I/O APIC, and RAM's size from fw_cfg, by DMA with
    the low half of the address first."""
    child = Libqtest(folder, program, "-M pc -m 256")
    ask = child.qtest.ask
    assert ask("irq_intercept_in ioapic") == "OK"
    assert ask("outw 0x510 0x3") == "OK"
    size = [int(ask("inb 0x511")[3:], 16) for _ in range(8)]
    assert int.from_bytes(bytes(size), "little") == 256 << 20
    ask(f"write 0x100000 0x10 0x{0x0003000a:08x}{8:08x}{0x100100:016x}")
    ask(f"outl 0x518 {int.from_bytes((0x100000).to_bytes(4, 'big'), 'little'):#x}")
    ask("outl 0x514 0x0")
    assert ask("read 0x100000 4") == "OK 0x00000000"
    assert ask("readq 0x100100") == f"OK 0x{256 << 20:016x}"
    assert child.quit() == 0


def parent_dies(program, folder):
    """The program ends with who started it."""
    code = ("import sys; sys.path[:0] = %r; sys.argv = ['x']\n"
            "from pathlib import Path\n"
            "import importlib.util as u\n"
            "import os\n"
            "s = u.spec_from_file_location('t', %r)\n"
            "os.environ['ONLY_IMPORT'] = '1'\n"
            "m = u.module_from_spec(s); s.loader.exec_module(m)\n"
            "c = m.Libqtest(Path(%r), %r, '-M pc')\n"
            "print(c.process.pid, flush=True); os._exit(0)\n") % (
                sys.path[:1], os.path.abspath(__file__), str(folder), program)
    out = subprocess.run([sys.executable, "-c", code], capture_output=True,
                         timeout=60, check=True).stdout
    deadline = time.monotonic() + 10
    while os.path.exists(f"/proc/{int(out)}/exe"):
        state = Path(f"/proc/{int(out)}/stat").read_text().rsplit(")", 1)[1]
        if state.split()[0] == "Z":
            break
        assert time.monotonic() < deadline, "it is still there"
        time.sleep(0.05)


def test(t):
    for target, machine in MACHINES:
        with t.case(f"{target}, {machine}: start, greet, SIGTERM, status 0"):
            child = Libqtest(t.folder, for_target(t.tool, target),
                             f"-M {machine}")
            assert child.endianness == "OK little"
            status = child.quit()
            assert status == 0, status
    with t.case("lists of machines and types from -machine none"):
        lists(t.tool, t.folder)
    with t.case("system_reset and its event"):
        reset(t.tool, t.folder)
    with t.case("what qtest_pc_boot asks"):
        boot_pc(t.tool, t.folder)
    with t.case("-run-with exit-with-parent=on"):
        parent_dies(t.tool, t.folder)


if "ONLY_IMPORT" not in os.environ:
    run(test, __doc__)
