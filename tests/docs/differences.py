#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The deliberate differences from QEMU that the tests know are those that
docs/devices/fw_cfg.md tells of, and each is met by a test.

usage: differences.py SOURCE_ROOT"""

import pathlib
import re
import sys


def main():
    root = pathlib.Path(sys.argv[1])
    table = dict(re.findall(r'^X\((\w+), "([\w-]+)"\)$',
                            (root / "tests/device/differences.def").read_text(),
                            re.M))
    page = (root / "docs/devices/fw_cfg.md").read_text()
    section = page.split("## Differences from QEMU")[1]
    rows = re.findall(r"^\| ([\w-]+) \|", section, re.M)
    rows.remove("name")
    assert rows == list(table.values()), f"{rows} != {list(table.values())}"
    tests = "".join(path.read_text()
                    for path in sorted((root / "tests/device").glob("*.c")))
    for constant in table:
        assert f"differs(DIFFERENCE_{constant})" in tests, constant
    return 0


if __name__ == "__main__":
    sys.exit(main())
