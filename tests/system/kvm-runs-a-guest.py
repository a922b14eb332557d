#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""KVM runs a guest that announces its VMCOREINFO: dumps show its note and its
registers; it is stopped, resumed, reset by itself and by the monitor, ended."""

import os
import struct
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from bare import Bare, add_arguments, need_kvm
from check import run
from dumpqmp import open_dump
from qmp import QmpError
from system import run_once

PHYS_BASE = -0x100000
PLACES = r"rip (\w+), cr3 (\w+), counters (\w+)\ndone"
MAGIC = {"RAX": 0x0123456789abcdef, "RBX": 0xb0b0b0b0b0b0b0b0,
         "R8": 0x8888888888888888, "R12": 0x1212121212121212}
GS_BASE = 0xffff888000000000
KERNEL_GS_BASE = 0xffff999900000000
STANDSTILL = 3
TIMEOUT = 60

# Where registers are in NT_PRSTATUS and in the QEMU note.
PRSTATUS = {"R15": 112, "R12": 136, "RBX": 152, "R8": 184, "RAX": 192,
            "RIP": 240, "GS": 288}
QEMU = {"RAX": 8, "RBX": 16, "R8": 72, "R12": 104, "R15": 128, "RIP": 136,
        "CS_FLAGS": 160, "GS": 264, "GDT": 360, "CR0": 392, "CR3": 416,
        "CR4": 424, "KERNEL_GS_BASE": 432}


def places_of(guest):
    """(rip, cr3, counters) that the guest says, once it has done its part."""
    return [int(number, 16) for number in guest.wait(PLACES).groups()]


def query(guest):
    return guest.qmp.command("x-query-vmcoreinfo")


def status(guest):
    return guest.qmp.command("query-status")["status"]


def fields(note, places):
    """The registers of a note."""
    return {name: struct.unpack_from("<Q", note.desc, at)[0]
            for name, at in places.items()}


def check_cpu(number, prstatus, qemu, rip, cr3):
    """The notes of a CPU that halts."""
    expect = {**MAGIC, "R15": number, "RIP": rip, "GS": GS_BASE + number}
    got = fields(prstatus, PRSTATUS)
    assert got == {name: expect[name] for name in PRSTATUS}, got
    got = fields(qemu, QEMU)
    assert {name: got[name] for name in expect} == expect, got
    assert got["CR3"] == cr3, got
    assert got["CR0"] & 0x80000001 == 0x80000001, got
    assert got["CR4"] & 0x20, got
    assert got["KERNEL_GS_BASE"] == KERNEL_GS_BASE + number, got
    # Code of 64 bits, present.
    assert got["CS_FLAGS"] & 0x20ff00 in (0x209b00, 0x209a00), got
    assert got["GDT"] != 0, got


def check_dump(guest, name, cpus):
    rip, cr3, _ = places_of(guest)
    path = guest.path / "vmcore"
    guest.qmp.command("dump-guest-memory", {
        "paging": False, "protocol": f"file:{path}", "format": name})
    with open_dump(path) as dump:
        assert b"OSRELEASE=6.1.0-bare\n" in dump.vmcoreinfo()
        assert len(dump.cpu_notes()) == cpus, dump.notes
        assert len(dump.qemu_notes()) == cpus, dump.notes
        for number in range(cpus):
            check_cpu(number, dump.cpu_notes()[number],
                      dump.qemu_notes()[number], rip, cr3)
        if name != "elf":
            assert dump.sub_header.signed_phys_base() == PHYS_BASE
        # The kernel that runs is the one that was given.
        assert any(dump.read(0x100000, 4096))
    assert status(guest) == "running"


def wait_until(condition, what):
    """The first value that is one; a busy host takes its time."""
    deadline = time.monotonic() + TIMEOUT
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def wait_halted(guest, cpus):
    """Waits until all CPUs stand where they will; as places_of()."""
    places = places_of(guest)
    wait_until(lambda: all(guest.registers(cpu)["RIP"] == places[0]
                           for cpu in range(cpus)), "CPUs do not halt")
    return places


def wait_progress(guest, at, cpus):
    """Waits until all CPUs have counted on: how far they are."""
    before = guest.words(at, cpus)

    def progress():
        after = guest.words(at, cpus)
        return after if all(map(int.__lt__, before, after)) else None

    return wait_until(progress, f"CPUs do not count: {before}")


def halted(t, cpus):
    with Bare(t, "driver", cpus=cpus) as guest:
        with t.case(f"{cpus} CPUs: the note is announced"):
            rip, cr3, _ = wait_halted(guest, cpus)
            state = query(guest)
            assert state["usable"] and state["guest-format"] == 1, state
            assert status(guest) == "running"
        for name in ("elf", "kdump-raw-zlib"):
            with t.case(f"{cpus} CPUs: {name}: note and registers"):
                check_dump(guest, name, cpus)
        with t.case(f"{cpus} CPUs: info registers"):
            got = guest.registers(cpus - 1)
            expect = {**MAGIC, "R15": cpus - 1, "RIP": rip, "CR3": cr3}
            assert {name: got[name] for name in expect} == expect, got
            assert got["GS"][1] == GS_BASE + cpus - 1, got
        with t.case(f"{cpus} CPUs: each is a thread of the program"):
            threads = [cpu["thread-id"]
                       for cpu in guest.qmp.command("query-cpus-fast")]
            real = os.listdir(f"/proc/{guest.process.pid}/task")
            assert len(set(threads)) == cpus, threads
            assert {str(thread) for thread in threads} < set(real), real
            assert guest.process.pid not in threads
            assert guest.qmp.hmp("info cpus").count("thread_id=") == cpus


def idle_cpus(t):
    """Two CPUs that nobody starts."""
    with Bare(t, "driver", "-smp", "3", cpus=1) as guest:
        wait_halted(guest, 1)
        assert guest.registers(2)["RIP"] == 0xfff0, guest.registers(2)
        guest.qmp.command("quit")
        assert guest.end()[0] == 0


def stop_and_cont(t, cpus):
    with Bare(t, "driver", append="count=1", cpus=cpus) as guest:
        at = places_of(guest)[2]
        with t.case(f"{cpus} CPUs run, stop and go on"):
            wait_progress(guest, at, cpus)
            guest.qmp.command("stop")
            before = guest.words(at, cpus)
            rips = [guest.registers(cpu)["RIP"] for cpu in range(cpus)]
            time.sleep(0.3)
            assert guest.words(at, cpus) == before
            assert status(guest) == "paused"
            assert rips == [guest.registers(cpu)["RIP"]
                            for cpu in range(cpus)], rips
            guest.qmp.command("cont")
            wait_progress(guest, at, cpus)
        with t.case(f"{cpus} CPUs: stop and cont a hundred times"):
            for _ in range(100):
                guest.qmp.command("stop")
                guest.qmp.command("cont")
            names = [event["event"] for event in guest.qmp.drain_events()]
            assert names[-200:] == ["STOP", "RESUME"] * 100, names
        with t.case(f"{cpus} CPUs: quit while they run"):
            guest.qmp.command("quit")
            got = guest.end()
            assert got == (0, ""), got


def reset_by_monitor(t, cpus):
    with Bare(t, "driver", append="count=1", cpus=cpus) as guest:
        at = places_of(guest)[2]
        with t.case(f"{cpus} CPUs: system_reset withdraws, the guest repeats"):
            assert query(guest)["present"]
            guest.qmp.command("stop")
            guest.qmp.command("system_reset")
            event = guest.qmp.wait_event("RESET")
            assert event["data"] == {
                "guest": False, "reason": "host-qmp-system-reset"}, event
            assert not query(guest)["present"], query(guest)
            assert guest.registers(0)["RAX"] == 0
            guest.qmp.command("cont")
            guest.wait(r"boot 2\n(.*\n)*done")
            assert query(guest)["usable"], query(guest)
            wait_progress(guest, at, cpus)
        with t.case(f"{cpus} CPUs: twenty resets while they run"):
            for _ in range(20):
                guest.qmp.command("system_reset")
            guest.wait(r"boot \w+\n(.*\n)*done\n$")
            names = [event["event"] for event in guest.qmp.drain_events()]
            assert names.count("RESET") == 20, names
            guest.terminate()
            assert guest.end() == (0, "")


def reset_by_guest(t, cpus, append):
    with Bare(t, "driver", append=f"resets=3 {append}", cpus=cpus) as guest:
        for _ in range(3):
            event = guest.qmp.wait_event("RESET")
            assert event["data"] == {"guest": True,
                                     "reason": "guest-reset"}, event
        guest.wait(r"boot 4\n(.*\n)*done")
        assert guest.serial().count("vmcoreinfo of 10 bytes") == 4
        assert query(guest)["usable"]
        assert status(guest) == "running"


def no_reboot(t):
    with Bare(t, "driver", "-no-reboot", append="resets=1") as guest:
        event = guest.qmp.wait_event("SHUTDOWN")
        assert event["data"]["reason"] == "guest-reset", event
        assert guest.end() == (0, "")


def power_off(t):
    with Bare(t, "driver", append="off=1", cpus=2) as guest:
        event = guest.qmp.wait_event("SHUTDOWN")
        assert event["data"] == {"guest": True,
                                 "reason": "guest-shutdown"}, event
        assert guest.end() == (0, "")
    with Bare(t, "driver", "-no-shutdown", append="off=1") as guest:
        for _ in range(2):
            wait_until(lambda: status(guest) == "shutdown", "it is not off")
            assert query(guest)["usable"], query(guest)
            guest.qmp.command("system_reset")
            assert not query(guest)["present"], query(guest)
            guest.qmp.command("cont")
        guest.wait(r"boot 3\n")


def not_started(t):
    with Bare(t, "driver", "-S") as guest:
        assert status(guest) == "prelaunch"
        assert guest.registers(0)["RIP"] == 0x100200
        time.sleep(0.2)
        assert guest.serial() == ""
        guest.qmp.command("cont")
        places_of(guest)


def ends_on_signal(t):
    with Bare(t, "driver", append="count=1", cpus=2) as guest:
        places_of(guest)
        guest.terminate()
        event = guest.qmp.wait_event("SHUTDOWN")
        assert event["data"]["reason"] == "host-signal", event
        assert guest.end() == (0, "")


def topology(t):
    """CPUID and the APIC ids agree with -smp."""
    with Bare(t, "driver", "-smp", "6,sockets=1,cores=3,threads=2",
              cpus=6) as guest:
        at = wait_halted(guest, 6)[2] + 4096
        for cpu in range(6):
            words = guest.words(at + 32 * cpu, 4)
            ebx, eax0, ebx0, edx0, eax1, ebx1, edx1 = struct.unpack(
                "<7I", struct.pack("<4Q", *words)[:28])
            assert ebx >> 24 == cpu and ebx >> 16 & 0xff == 6, hex(ebx)
            if (eax0, ebx0, eax1, ebx1) != (0, 0, 0, 0):  # not all have it
                assert (eax0, ebx0, eax1, ebx1) == (1, 2, 3, 6), words
                assert edx0 == edx1 == cpu, words


def large_memory(t):
    """RAM below and above the hole."""
    with Bare(t, "driver", memory=5120, cpus=1) as guest:
        places_of(guest)
        assert query(guest)["usable"]
        path = guest.path / "vmcore"
        guest.qmp.command("dump-guest-memory", {
            "paging": False, "protocol": f"file:{path}"})
        with open_dump(path) as dump:
            assert dump.ram == [(0, 3 << 30), (4 << 30, 6 << 30)], dump.ram
            assert any(dump.read(0x100000, 4096))


def clock(t):
    """The guest's time stands still with it, and begins again with it."""
    with Bare(t, "driver", append="clock=1") as guest:
        at = places_of(guest)[2]
        guest.wait("clock")
        wait_until(lambda: guest.words(at, 1)[0] > 0.2e9, "the clock stands")
        guest.qmp.command("stop")
        before, flag = guest.words(at, 2)
        assert flag == 0 and before > 0.2e9, (before, flag)
        time.sleep(STANDSTILL)
        start = time.monotonic()
        guest.qmp.command("cont")
        wait_until(lambda: guest.words(at, 1)[0] > before, "the clock stands")
        guest.qmp.command("stop")
        after, flag = guest.words(at, 2)
        longest = (time.monotonic() - start + STANDSTILL / 2) * 1e9
        assert after - before < longest, (before, after)
        assert flag == 2, flag
        start = time.monotonic()
        guest.qmp.command("system_reset")
        guest.qmp.command("cont")
        guest.wait(r"boot 2\n(.*\n)*clock")
        again = wait_until(lambda: guest.words(at, 1)[0], "the clock stands")
        assert again < (time.monotonic() - start) * 1e9, again


