# SPDX-License-Identifier: MIT
"""The command guestcore-vmcoreinfo for gdb, on a running guestcore-system or
on its core: what the guest told the vmcoreinfo device, and the text of the
note that it points to.

gdb loads it by itself where `set auto-load` allows that; otherwise `source`
it.
"""

import struct

import gdb

STATE = "vmcoreinfo_realize::vmcoreinfo_state"
NAME = b"VMCOREINFO"
HEADER_SIZE = 12
MAX_SIZE = 1 << 20
FORMATS = {0: "none", 1: "ELF"}


class GuestMemory:
    """Guest memory, as the bus of the machine has it."""

    def __init__(self, bus):
        array = bus["ranges"].dereference()
        first = array["data"].cast(gdb.lookup_type("GcBusRange").pointer())
        self.ranges = [first[i] for i in range(int(array["len"]))]

    def read(self, paddr, size):
        """Exactly `size` bytes, or None if they are not one piece of memory."""
        for entry in self.ranges:
            offset = paddr - int(entry["start"])
            host = int(entry["host"])
            if host and 0 <= offset and offset + size <= int(entry["size"]):
                inferior = gdb.selected_inferior()
                return bytes(inferior.read_memory(host + offset, size))
        return None


def round_up(size):
    return (size + 3) & ~3


def find_text(memory, paddr, size):
    """The text of the note; a str that starts with "no note: " if there is
    none."""
    if not HEADER_SIZE <= size <= MAX_SIZE:
        return f"no note: its size {size} is impossible"
    header = memory.read(paddr, HEADER_SIZE)
    if header is None:
        return f"no note: {paddr:#x} is not guest memory"
    name_size, text_size, _ = struct.unpack("<III", header)
    total = HEADER_SIZE + round_up(name_size) + round_up(text_size)
    if total > size:
        return f"no note: its header wants {total} bytes of {size}"
    rest = memory.read(paddr + HEADER_SIZE, total - HEADER_SIZE)
    if rest is None:
        return "no note: it ends outside of guest memory"
    if rest[:name_size].rstrip(b"\0") != NAME:
        return "no note: it is not called " + NAME.decode()
    start = round_up(name_size)
    return rest[start:start + text_size].decode("ascii", "replace")


class GuestcoreVmcoreinfo(gdb.Command):
    """Shows the vmcoreinfo device of a guestcore machine, and its note."""

    def __init__(self):
        super().__init__("guestcore-vmcoreinfo", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        device = gdb.parse_and_eval(STATE)
        if int(device) == 0:
            print("there is no vmcoreinfo device")
            return
        fields = device["vmcoreinfo"]
        paddr, size = int(fields["paddr"]), int(fields["size"])
        guest_format = int(fields["guest_format"])
        present = bool(device["has_vmcoreinfo"])
        print(f"present: {'yes' if present else 'no'}")
        print(f"host format: {self.describe(int(fields['host_format']))}")
        print(f"guest format: {self.describe(guest_format)}")
        print(f"size: {size}")
        print(f"paddr: {paddr:#x}")
        if present and FORMATS.get(guest_format) == "ELF":
            bus = device["cfg"]["memory_opaque"].cast(
                gdb.lookup_type("GcBus").pointer())
            print(find_text(GuestMemory(bus), paddr, size).rstrip("\n"))

    @staticmethod
    def describe(number):
        return f"{number} ({FORMATS.get(number, 'unknown')})"


GuestcoreVmcoreinfo()
