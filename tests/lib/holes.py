# SPDX-License-Identifier: MIT
"""Which parts of a sparse file hold data."""

import os


def data_parts(fd):
    """The (start, end) of those parts of a file that are no holes."""
    size = os.fstat(fd).st_size
    at = 0
    while at < size:
        try:
            start = os.lseek(fd, at, os.SEEK_DATA)
        except OSError:  # nothing but a hole follows
            return
        at = os.lseek(fd, start, os.SEEK_HOLE)
        yield start, at
