# SPDX-License-Identifier: MIT
"""A guest that tells the vmcoreinfo device of its note, over qtest, on a PC."""

BLOB = 0x8000
DESCRIPTOR = 0x8100
WRITE_SELECT = 0x18


def make_note(text):
    """A VMCOREINFO note as Linux makes it."""
    data = text.encode()
    data += bytes(-len(data) % 4)
    return (b"".join(n.to_bytes(4, "little") for n in (11, len(text), 0))
            + b"VMCOREINFO\0\0" + data)


def find_key(qtest, name):
    """The selector of a fw_cfg file."""
    def take(n):
        return bytes(int(qtest.ask("inb 0x511")[3:], 16) for _ in range(n))
    qtest.ask("outw 0x510 0x19")
    for _ in range(int.from_bytes(take(4), "big")):
        entry = take(64)
        if entry[8:].rstrip(b"\0") == name:
            return int.from_bytes(entry[4:6], "big")
    raise LookupError(name)


def write_file(qtest, guest_format, size, paddr):
    """What Linux does: one DMA write of 16 bytes, host_format 0."""
    write_bytes(qtest, b"\0\0" + guest_format.to_bytes(2, "little")
                + size.to_bytes(4, "little") + paddr.to_bytes(8, "little"))


def write_bytes(qtest, blob):
    """One DMA write from the start of the file, of any length."""
    control = find_key(qtest, b"etc/vmcoreinfo") << 16 | WRITE_SELECT
    descriptor = (control.to_bytes(4, "big") + len(blob).to_bytes(4, "big")
                  + BLOB.to_bytes(8, "big"))
    qtest.ask(f"write {BLOB:#x} {len(blob)} 0x{blob.hex()}")
    qtest.ask(f"write {DESCRIPTOR:#x} 16 0x{descriptor.hex()}")
    swapped = int.from_bytes(DESCRIPTOR.to_bytes(4, "big"), "little")
    qtest.ask(f"outl 0x518 {swapped:#x}")
    done = qtest.ask(f"read {DESCRIPTOR:#x} 4")
    assert done == "OK 0x00000000", done
