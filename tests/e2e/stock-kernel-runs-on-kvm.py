#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Debian's stock kernel runs on our machine: it finds fw_cfg through ACPI and
announces its VMCOREINFO, again after each reset; dumps of it, running or in
panic, open in the real readers.  Its power button switches it off.  KASLR is on,
and KVM runs under QEMU."""

import lzma
import re
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import clients
from check import run
from elfcore import ElfCore
from kdump import Kdump
from kernellog import same_log
from nested import L1, SHARE

KERNEL_READY = "Run /init as init process"
PANIC = "Kernel panic - not syncing: sysrq triggered crash"
FW_CFG = "/sys/firmware/qemu_fw_cfg"
DUMP_TIMEOUT = 120
KEY_POWER = "116"  # of Linux

# The boot protocol of Linux: where in a bzImage its vmlinux is.
SETUP_SECTS = 0x1f1
PAYLOAD_OFFSET = 0x248


class Boots:
    """Where KASLR put the kernel, each time."""

    def __init__(self):
        self.places = []

    def note(self, t, dump):
        """Notes down what the kernel in a dump says."""
        base = int(dump.vmcoreinfo_value("NUMBER(phys_base)"))
        offset = dump.vmcoreinfo_value("KERNELOFFSET")
        t.note(f"phys_base {base & (1 << 64) - 1:#x}, offset 0x{offset}")
        self.places.append((base, offset))
        return base


def test(t):
    boots = Boots()
    with L1(t.image, t.tool) as l1:
        with l1.machine(memory="256M") as machine:
            small(t, l1, machine, boots)
        with l1.machine("-device", "pvpanic", "-dump-on-panic",
                        f"file={SHARE}/panic,format=kdump-raw-zlib,then=pause",
                        memory="4G", smp=4) as machine:
            large(t, l1, machine, boots)
        (l1.share / "vmlinux").write_bytes(vmlinux(l1.share / "vmlinuz"))
        with l1.machine(kernel="vmlinux") as machine:
            by_pvh(t, l1, machine)
    with t.case("five boots, five places"):
        assert len(set(boots.places)) == len(boots.places) == 5, boots.places
        assert len({base for base, _ in boots.places}) > 2, boots.places


def small(t, l1, machine, boots):
    """1 CPU, and little memory: dumped, and started again in both ways."""
    end = announced(t, "256 MiB, 1 CPU", machine, 0)
    with t.case("ELF: the readers open the running guest"):
        dump(machine, "elf", "elf")
        readers(l1.share / "elf", machine)
        (l1.share / "elf").unlink()
    with t.case("kdump: the readers open the running guest"):
        kdump_of_boot(t, l1, machine, boots)
    with t.case("system_reset: the note is withdrawn"):
        machine.qmp.command("system_reset")
        withdrawn(machine, "host-qmp-system-reset")
    end = announced(t, "after system_reset", machine, end)
    with t.case("phys_base after system_reset"):
        kdump_of_boot(t, l1, machine, boots)
    with t.case("a reboot from inside: the note is withdrawn"):
        machine.com2.send("reboot -f\n")
        withdrawn(machine, "guest-reset")
    announced(t, "after a reboot", machine, end)
    with t.case("phys_base after a reboot"):
        kdump_of_boot(t, l1, machine, boots)
    with t.case("the program ends when it is told to"):
        machine.qmp.command("quit")
        assert machine.wait_end() == (0, "")


def large(t, l1, machine, boots):
    """4 CPUs, and much memory on both sides of the hole: dumped while it runs,
    and by itself when it panics."""
    end = announced(t, "4 GiB, 4 CPUs", machine, 0)
    with t.case("4 CPUs are there"):
        assert machine.run("nproc").split() == ["4"]
        cpus = machine.qmp.command("query-cpus-fast")
        assert len(cpus) == 4, cpus
    with t.case("4 GiB are there"):
        total = re.search(r"MemTotal: +(\d+) kB", machine.run(
            "cat /proc/meminfo"))[1]
        assert 3800 << 10 < int(total) <= 4096 << 10, total
    with t.case("ELF: the readers open the running guest of 4 GiB"):
        dump(machine, "elf", "elf")
        with ElfCore(l1.share / "elf") as core:
            assert len(core.cpu_notes()) == len(core.qemu_notes()) == 4
            boots.note(t, core)
        readers(l1.share / "elf", machine)
        (l1.share / "elf").unlink()
    with t.case("a panic is told, and leaves a dump"):
        machine.com2.send("echo c >/proc/sysrq-trigger\n")
        machine.qmp.wait_event("GUEST_PANICKED")
        done = machine.qmp.wait_event("DUMP_COMPLETED", timeout=DUMP_TIMEOUT)
        assert "error" not in done["data"], done
        status = machine.qmp.command("query-status")["status"]
        assert status in ("guest-panicked", "paused"), status
    with t.case("the dump of the panic is complete; its log ends with it"):
        log = readers(l1.share / "panic", machine)
        # Behind the panic there is its own report, and no more.
        assert PANIC in log and log.rstrip().endswith("</TASK>"), log[-4000:]
        with Kdump(l1.share / "panic") as core:
            same_phys_base(core)
            assert len(core.cpu_notes()) == 4
    with t.case("a guest that has panicked is started again"):
        machine.qmp.command("system_reset")
        machine.qmp.command("cont")
        withdrawn(machine, "host-qmp-system-reset")
    announced(t, "after a panic", machine, end)
    with t.case("phys_base after a panic"):
        kdump_of_boot(t, l1, machine, boots)


def by_pvh(t, l1, machine):
    """A vmlinux, which starts at its PVH entry, until its power button is
    pressed."""
    announced(t, "vmlinux by PVH", machine, 0)
    with t.case("PVH: phys_base is the kernel's own"):
        dump(machine, "pvh", "kdump-raw-zlib")
        with Kdump(l1.share / "pvh") as core:
            same_phys_base(core)
        clients.makedumpfile_dmesg(l1.share / "pvh").demand()
        (l1.share / "pvh").unlink()
    with t.case("the power button is nothing to a guest without its driver"):
        machine.qmp.command("system_powerdown")
        machine.qmp.wait_event("POWERDOWN")
        assert ged_interrupts(machine) == 1
    with t.case("the power button: the guest switches itself off"):
        machine.com2.send("power_button\n")
        assert machine.said("waits for") == "Power Button"
        machine.qmp.command("system_powerdown")
        machine.qmp.wait_event("POWERDOWN")
        assert machine.said("key") == KEY_POWER
        event = machine.qmp.wait_event("SHUTDOWN")
        assert event["data"] == {"guest": True, "reason": "guest-shutdown"}
        assert machine.wait_end() == (0, "")


def ged_interrupts(machine):
    """How often the kernel's driver of the generic event device was called."""
    table = machine.run("cat /proc/interrupts")
    found = re.search(r"^ *\d+: +(\d+) +IO-APIC +16-edge +ACPI:Ged$", table,
                      re.M)
    assert found, table
    return int(found[1])


