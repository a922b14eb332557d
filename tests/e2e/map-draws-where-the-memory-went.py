#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""guestcore map draws what a real guest uses its memory for: a picture that is
well-formed, legible and bounded, and numbers that add up."""

import json
import re
import stat
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from check import run
from guest import Guest
from tool import Tool

SVG = "{http://www.w3.org/2000/svg}"
GIB = 1 << 30
MAX_SVG = 4 << 20
MIB_OF_FILES = 32  # what the guest's init puts into a tmpfs


def test(t):
    tool = Tool(t.tool)
    # Above 4 GiB there is a hole in a PC's memory.
    with Guest(t.image, memory="5G", random_mib=MIB_OF_FILES // 2,
               text_mib=MIB_OF_FILES // 2) as guest:
        picture = t.folder / "map.svg"
        with t.case("of a running guest, which runs on"):
            must(tool, "--qmp", guest.socket, "-o", picture)
            guest.wait_tick()
        guest.stop()
        live = json.loads(must(tool, "--json", "--qmp", guest.socket))
        dump = tool.dump(guest, t.folder / "dump", "kdump-raw-zlib")

    with t.case("a dump says the same"):
        assert json.loads(must(tool, "--json", dump)) == live
        for threads in (0, 3):
            text = must(tool, "--json", "--threads", threads, dump)
            assert json.loads(text) == live
    with t.case("info counts the same pages"):
        kinds = json.loads(tool.run("info", "--kinds", "--json", dump).stdout)
        assert {kind: n for kind, n in kinds["kinds"].items() if n} == \
            live["pages"], kinds["kinds"]
        lines = tool.run("info", "--kinds", dump).stdout
        assert f"{live['pages']['free']} free\n" in lines, lines
    with t.case("all memory is of some kind, and most of it is known"):
        pages = live["pages"]
        assert sum(pages.values()) * live["page-size"] == 5 * GIB
        assert pages.get("unknown", 0) * 20 < sum(pages.values()), pages
        assert pages["free"] * live["page-size"] > 4 * GIB, pages
        assert pages["cache"] * live["page-size"] >= MIB_OF_FILES << 20, pages
    with t.case("the cells are the memory, once, and but where memory is"):
        cells_add_up(live)
    with t.case("the picture is small, well-formed and private"):
        assert stat.S_IMODE(picture.stat().st_mode) == 0o600
        assert picture.stat().st_size < MAX_SVG
        root = ElementTree.parse(picture).getroot()
        assert root.tag == SVG + "svg"
    with t.case("the legend names the kinds, and the axis the hole"):
        words = [text.text for text in root.iter(SVG + "text")]
        for word in ("kernel", "page cache", "processes", "free", "5 GiB",
                     "1 GiB without memory", "0x100000000"):
            assert word in words, f"no '{word}' in {words}"
    with t.case("what is drawn is in the picture, and nothing is twice"):
        nothing_overlaps(root)
    with t.case("what makes no picture is an error and leaves no file"):
        before = sorted(t.folder.iterdir())
        for arguments in ((dump,), ("-o", t.folder / "none"),
                          ("-o", t.folder / "none", t.folder / "map.svg"),
                          ("-o", t.folder / "no" / "where", dump),
                          ("-o", t.folder / "none", "--threads", -2, dump)):
            done = tool.run("map", *arguments)
            assert done.returncode == 1 and done.stderr.count("\n") == 1, \
                (arguments, done.stderr)
        assert sorted(t.folder.iterdir()) == before


def must(tool, *arguments):
    """What it prints, without a word on standard error."""
    done = tool.run("map", *arguments)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return done.stdout


def cells_add_up(numbers):
    """Each cell is full, or at an end of memory; all together are the sums."""
    sums, ends = {}, 0
    starts = [cell["start"] for cell in numbers["cells"]]
    assert starts == sorted(set(starts))
    for cell in numbers["cells"]:
        assert cell["start"] % (numbers["cell-pages"] * numbers["page-size"]) == 0
        inside = sum(cell["pages"].values())
        assert inside <= numbers["cell-pages"]
        ends += inside < numbers["cell-pages"]
        for kind, n in cell["pages"].items():
            sums[kind] = sums.get(kind, 0) + n
    assert sums == numbers["pages"]
    assert ends <= 4 and len(starts) <= 128 * 128


def nothing_overlaps(root):
    """The cells' rectangles are inside the picture and beside each other."""
    taken = set()
    for path in root.iter(SVG + "path"):
        for x, y, width in re.findall(r"M(\d+),(\d+)h(\d+)v\d+h-\d+z",
                                      path.get("d")):
            pixels = {(int(y), int(x) + i) for i in range(int(width))}
            assert not taken & pixels
            taken |= pixels
    assert max(x for _, x in taken) < int(root.get("width"))
    assert max(y for y, _ in taken) < int(root.get("height"))
    rows = len({y for y, _ in taken})
    assert len(taken) > 1000 * (rows - 3), f"{len(taken)} pixels, {rows} rows"


run(test, __doc__)