def interrupts(t):
    with Bare(t, "driver", append="irq=1") as guest:
        guest.wait(r"3 interrupts\ndone")
        # A line that is up is down again.
        guest.qmp.command("system_reset")
        guest.wait(r"boot 2\n(.*\n)*3 interrupts\ndone")


def cannot_go_on(t):
    """A guest that KVM cannot run stops, and nothing else does."""
    with Bare(t, "hostile", append="operations=10 end=2") as guest:
        guest.qmp.wait_event("STOP")
        assert status(guest) == "internal-error"
        assert guest.registers(0)["RIP"] == 0xd0000000
        path = guest.path / "vmcore"
        guest.qmp.command("dump-guest-memory", {
            "paging": False, "protocol": f"file:{path}"})
        with open_dump(path) as dump:
            assert fields(dump.qemu_notes()[0], QEMU)["RIP"] == 0xd0000000
        try:
            guest.qmp.command("cont")
            raise AssertionError("it goes on")
        except QmpError as error:
            assert "required" in str(error), error
        guest.qmp.command("system_reset")
        guest.qmp.wait_event("RESET")
        guest.qmp.command("cont")
        guest.wait("boot 2, ")
        guest.qmp.wait_event("STOP")
        assert status(guest) == "internal-error"
        guest.qmp.command("quit")
        code, error = guest.end()
        assert code == 0 and len(error.splitlines()) == 2, (code, error)
        assert "CPU 0 cannot go on at 0xd0000000: " in error, error


