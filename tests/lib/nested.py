# SPDX-License-Identifier: MIT
"""Our own machine under a stock kernel, on every host: QEMU emulates a CPU that
can run guests (L1), and our program runs a guest in it (L2).

    with L1(image, program) as l1:
        with l1.machine("-device", "pvpanic", memory="256M") as machine:
            machine.qmp       # the monitor of our program
            machine.run("…")  # a command in its guest

What the test and L1 exchange lies in a folder that both see.  L1's shell, the
monitor and both serial ports of our program are virtio ports of L1, which are
sockets here.
"""

import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from foreign import environment
from guest import QEMU, GuestError, die_with_parent
from qmp import Qmp, QmpError, connect

SHARE = "/share"  # where the folder is in L1
PORTS = ("shell", "qmp", "com1", "com2")
L1_READY = "guestcore-l1 ready"
L2_READY = "guestcore-guest ready"
NAME = "guestcore-system-x86_64"


class Wire:
    """A socket whose bytes are collected as they come."""

    def __init__(self, path):
        self._socket = connect(path, time.monotonic() + 10)
        self._data = bytearray()
        self._thread = threading.Thread(target=self._collect, daemon=True)
        self._thread.start()

    def close(self):
        """Ends the connection."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def send(self, text):
        """Types it."""
        self._socket.sendall(text.encode())

    def text(self):
        """What has come so far."""
        return bytes(self._data).decode(errors="replace").replace("\r", "")

    def wait(self, pattern, start=0, timeout=120):
        """The first match from `start` on in the lines that have come whole."""
        deadline = time.monotonic() + timeout
        while True:
            text = self.text()
            lines = text[:text.rfind("\n") + 1]
            found = re.compile(pattern, re.M).search(lines, start)
            if found:
                return found
            if time.monotonic() > deadline:
                words = "\n".join(self.text().splitlines()[-40:])
                raise GuestError(f"no '{pattern}' in {timeout} s:\n{words}")
            time.sleep(0.05)

    def _collect(self):
        try:
            while data := self._socket.recv(65536):
                self._data += data
        except ConnectionError:
            pass  # the other end was killed


class L1:
    """A guest that can run guests, as a context manager."""

    def __init__(self, image, program, memory="2G", smp=2, timeout=300):
        self.image = Path(image)
        self.program = Path(program)
        self.memory = memory
        self.smp = smp
        self.timeout = timeout
        self.wires = {}
        self._process = None
        self._folder = None

    def __enter__(self):
        self._folder = Path(tempfile.mkdtemp(prefix="guestcore-l1-"))
        try:
            self._fill_share()
            self._boot()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self._process:
            self._process.kill()
            self._process.wait()
        for wire in self.wires.values():
            wire.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def share(self):
        """The folder that L1 has as /share."""
        return self._folder / "share"

    def console(self):
        """All that L1's kernel and init have printed."""
        path = self._folder / "console"
        return path.read_text(errors="replace") if path.exists() else ""

    def shell(self, command, timeout=120):
        """Runs a command in L1 and returns what it prints."""
        wire = self.wires["shell"]
        start = len(wire.text())
        wire.send(f"{command}\necho guestcore-l1 status $?\n")
        found = wire.wait(r"^guestcore-l1 status (\d+)$", start, timeout)
        said = wire.text()[start:found.start()]
        if found[1] != "0":
            raise GuestError(f"{command}: status {found[1]}: {said}")
        return said

    def machine(self, *arguments, **options):
        """Our program in L1; see Machine."""
        return Machine(self, arguments, **options)

    def socket(self, port):
        """The host's end of a virtio port."""
        return self._folder / port

    def _fill_share(self):
        """The program and the libraries that it is linked with."""
        (self.share / "lib").mkdir(parents=True)
        shutil.copy(self.program, self.share / NAME)
        done = subprocess.run(["ldd", str(self.program)], check=True, text=True,
                              stdout=subprocess.PIPE, env=environment())
        for path in re.findall(r"(/\S+) \(0x", done.stdout):
            shutil.copy(path, self.share / "lib")
        for name in ("vmlinuz", "initramfs"):
            shutil.copy(self.image / name, self.share)

    def _command_line(self):
        ports = []
        for port in PORTS:
            path = self.socket(port)
            ports += ["-chardev", f"socket,id={port},path={path},server=on,"
                      "wait=off", "-device",
                      f"virtserialport,chardev={port},name={port}"]
        return [
            QEMU, "-accel", "tcg,thread=multi", "-cpu", "max",
            "-smp", str(self.smp), "-m", self.memory, "-nodefaults",
            "-display", "none", "-no-reboot",
            "-serial", f"file:{self._folder / 'console'}",
            "-virtfs", f"local,path={self.share},mount_tag=share,"
            "security_model=none,id=share",
            "-device", "virtio-serial-pci", *ports,
            "-kernel", str(self.image / "vmlinuz"),
            "-initrd", str(self.image / "l1"),
            "-append", "console=ttyS0 panic=-1 mitigations=off",
        ]

    def _boot(self):
        with open(self._folder / "stderr", "wb") as stderr:
            self._process = subprocess.Popen(
                self._command_line(), stdin=subprocess.DEVNULL, stdout=stderr,
                stderr=stderr, env=environment(), preexec_fn=die_with_parent)
        # A port that the host is not connected to is at its end for the guest.
        self.wires["shell"] = Wire(self.socket("shell"))
        deadline = time.monotonic() + self.timeout
        while L1_READY not in self.console():
            if self._process.poll() is not None:
                words = (self._folder / "stderr").read_text(errors="replace")
                raise GuestError(f"QEMU ended: {words}\n{self.console()}")
            if time.monotonic() > deadline:
                raise GuestError(f"not ready:\n{self.console()[-4000:]}")
            time.sleep(0.1)


