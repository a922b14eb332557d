#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""All C is as .clang-format has it.  Skipped without clang-format 14: other
versions format otherwise.

  check_format.py ROOT
"""

import pathlib
import shutil
import subprocess
import sys

import tree

SKIPPED = 77


def main():
    root = pathlib.Path(sys.argv[1])
    if shutil.which("clang-format-14") is None:
        print("clang-format-14 is not installed")
        return SKIPPED
    files = tree.sources(root, tree.CODE + ("tests",))
    return subprocess.run(
        ["clang-format-14", "--dry-run", "-Werror", *map(str, files)],
        cwd=root, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
