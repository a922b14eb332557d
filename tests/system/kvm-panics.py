#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A guest that KVM runs says that it has panicked, and what -action and
-dump-on-panic ask for follows, with the guest as it was at that moment."""

import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from bare import Bare, add_arguments, need_kvm
from check import run
from dumpqmp import open_dump

PAGE = 4096
PAGES = 256
FIRST = 0x1000000


def start(t, *options):
    return Bare(t, "sweep", "-S", "-device", "pvpanic", *options,
                append=f"pages={PAGES} panic=1", memory=64)


def check_counts(path):
    """All pages as they were when the guest had panicked."""
    with open_dump(path) as dump:
        data = dump.read(FIRST, PAGES * PAGE)
    counts = [struct.unpack_from("<Q", data, at)[0]
              for at in range(0, len(data), PAGE)]
    assert counts == [PAGES, *range(1, PAGES)], counts


def test(t):
    need_kvm()
    with t.case("panic=pause: the guest stands where it panicked"), \
            start(t, "-action", "panic=pause") as guest:
        guest.qmp.command("cont")
        event = guest.qmp.wait_event("GUEST_PANICKED")
        assert event["data"] == {"action": "pause"}, event
        guest.qmp.wait_event("STOP")
        state = guest.qmp.command("query-status")["status"]
        assert state == "guest-panicked", state
        assert guest.words(FIRST, 1) == [PAGES]
        guest.qmp.command("cont")
        while guest.words(FIRST, 1) == [PAGES]:
            pass
    with t.case("panic=shutdown: the program ends"), \
            start(t, "-action", "panic=shutdown") as guest:
        guest.qmp.command("cont")
        event = guest.qmp.wait_event("SHUTDOWN")
        assert event["data"]["reason"] == "guest-panic", event
        assert guest.end()[0] == 0
    with t.case("a dump, a reset, a dump under another name"), \
            start(t, "-action", "reboot=reset", "-dump-on-panic",
                  f"{t.folder}/vmcore,format=kdump-raw-zlib,then=reset") \
            as guest:
        guest.qmp.command("cont")
        for name in ("vmcore", "vmcore.1"):
            data = guest.qmp.wait_event("DUMP_COMPLETED")["data"]
            assert data["result"]["status"] == "completed", data
            assert data["x-file"] == str(t.folder / name), data
            event = guest.qmp.wait_event("RESET")
            assert event["data"]["reason"] == "guest-panic", event
            check_counts(t.folder / name)
        guest.qmp.command("quit")


run(test, __doc__, add_arguments)