def press(guest):
    """Presses the power button."""
    guest.qmp.command("system_powerdown")
    guest.qmp.wait_event("POWERDOWN")


def not_pressed(guest):
    """The guest waits for the button, and nothing has come."""
    guest.wait(r"button\n")
    time.sleep(0.3)
    assert guest.serial().endswith("button\n"), guest.serial()


def power_button(t):
    with Bare(t, "driver", "-S", append="button=1") as guest:
        with t.case("the power button before there is a guest is lost"):
            press(guest)
            guest.qmp.command("cont")
            not_pressed(guest)
        with t.case("the power button interrupts, once for each press"):
            for n in (1, 2):
                press(guest)
                guest.wait(rf"pressed {n}\n$")
        with t.case("presses while the guest stands still are one"):
            guest.qmp.command("stop")
            press(guest)
            press(guest)
            assert status(guest) == "paused"
            guest.qmp.command("cont")
            guest.wait(r"pressed 3\n$")
        with t.case("a reset forgets a press"):
            guest.qmp.command("stop")
            press(guest)
            guest.qmp.command("system_reset")
            guest.qmp.command("cont")
            guest.wait(r"boot 2\n")
            not_pressed(guest)
            press(guest)
            guest.wait(r"button\npressed 1\n$")


def unheard_button(t):
    """The guest does not listen, and then it is not there any more."""
    with Bare(t, "driver", "-no-shutdown") as guest:
        places_of(guest)
        press(guest)
        assert status(guest) == "running"
    with Bare(t, "driver", "-no-shutdown", append="off=1") as guest:
        wait_until(lambda: status(guest) == "shutdown", "it is not off")
        press(guest)
        assert status(guest) == "shutdown"


