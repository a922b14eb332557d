#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""iasl decompiles the ACPI tables of both x86 machines and compiles them again
without a warning; they describe the machine's CPUs and devices.

  acpi_tables.py ACPI_DUMP
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SKIP = 77
MACHINES = {"pc": ("1", "4", "255"), "q35": ("2", "288")}


def iasl(folder, *arguments):
    """What iasl says; a warning fails."""
    done = subprocess.run(["iasl", *arguments], cwd=folder, check=False,
                          capture_output=True, text=True, timeout=60)
    text = done.stdout + done.stderr
    assert done.returncode == 0, text
    assert not re.search(r"warning|error(?!s, 0 w)", re.sub(
        r"Compilation successful\. 0 Errors, 0 Warnings", "", text),
        re.I), text
    return text


def decompile(folder, name):
    iasl(folder, "-d", f"{name}.dat")
    return (folder / f"{name}.dsl").read_text()


def field(text, name):
    """The values of a field of a data table, as iasl names it."""
    return re.findall(rf"{re.escape(name)} : (\S+)", text)


def check_fadt(text):
    assert field(text, "Hardware Reduced (V5)") == ["1"], text
    # The button is a device, and not a bit of the fixed registers.
    assert field(text, "Control Method Power Button (V1)") == ["1"], text
    assert field(text, "Reset Register Supported (V2)") == ["1"], text
    assert field(text, "VGA Not Present (V4)") == ["1"], text
    assert field(text, "CMOS RTC Not Present (V5)") == ["1"], text
    registers = re.findall(
        r"(Reset|Sleep Control|Sleep Status) Register : .*?"
        r"Space ID : (\w+).*?Bit Width : (\w+).*?Address : (\w+)", text, re.S)
    assert registers == [
        ("Reset", "01", "08", "0000000000000064"),
        ("Sleep Control", "01", "08", "0000000000000600"),
        ("Sleep Status", "01", "08", "0000000000000601"),
    ], registers
    assert field(text, "Value to cause reset") == ["FE"], text


def check_madt(text, cpus):
    local = field(text, "Local Apic ID")
    extended = field(text, "Processor x2Apic ID")
    ids = [int(value, 16) for value in local + extended]
    assert len(set(ids)) == len(ids) == cpus, ids
    assert all(value < 255 for value in ids[:len(local)]), ids
    assert field(text, "Local Apic Address") == ["FEE00000"], text
    assert re.search(r"\[I/O APIC\].*?Address : FEC00000\n.*?Interrupt : "
                     r"00000000", text, re.S), text


def check_dsdt(text):
    assert re.search(r"Name \(\\_S5, Package \(0x04\).*?0x05", text, re.S)
    device = re.search(r"Device \(FWCF\)\s*\{(.*?)\n        \}", text, re.S)[1]
    assert '"QEMU0002"' in device, device
    assert re.search(r"Name \(_STA, 0x0B\)", device), device
    assert re.search(r"IO \(Decode16,\s+0x0510,.*0x0510,.*0x01,.*0x0C,",
                     device, re.S), device


def check_pvpanic(text):
    device = re.search(r"Device \(PEVT\)\s*\{(.*?)\n        \}", text, re.S)[1]
    assert '"QEMU0001"' in device, device
    assert re.search(r"Name \(_STA, 0x0B\)", device), device
    assert re.search(r"IO \(Decode16,\s+0x0505,.*0x0505,.*0x01,.*0x01,",
                     device, re.S), device


def check_serial(text, name, number, port, interrupt):
    device = re.search(r"Device \(%s\)\s*\{(.*?)\n        \}" % name, text,
                       re.S)[1]
    assert 'EisaId ("PNP0501")' in device, device
    assert re.search(rf"Name \(_UID, {number}\)", device), device
    assert re.search(rf"IO \(Decode16,\s+{port},.*{port},.*0x01,.*0x08,",
                     device, re.S), device
    assert re.search(r"Interrupt \(ResourceConsumer, Edge, ActiveHigh, "
                     rf"Exclusive.*\{{\s+{interrupt},", device, re.S), device


def check_power_button(text):
    button = re.search(r"Device \(PWRB\)\s*\{(.*?)\n        \}", text, re.S)[1]
    assert 'EisaId ("PNP0C0C")' in button, button
    device = re.search(r"Device \(GED\)\s*\{(.*?)\n        \}", text, re.S)[1]
    assert '"ACPI0013"' in device, device
    assert re.search(r"Interrupt \(ResourceConsumer, Edge, ActiveHigh, "
                     r"Exclusive.*\{\s+0x00000010,\s+\}", device, re.S), device
    assert re.search(r"Method \(_EVT, 1, .*If \(\(Arg0 == 0x10\)\)\s+\{\s+"
                     r"Notify \(PWRB, 0x80\)", device, re.S), device


def check_compiles(folder):
    """The code means what was written: compiled again, it is the same."""
    iasl(folder, "-oa", "-p", "again", "DSDT.dsl")
    ours = (folder / "DSDT.dat").read_bytes()[36:]
    again = (folder / "again.aml").read_bytes()[36:]
    assert ours == again, "iasl makes other code of it"


def check_machine(dump, folder, machine, cpus):
    subprocess.run([dump, str(folder), machine, cpus, "pvpanic"], check=True,
                   timeout=60)
    check_fadt(decompile(folder, "FACP"))
    check_madt(decompile(folder, "APIC"), int(cpus))
    decompile(folder, "XSDT")
    code = decompile(folder, "DSDT")
    check_dsdt(code)
    check_pvpanic(code)
    check_serial(code, "COM1", "One", "0x03F8", "0x00000004")
    check_serial(code, "COM2", "0x02", "0x02F8", "0x00000003")
    check_power_button(code)
    check_compiles(folder)


def main():
    if shutil.which("iasl") is None:
        print("iasl is not installed")
        return SKIP
    for machine, counts in MACHINES.items():
        for cpus in counts:
            with tempfile.TemporaryDirectory() as folder:
                check_machine(sys.argv[1], pathlib.Path(folder), machine, cpus)
    return 0


sys.exit(main())
