#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the table that C walks: of all constants of a type that some sources
define, in their order, ended by NULL.

  make_registry.py OUTPUT HEADER TYPE TABLE SOURCE...
"""

import re
import sys
from pathlib import Path


def find_symbols(sources, kind):
    """The constants of a type that the sources define."""
    definition = re.compile(rf"^const {kind} (\w+) = {{", re.M)
    for source in sources:
        yield from definition.findall(Path(source).read_text(encoding="utf-8"))


def main():
    output, header, kind, table, *sources = sys.argv[1:]
    symbols = list(find_symbols(sources, kind))
    if not symbols:
        sys.exit(f"{table}: no source defines a {kind}")
    lines = [
        "/* SPDX-License-Identifier: MIT */",
        "/* Written by base/make_registry.py. */",
        f'#include "{header}"',
        "",
        *(f"extern const {kind} {symbol};" for symbol in symbols),
        "",
        f"const {kind} *const {table}[] = {{",
        *(f"    &{symbol}," for symbol in symbols),
        "    NULL,",
        "};",
    ]
    Path(output).write_text("\n".join(lines) + "\n", encoding="utf-8")


main()