def error_of(t, *arguments, target="x86_64", **others):
    got = run_once(t.tool, *arguments, target=target, **others)
    assert got[0] == 1 and got[1] == "", got
    assert len(got[2].splitlines()) == 1, got
    return got[2]


def refusals(t):
    kernel = ["-kernel", str(t.options.bare / "driver")]
    with t.case("no kernel, nothing to boot"):
        error = error_of(t, "-accel", "kvm")
        assert "-kernel" in error, error
    for target in ("i386", "aarch64", "riscv64"):
        with t.case(f"KVM runs no {target} here"):
            error = error_of(t, "-accel", "kvm", *kernel, target=target)
            assert "-accel kvm: " in error and target in error, error
    with t.case("more CPUs than there can be"):
        error = error_of(t, "-M", "q35", "-accel", "kvm", "-smp", "256",
                         *kernel)
        assert "APIC id 255" in error, error


def test(t):
    need_kvm()
    refusals(t)
    for cpus in (1, 4):
        halted(t, cpus)
        stop_and_cont(t, cpus)
        reset_by_monitor(t, cpus)
        with t.case(f"{cpus} CPUs: the guest resets itself by a fault"):
            reset_by_guest(t, cpus, "")
    with t.case("the guest resets itself by a port"):
        reset_by_guest(t, 1, "port=1")
    with t.case("CPUs that the guest does not start wait"):
        idle_cpus(t)
    with t.case("-no-reboot: a reset by the guest is the end"):
        no_reboot(t)
    with t.case("the guest switches itself off"):
        power_off(t)
    with t.case("-S: nothing runs before cont"):
        not_started(t)
    with t.case("SIGTERM while CPUs run"):
        ends_on_signal(t)
    with t.case("CPUID says where a CPU is"):
        topology(t)
    with t.case("memory on both sides of the hole"):
        large_memory(t)
    with t.case("the guest's clock stands still with it"):
        clock(t)
    with t.case("the serial port interrupts"):
        interrupts(t)
    with t.case("a CPU that cannot go on: internal-error"):
        cannot_go_on(t)
    power_button(t)
    with t.case("a guest that does not listen to the power button"):
        unheard_button(t)


run(test, __doc__, add_arguments)
