# SPDX-License-Identifier: MIT
"""The sources of the tree, for the checks of style."""

import pathlib

CODE = ("include", "base", "hw", "guest", "dump", "system", "tools")


def sources(root, folders=CODE, suffixes=(".c", ".h")):
    """The C files of these folders, as paths below root, in order."""
    root = pathlib.Path(root)
    return [path.relative_to(root)
            for folder in folders if (root / folder).is_dir()
            for path in sorted((root / folder).rglob("*"))
            if path.suffix in suffixes]


def report(problems, what):
    """Prints the problems; the status that the program ends with."""
    for problem in problems:
        print(problem)
    print(f"{what}: {len(problems)} problems")
    return 1 if problems else 0
