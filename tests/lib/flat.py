# SPDX-License-Identifier: MIT
"""Undoes makedumpfile's flattening: a file as a stream of (offset, data)."""

import struct

from dumpfile import FormatError, demand

HEADER_SIZE = 4096
SIGNATURE = b"makedumpfile\0\0\0\0"
END = -1


def is_flattened(path):
    """Whether a file says that it is flattened."""
    with open(path, "rb") as file:
        return file.read(len(SIGNATURE)) == SIGNATURE


def unflatten(path, plain_path):
    """Writes the plain form of a flattened file to `plain_path`."""
    with open(path, "rb") as flat, open(plain_path, "wb") as plain:
        _check_header(flat.read(HEADER_SIZE))
        while True:
            offset, size = _record(flat.read(16))
            if (offset, size) == (END, END):
                break
            demand(offset >= 0 and size > 0, f"record {offset}+{size}")
            data = flat.read(size)
            demand(len(data) == size, "the file ends inside a record")
            plain.seek(offset)
            plain.write(data)
        demand(not flat.read(1), "data behind the end mark")


def plain(path):
    """The plain form of a file: itself, or a new one beside it."""
    if not is_flattened(path):
        return path
    plain_path = path.with_suffix(".plain")
    unflatten(path, plain_path)
    return plain_path


def _check_header(header):
    demand(len(header) == HEADER_SIZE, "no flattened header")
    signature, kind, version = struct.unpack_from(">16sqq", header)
    demand(signature == SIGNATURE, "not a flattened file")
    demand((kind, version) == (1, 1), f"flattened type {kind}, {version}")
    demand(not any(header[32:]), "flattened header is not padded with zeros")


def _record(data):
    if len(data) != 16:
        raise FormatError("the file ends without an end mark")
    return struct.unpack(">qq", data)
