#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every header stands alone: the installed ones in C99, C11 and C++, those
inside in C11.

  check_headers.py ROOT CC [CXX]
"""

import pathlib
import subprocess
import sys

import tree

# -pedantic would object to GLib's own headers in old standards.
FLAGS = ["-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE"]


def glib_flags():
    return subprocess.run(
        ["pkg-config", "--cflags", "glib-2.0", "json-glib-1.0"],
        check=True, capture_output=True, text=True).stdout.split()


def compile_alone(root, header, compiler, language, standard, folders):
    command = [*compiler.split(), *FLAGS, f"-std={standard}", "-x", language,
               *glib_flags(), *[f"-I{root / folder}" for folder in folders],
               "-"]
    run = subprocess.run(command, input=f'#include "{header}"\n',
                         capture_output=True, text=True, check=False)
    return run.stderr if run.returncode else None


def jobs(root, c_compiler, cxx_compiler):
    for path in tree.sources(root, suffixes=(".h",)):
        if path.parts[0] == "include":
            header = path.relative_to("include")
            for standard in ("c99", "c11"):
                yield header, c_compiler, "c", standard, ["include"]
            if cxx_compiler:
                yield header, cxx_compiler, "c++", "c++11", ["include"]
        elif path.parts[0] != "tools":
            yield path, c_compiler, "c", "c11", [".", "include"]


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    c_compiler, cxx_compiler = (sys.argv[2:] + [None])[:2]
    problems = []
    for header, compiler, language, standard, folders in jobs(
            root, c_compiler, cxx_compiler):
        errors = compile_alone(root, header, compiler, language, standard,
                               folders)
        if errors:
            problems.append(f"{header} in {standard}:\n{errors}")
    return tree.report(problems, "headers alone")


if __name__ == "__main__":
    sys.exit(main())
