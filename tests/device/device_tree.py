#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""dtc reads the device tree of both virt machines without a warning, and the
fw-cfg node is what the bindings of Linux and edk2 ask for."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SKIP = 77
BASES = {"aarch64": 0x09020000, "riscv64": 0x10100000}
# as many as make clusters of their own, and trees that have to grow
SIZES = ("1", "17", "512")


def find_program(target):
    for folder in os.environ.get("GUESTCORE_BIN", "").split(":"):
        path = pathlib.Path(folder, f"guestcore-system-{target}")
        if os.access(path, os.X_OK):
            return str(path)
    return None


def dump(program, folder, cpus):
    blob = pathlib.Path(folder, "virt.dtb")
    subprocess.run(
        [program, "-machine", f"virt,dumpdtb={blob}", "-smp", cpus, "-m", "128",
         "-display", "none"],
        check=True, timeout=60, stdout=subprocess.DEVNULL)
    return blob


def read(blob):
    dtc = subprocess.run(["dtc", "-I", "dtb", "-O", "dts", str(blob)],
                         check=True, capture_output=True, text=True)
    assert dtc.stderr == "", dtc.stderr
    return dtc.stdout


def check_fw_cfg(source, base):
    node = re.search(r"fw-cfg@%x \{(.*?)\};" % base, source, re.S).group(1)
    assert 'compatible = "qemu,fw-cfg-mmio";' in node, node
    assert re.search(r"reg = <0x0+ 0x%x 0x0+ 0x18>;" % base, node), node
    assert re.search(r"^\s*dma-coherent;$", node, re.M), node


def main():
    programs = {target: find_program(target) for target in BASES}
    if shutil.which("dtc") is None or None in programs.values():
        return SKIP
    with tempfile.TemporaryDirectory() as folder:
        for target, program in programs.items():
            for cpus in SIZES:
                source = read(dump(program, folder, cpus))
                check_fw_cfg(source, BASES[target])
                assert source.count('device_type = "cpu"') == int(cpus)
    return 0


if __name__ == "__main__":
    sys.exit(main())
