#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A guest with every kind of page, filtered at each level: the pages that are left
are makedumpfile's, page by page, and those of the guest's own account of its memory;
their contents are whole; makedumpfile finds nothing more to leave out; and convert
filters as dump does."""

import filecmp
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import makedumpfiles
from anyelf import AnyElf
from check import Skip, run
from kept import Filtered, shown, zero_pages
from kinds_guest import KERNELS, kinds_guest
from pageflags import PageFlags
from tool import FORMATS, Tool

LEVELS = (0, 1, 2, 4, 8, 16, 31)
# Between the guest's note of its flags and the moment it is stopped the kernel goes
# on a little: frames that it took or gave back meanwhile.
MOVED = 64
# What the guest must have for this test to mean anything: flags, and frames at least.
KINDS = (
    (("lru", "swapbacked"), 1024), (("lru", "dirty"), 512),
    (("lru", "private"), 256), (("anon", "thp"), 4096), (("thp", "swapbacked"), 512),
    (("anon", "swapcache"), 512), (("mlocked",), 1024), (("hugetlb",), 4096),
    (("ksm",), 1), (("hwpoison",), 1), (("offline",), 4096), (("buddy",), 16384),
    (("slab",), 1024), (("pgtable",), 16), (("reserved",), 1024),
)


class Stopped:
    """All that is asked of one stopped guest.

    whole   the path of its unfiltered ELF dump
    kernel  of kinds_guest.KERNELS
    flags   what it says of its pages
    zero    its frames of zeros
    judge   the makedumpfile that knows its kernel, or None
    """

    def __init__(self, t, tool, guest):
        self.t, self.tool, self.guest = t, tool, guest
        self.kernel = KERNELS[t.options.kernel]
        self.whole = tool.dump(guest, t.folder / "whole", "elf")
        self.judge = None
        with AnyElf(self.whole) as core:
            self.flags = PageFlags(core)
            self.zero = zero_pages(core)


def test(t):
    tool = Tool(t.tool)
    with kinds_guest(t, t.options.kernel) as guest:
        guest.stop()
        stopped = Stopped(t, tool, guest)
        with t.case("the guest has every kind of page"):
            has_every_kind(stopped)
        with t.case("makedumpfile can judge"):
            stopped.judge = makedumpfiles.judge_of(t, t.options.kernel)
        for level in LEVELS:
            one_level(t, stopped, level)


def has_every_kind(stopped):
    few = {}
    for names, least in KINDS:
        found = stopped.flags.count(*names)
        if names == ("hwpoison",) and not stopped.kernel.has_hwpoison:
            assert not found, "this kernel can poison pages"
        elif found < least:
            few[names] = found
    assert not few, few


def one_level(t, stopped, level):
    theirs = stopped.judge and stopped.judge.kept(
        stopped.whole, t.folder / "theirs", level)
    for form in FORMATS:
        name = f"level {level}, {form}"
        path = t.folder / "ours"
        with t.case(f"{name}: it is dumped"):
            stopped.tool.dump(stopped.guest, path, form, "--level", level)
        judge(t, stopped, path, name, level, theirs)
        with t.case(f"{name}: convert filters as dump does"):
            converted(t, stopped, path, form, level)
        path.unlink(missing_ok=True)


def judge(t, stopped, path, name, level, theirs):
    """One of our files against every oracle that there is."""
    with Filtered(path) as ours:
        with t.case(f"{name}: it keeps what makedumpfile keeps"):
            same_as_theirs(ours, theirs, stopped, level)
        with t.case(f"{name}: it keeps what the guest's own account says"):
            same_as_account(ours, stopped, level)
        with t.case(f"{name}: the pages it keeps are whole"):
            with AnyElf(stopped.whole) as whole:
                ours.demand_contents_of(whole)
        with t.case(f"{name}: makedumpfile leaves out nothing more"):
            nothing_more(t, stopped, path, level, ours)


def same_as_theirs(ours, theirs, stopped, level):
    if theirs is None:
        raise Skip("makedumpfile knows no such kernel")
    blind_to = stopped.judge.blind_to
    less = theirs - ours.kept - untold(ours, stopped) - stopped.flags.any_of(*blind_to)
    more = ours.kept - theirs - excused(stopped, level)
    # What it does not see is told by the account, which is a moment older.
    assert len(less) <= (MOVED if blind_to else 0), \
        f"{len(less)} pages are missing: {shown(less)}"
    assert not more, f"{len(more)} pages more: {shown(more)}"


def untold(ours, stopped):
    """What nobody can tell of an ELF dump: whether it has a page of zeros."""
    return stopped.zero if ours.is_elf else set()


def excused(stopped, level):
    """docs/page-filter.md, Compared with makedumpfile: level 0 keeps everything,
    makedumpfile's -d 0 not what is broken or given back to the host."""
    return set() if level else stopped.flags.out_of_use()


def same_as_account(ours, stopped, level):
    left_out = stopped.flags.left_out(level)
    moved = (ours.kept & left_out) | (
        ours.dropped - left_out - untold(ours, stopped))
    assert len(moved) <= MOVED, f"{len(moved)} pages differ: {shown(moved)}"


def nothing_more(t, stopped, path, level, ours):
    if not stopped.judge:
        raise Skip("makedumpfile knows no such kernel")
    again = stopped.judge.kept(path, t.folder / "again", level)
    less = ours.kept - again - excused(stopped, level)
    assert not less, f"{len(less)} pages less: {shown(less)}"


def converted(t, stopped, path, form, level):
    out = t.folder / "converted"
    done = stopped.tool.run("convert", stopped.whole, out, "--format", form,
                            "--level", level)
    assert done.returncode == 0, done.stderr
    assert filecmp.cmp(out, path, shallow=False), "not the same file"
    out.unlink()


def add_arguments(parser):
    parser.add_argument("--kernel", choices=KERNELS, default="6.1")


run(test, __doc__, add_arguments)
