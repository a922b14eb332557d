#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every function of the installed headers is documented: each parameter, what
it returns, its errors, and which threads may call it (or the header's own
comment says that once for all of them).

  check_api.py ROOT
"""

import pathlib
import re
import sys

import tree

DECLARATION = re.compile(
    r"(?:/\*\*\n(?P<comment>(?: \*[^\n]*\n)*?) \*/\n)?"
    r"^GC_API (?P<type>[^;(]*?)(?P<name>\w+)\((?P<parameters>[^;]*)\)[^;)]*;",
    re.MULTILINE)


def names_of(parameters):
    if parameters.strip() == "void":
        return []
    return [re.search(r"(\w+)(\[\])?$", part.strip())[1]
            for part in parameters.split(",") if part.strip() != "..."]


def missing_of(match, threads_are_told):
    """What the comment of a function does not say."""
    comment = match["comment"]
    if comment is None:
        return ["a comment"]
    parameters = names_of(" ".join(match["parameters"].split()))
    fails = "error" in parameters
    returns = " ".join(match["type"].split())
    wanted = [f"@{name}:" for name in parameters]
    if not threads_are_told:
        wanted.append("Threads:")
    if not comment.startswith(f" * {match['name']}:\n"):
        wanted.append(f"{match['name']}:")
    if fails:
        wanted.append("Errors:")
    # A bool beside an error says whether there was none.
    if returns != "void" and not (returns == "bool" and fails):
        wanted.append("Returns:")
    return [word for word in wanted if word not in comment]


def problems_of(root, path):
    text = (root / path).read_text()
    found = list(DECLARATION.finditer(text))
    threads_are_told = "Threads:" in text.partition("#pragma once")[0]
    for match in found:
        for word in missing_of(match, threads_are_told):
            yield f"{path}: {match['name']}: does not say {word}"
    if len(found) != len(re.findall(r"^GC_API ", text, re.MULTILINE)):
        yield f"{path}: a declaration is not understood"


def main():
    root = pathlib.Path(sys.argv[1])
    headers = tree.sources(root, ["include"])
    problems = [problem for path in headers
                for problem in problems_of(root, path)]
    return tree.report(problems, "documentation of the interface")


if __name__ == "__main__":
    sys.exit(main())
