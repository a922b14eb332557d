#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The library exports what the installed headers declare, no more and no
less, and all of it begins with gc_.

  check_symbols.py ROOT LIBRARY
"""

import pathlib
import re
import subprocess
import sys

import tree


def exported(library):
    output = subprocess.run(
        ["nm", "--dynamic", "--defined-only", "--format=posix", library],
        check=True, capture_output=True, text=True).stdout
    # The sanitizers' own, and what the linker adds, is not ours.
    own = re.compile(r"^(__|_init$|_fini$|_edata$|_end$)")
    names = {line.split()[0].split("@")[0] for line in output.splitlines()}
    return {name for name in names if not own.match(name)}


def declared(root):
    names = set()
    for path in tree.sources(root, ["include"]):
        text = (root / path).read_text()
        names |= set(re.findall(r"^GC_API [^;(]*?(\w+)\(", text, re.MULTILINE))
    return names


def main():
    root = pathlib.Path(sys.argv[1])
    there, wanted = exported(sys.argv[2]), declared(root)
    problems = [f"{name}: does not begin with gc_"
                for name in sorted(there) if not name.startswith("gc_")]
    problems += [f"{name}: is exported, but in no installed header"
                 for name in sorted(there - wanted)]
    problems += [f"{name}: is in a header, but not exported"
                 for name in sorted(wanted - there)]
    return tree.report(problems, f"{len(there)} symbols")


if __name__ == "__main__":
    sys.exit(main())
