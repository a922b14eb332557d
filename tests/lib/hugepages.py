# SPDX-License-Identifier: MIT
"""Huge pages of the host, for as long as a test needs them."""

from contextlib import contextmanager
from pathlib import Path

from check import Skip

HUGE_PAGE = 2 << 20
POOL = Path("/sys/kernel/mm/hugepages/hugepages-2048kB")


@contextmanager
def huge_pages(size):
    """Sees to it that `size` bytes of the host's huge pages of 2 MiB are free, and
    gives back what had to be reserved."""
    if not size:
        yield
        return
    if not POOL.is_dir():
        raise Skip("the host has no huge pages of 2 MiB")
    before = count("nr_hugepages")
    lacking = max(0, size // HUGE_PAGE - count("free_hugepages"))
    added = 0
    try:
        reserve(before + lacking)
        added = count("nr_hugepages") - before
        if added < lacking:
            raise Skip(f"the host has no room for {lacking} huge pages")
        yield
    finally:
        reserve(count("nr_hugepages") - added)


def count(name):
    """A number that the kernel keeps of huge pages."""
    return int((POOL / name).read_text(encoding="ascii"))


def reserve(pages):
    """Has the kernel reserve as many; it takes what it finds."""
    if pages == count("nr_hugepages"):
        return
    try:
        (POOL / "nr_hugepages").write_text(str(pages), encoding="ascii")
    except OSError as error:
        raise Skip(f"huge pages cannot be reserved: {error}") from error
