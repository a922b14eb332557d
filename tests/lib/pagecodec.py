# SPDX-License-Identifier: MIT
"""Unpacks pages of a kdump file, by others' implementations of each codec."""

import zlib

from check import Skip
from dumpfile import PAGE, FormatError, demand

ZLIB, LZO, SNAPPY, ZSTD = 1, 2, 4, 32
CODEC_FLAGS = {"zlib": ZLIB, "lzo": LZO, "snappy": SNAPPY, "zstd": ZSTD}


def unpack(data, flag, what, size=PAGE):
    """A page from its own stream, which gives that and nothing else."""
    try:
        page = _UNPACKERS[flag](data, size)
    except FormatError as error:
        raise FormatError(f"{what}: {error}") from error
    demand(len(page) == size, f"{what}: unpacked it has {len(page)} bytes")
    return page


def _unpack_zlib(data, size):
    stream = zlib.decompressobj()
    try:
        page = stream.decompress(data, size + 1)
    except zlib.error as error:
        raise FormatError(error) from error
    demand(stream.eof and not stream.unused_data, "not one stream of zlib")
    return page


def _unpack_lzo(data, size):
    lzo = _import("lzo", "python3-lzo")
    try:
        return lzo.decompress(data, False, size)
    except lzo.error as error:
        raise FormatError(f"lzo: {error}") from error


def _unpack_snappy(data, _size):
    snappy = _import("snappy", "python3-snappy")
    try:
        return snappy.uncompress(data)
    except snappy.UncompressError as error:
        raise FormatError(f"snappy: {error}") from error


def _unpack_zstd(data, _size):
    zstandard = _import("zstandard", "python3-zstandard")
    stream = zstandard.ZstdDecompressor().decompressobj()
    try:
        page = stream.decompress(data)
    except zstandard.ZstdError as error:
        raise FormatError(f"zstd: {error}") from error
    demand(stream.eof and not stream.unused_data, "not one frame of zstd")
    return page


_UNPACKERS = {ZLIB: _unpack_zlib, LZO: _unpack_lzo, SNAPPY: _unpack_snappy,
              ZSTD: _unpack_zstd}


def _import(name, package):
    try:
        return __import__(name)
    except ImportError as error:
        raise Skip(f"{package} is not installed") from error
