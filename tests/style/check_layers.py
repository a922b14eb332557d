#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Who includes whom, against the layer table of docs/architecture.md.

Runs in every build, which fails if a file includes what its folder may not.

  check_layers.py ROOT [STAMP]    STAMP is touched if all is well
"""

import pathlib
import re
import sys

import tree

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^">]+)[">]')
ROW = re.compile(r"^\| ([a-z/]+)/ \| (.*) \|$")
FOLDER = re.compile(r"\b([a-z]+)/")

# Inside a folder: who must not know whom.
STRANGERS = {"dump/codec": "dump/format", "dump/image": "dump/format"}


def read_table(root):
    """{folder: the folders that it may include}, from the document."""
    rows = {}
    for line in (root / "docs/architecture.md").read_text().splitlines():
        row = ROW.match(line)
        if row:
            rows[row[1]] = row[2]
    return {folder: allowed_by(folder, text, rows)
            for folder, text in rows.items()}


def allowed_by(folder, text, rows):
    if text.startswith("itself"):
        return {pathlib.PurePath(folder).name}
    if text.startswith("all of these"):
        return {pathlib.PurePath(row).name for row in rows}
    return set(FOLDER.findall(text.split(":")[0]))


def problems_of(root, path, table):
    row = next((row for row in table if path.is_relative_to(row)), None)
    if row is None:
        yield f"{path}: its folder is not in the table"
        return
    layers = {pathlib.PurePath(other).name for other in table}
    for number, line in enumerate((root / path).read_text().splitlines(), 1):
        include = INCLUDE.match(line)
        if not include:
            continue
        where = f"{path}:{number}: {include[1]}"
        layer, slash, _ = include[1].partition("/")
        if not slash:
            # A tool sees its own folder and the installed headers alone.
            if '"' in line and path.parts[0] != "tools":
                yield f"{where}: is not written from the root"
        elif ".." in include[1]:
            yield f"{where}: is not written from the root"
        elif layer in layers and layer not in table[row]:
            yield f"{where}: {row}/ may not include {layer}/"
        for folder, stranger in STRANGERS.items():
            if path.is_relative_to(folder) and include[1].startswith(stranger):
                yield f"{where}: {folder}/ knows nothing of {stranger}/"


def main():
    root = pathlib.Path(sys.argv[1])
    table = read_table(root)
    problems = [problem for path in tree.sources(root)
                for problem in problems_of(root, path, table)]
    if not table:
        problems.append("docs/architecture.md: there is no layer table")
    status = tree.report(problems, "layers")
    if status == 0 and len(sys.argv) > 2:
        pathlib.Path(sys.argv[2]).touch()
    return status


if __name__ == "__main__":
    sys.exit(main())
