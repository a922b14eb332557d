#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A guest on KVM that does ten thousand things to the fw_cfg device that no
driver would do: the machine lives, answers and can be dumped and reset."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from bare import Bare, add_arguments, need_kvm
from check import run
from dumpqmp import open_dump

OPERATIONS = 10000
TIMEOUT = 120


def check_alive(guest):
    """The machine does what it always does."""
    assert guest.qmp.command("query-status")["status"] == "running"
    state = guest.qmp.command("x-query-vmcoreinfo")
    assert "present" in state, state
    path = guest.path / "vmcore"
    guest.qmp.command("dump-guest-memory",
                      {"paging": False, "protocol": f"file:{path}"})
    with open_dump(path) as dump:
        assert dump.cpu_notes(), dump.notes


def wait_done(guest, total):
    done = guest.wait(r"(\w+) operations, signature (.*)\n", TIMEOUT)
    assert int(done[1], 16) == total, done
    assert done[2] == "51 45 4d 55", done


def hostile(t, seed, cpus):
    with Bare(t, "hostile", append=f"operations={OPERATIONS} seed={seed}",
              cpus=cpus) as guest:
        wait_done(guest, cpus * OPERATIONS)
        check_alive(guest)
        resets = guest.serial().count("boot ") - 1
        t.note(f"seed {seed}, {cpus} CPUs: the guest reset itself "
               f"{resets} times")
        guest.qmp.command("quit")
        got = guest.end()
        assert got == (0, ""), got


def stopped_again_and_again(t):
    """Accesses are completed or not begun, whenever it is stopped."""
    with Bare(t, "hostile", append=f"operations={OPERATIONS // 2} seed=3",
              cpus=2) as guest:
        for _ in range(300):
            guest.qmp.command("stop")
            guest.registers(1)
            guest.qmp.command("cont")
        wait_done(guest, OPERATIONS)
        check_alive(guest)


def end_of_page_tables(t):
    with Bare(t, "hostile", append="operations=10 end=1") as guest:
        for _ in range(3):
            event = guest.qmp.wait_event("RESET")
            assert event["data"]["guest"], event
        guest.qmp.command("stop")
        guest.qmp.command("quit")
        assert guest.end() == (0, "")


def test(t):
    need_kvm()
    for seed, cpus in ((1, 1), (2, 2)):
        with t.case(f"seed {seed}, {cpus} CPUs: {OPERATIONS} operations each"):
            hostile(t, seed, cpus)
    with t.case("the same while it is stopped and resumed"):
        stopped_again_and_again(t)
    with t.case("page tables written over by the device: the guest restarts"):
        end_of_page_tables(t)


run(test, __doc__, add_arguments)