class Machine:
    """Our program in L1 with a guest, as a context manager.

    qmp   its monitor
    com1  its guest's console: what the kernel says
    com2  what the guest's init says
    """

    def __init__(self, l1, arguments, memory="256M", smp=1, kernel="vmlinuz",
                 append=""):
        self.l1 = l1
        self.qmp = None
        self.com1 = self.com2 = None
        self._append = append
        self._command = [
            f"{SHARE}/{NAME}", "-accel", "kvm", "-m", memory, "-smp", str(smp),
            "-device", "vmcoreinfo",
            "-kernel", f"{SHARE}/{kernel}", "-initrd", f"{SHARE}/initramfs",
            "-qmp", "pipe:/dev/virtio-ports/qmp",
            "-serial", "pipe:/dev/virtio-ports/com1",
            "-serial", "pipe:/dev/virtio-ports/com2",
            *arguments]

    def __enter__(self):
        self.com1 = Wire(self.l1.socket("com1"))
        self.com2 = Wire(self.l1.socket("com2"))
        try:
            self.qmp = Qmp(self.l1.socket("qmp"), timeout=120,
                           connected=self._start)
        except QmpError as error:
            self.__exit__()
            why = (self.l1.share / "stderr").read_text(errors="replace")
            raise GuestError(f"{error}: {why}") from error
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.l1.shell("kill $! 2>/dev/null; wait $!; true")
        if self.qmp:
            self.qmp.close()
        self.com1.close()
        self.com2.close()

    def wait_end(self):
        """Waits for the end of our program: its status and what it printed."""
        said = self.l1.shell(f"wait $!; echo status $?; cat {SHARE}/stderr")
        status, _, text = said.partition("\n")
        return int(status.split()[1]), text

    def wait_ready(self, start=0, timeout=300):
        """Waits until the guest's init has said that it is there; `start` is
        where in its words to begin.  Where they end then."""
        return self.com2.wait(f"^{L2_READY}$", start, timeout).end()

    def said(self, key, start=0):
        """What stands behind "guestcore-guest KEY"."""
        return self.com2.wait(rf"^guestcore-guest {key} (.*)$", start)[1]

    def run(self, command, timeout=120):
        """Runs a command in the guest; what it prints."""
        start = len(self.com2.text())
        self.com2.send(f"{command}\necho guestcore-guest did it\n")
        found = self.com2.wait("^guestcore-guest did it$", start, timeout)
        return self.com2.text()[start:found.start()]

    def _start(self):
        append = f"console=ttyS0 panic=-1 guestcore.shell=1 {self._append}"
        self.l1.shell(f"{' '.join(self._command)} -append '{append}' "
                      f"</dev/null >{SHARE}/stderr 2>&1 &")