def announced(t, name, machine, start):
    """The guest that boots next announces its note.  Where what it says then
    ends."""
    end = machine.wait_ready(start)
    with t.case(f"{name}: the guest finds fw_cfg and announces its note"):
        machine.com1.wait(KERNEL_READY)
        assert machine.run(f"cat {FW_CFG}/rev").split() == ["3"]
        note = int(machine.said("note", start).split()[0], 16)
        # The host's format stays, whatever the driver writes there.
        wanted = struct.pack("<HHIQ", 1, 1, 4132, note).hex()
        raw = machine.run(
            f"od -An -v -tx1 {FW_CFG}/by_name/etc/vmcoreinfo/raw")
        assert "".join(raw.split()) == wanted, (raw, wanted)
        state = machine.qmp.command("x-query-vmcoreinfo")
        assert state["present"] and state["usable"], state
        assert state["paddr"] == note, state
    return end


def withdrawn(machine, reason):
    """The guest starts again, and has not announced anything."""
    event = machine.qmp.wait_event("RESET")
    assert event["data"]["reason"] == reason, event
    state = machine.qmp.command("x-query-vmcoreinfo")
    assert not state["present"], state


def dump(machine, name, form):
    """Dumps the guest into the folder that is shared."""
    machine.qmp.command("dump-guest-memory", {
        "paging": False, "protocol": f"file:{SHARE}/{name}", "format": form},
        timeout=DUMP_TIMEOUT)
    assert machine.qmp.command("query-status")["status"] == "running"


def readers(path, machine):
    """The readers open a dump; the kernel's log is that of the console."""
    release = machine.said("release")
    log = clients.makedumpfile_dmesg(path).demand()
    same_log(log, this_boot(machine.com1.text()))
    assert clients.crash_osrelease(path).demand() == release
    assert clients.drgn_release(path).demand() == release
    return log


def this_boot(console):
    """What the kernel that booted last has said."""
    return console[console.rindex("] Linux version"):].partition("\n")[2]


def kdump_of_boot(t, l1, machine, boots):
    """A dump whose header says where the kernel is."""
    path = l1.share / "kdump"
    dump(machine, path.name, "kdump-raw-zlib")
    with Kdump(path) as core:
        boots.note(t, core)
        same_phys_base(core)
    readers(path, machine)
    path.unlink()


def same_phys_base(core):
    """The header and the kernel agree on where the kernel is."""
    said = int(core.vmcoreinfo_value("NUMBER(phys_base)"))
    found = core.sub_header.signed_phys_base()
    assert found == said, f"the header has {found}, the kernel says {said}"


def vmlinux(path):
    """The ELF file in a bzImage, which is packed with xz."""
    image = path.read_bytes()
    start = (image[SETUP_SECTS] + 1) * 512
    offset, size = struct.unpack_from("<II", image, PAYLOAD_OFFSET)
    packed = image[start + offset:start + offset + size]
    return lzma.LZMADecompressor().decompress(packed)


run(test, __doc__)
