#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Our readers, which judge guestcore's files, read the files of QEMU and of
makedumpfile alike, and notice every kind of damage."""

import shutil
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from check import run
from compare import Difference, same_memory, same_notes
from dumpfile import PAGE, FormatError
from elfcore import EHDR_SIZE, PHDR_SIZE, ElfCore
from flat import is_flattened, unflatten
from foreign import makedumpfile, mend_elf, qemu_dump
from guest import Guest
from kdump import DESCRIPTOR_SIZE, Kdump

PRSTATUS_IN_NOTE = 20


def test(t):
    folder = t.folder
    with Guest(t.image, memory="256M", random_mib=8, text_mib=8) as guest:
        guest.stop()
        elf = qemu_dump(guest, folder / "qemu.elf")
        flat = qemu_dump(guest, folder / "qemu.flat", "kdump-zlib")

    plain = folder / "qemu.kdump"
    with t.case("a flattened file is put right as makedumpfile does it"):
        put_right(flat, plain, folder / "makedumpfile.kdump")
    with t.case("QEMU's ELF and kdump files tell the same"):
        agree(plain, elf, one_zero_page=True)
    with t.case("QEMU's ELF file and makedumpfile's kdump file tell the same"):
        mended = mend_elf(elf, folder / "mended.elf")
        makedumpfile("-c", "-d", "0", mended, folder / "converted.kdump")
        agree(folder / "converted.kdump", elf, one_zero_page=False)

    for damage in (cut_elf, flip_memory, flip_register, overlap_segments):
        with t.case(f"ELF: {damage.__doc__}"):
            notices(ElfCore, damage, elf, elf, folder / "damaged")
    for damage in (cut_kdump, flip_page, swap_descriptors, shrink_raw_page,
                   drop_frame, shift_vmcoreinfo, unshare_zero_page):
        with t.case(f"kdump: {damage.__doc__}"):
            notices(Kdump, damage, plain, elf, folder / "damaged")
    with t.case("flattened: a missing end is noticed"):
        notices_missing_end(flat, folder / "damaged")


def put_right(flat, plain, theirs):
    assert is_flattened(flat)
    unflatten(flat, plain)
    makedumpfile("-R", theirs, source=flat)
    assert plain.read_bytes() == theirs.read_bytes()


def agree(kdump_path, elf_path, one_zero_page):
    """Demands that all that either file holds is in the other."""
    with Kdump(kdump_path) as kdump, ElfCore(elf_path) as elf:
        kdump.check_data(one_zero_page)
        same_notes(kdump, elf)
        assert same_memory(kdump, elf) >= (256 << 20) // PAGE
        if one_zero_page:
            assert kdump.ram == elf.ram, (kdump.ram, elf.ram)


def notices(reader, damage, path, elf_path, copy):
    """Damages a copy, which then must not pass for the original."""
    shutil.copyfile(path, copy)
    with reader(path) as good, open(copy, "r+b") as file:
        damage(good, file)
    try:
        with reader(copy) as bad, ElfCore(elf_path) as elf:
            if reader is Kdump:
                bad.check_data()
            same_notes(bad, elf)
            same_memory(bad, elf)
    except (FormatError, Difference):
        return
    raise AssertionError("the damage passed unnoticed")


def notices_missing_end(flat, copy):
    shutil.copyfile(flat, copy)
    with open(copy, "r+b") as file:
        file.truncate(flat.stat().st_size - 16)
    try:
        unflatten(copy, copy.with_suffix(".plain"))
    except FormatError:
        return
    raise AssertionError("the damage passed unnoticed")


def cut_elf(core, file):
    """a missing last byte of memory is noticed"""
    load = core.loads[-1]
    file.truncate(load.offset + load.filesz - 1)


def flip_memory(core, file):
    """one wrong bit of memory is noticed"""
    flip(file, core.loads[0].offset + (100 << 20) + 4095)


def flip_register(core, file):
    """one wrong bit of a register is noticed"""
    flip(file, core.segments[0].offset + PRSTATUS_IN_NOTE + 300)


def overlap_segments(core, file):
    """two segments over the same memory are noticed"""
    at = core.phoff + PHDR_SIZE * 2 + 24
    assert at > EHDR_SIZE
    write(file, at, "<Q", core.loads[0].paddr)


def cut_kdump(dump, file):
    """a missing last byte is noticed"""
    file.truncate(dump.size - 1)


def flip_page(dump, file):
    """one wrong bit of a page's data is noticed"""
    offset, size, _, _ = dump.descriptors[packed(dump)]
    flip(file, offset + size // 2)


def swap_descriptors(dump, file):
    """two pages in each other's place are noticed"""
    first = packed(dump)
    second = packed(dump, first + 1)
    one, two = dump.descriptors[first], dump.descriptors[second]
    write(file, descriptor_at(dump, first), "<QIIQ", *two)
    write(file, descriptor_at(dump, second), "<QIIQ", *one)


def shrink_raw_page(dump, file):
    """a raw page of less than a page is noticed"""
    raw = next(i for i, d in enumerate(dump.descriptors) if not d[2])
    write(file, descriptor_at(dump, raw) + 8, "<I", PAGE - 1)


def drop_frame(dump, file):
    """a frame missing in both bitmaps is noticed"""
    start = (1 + dump.header.sub_header_blocks) * PAGE
    size = dump.header.bitmap_blocks // 2 * PAGE
    write(file, start, "<B", 0xfe)
    write(file, start + size, "<B", 0xfe)


def shift_vmcoreinfo(dump, file):
    """a wrong offset of VMCOREINFO is noticed"""
    write(file, PAGE + 32, "<Q", dump.sub_header.offset_vmcoreinfo - 1)


def unshare_zero_page(dump, file):
    """a zero page stored by itself is noticed"""
    zero = next(d[0] for d in dump.descriptors if not d[2])
    last = max(i for i, d in enumerate(dump.descriptors) if d[0] == zero)
    file.seek(dump.size)
    file.write(bytes(PAGE))
    write(file, descriptor_at(dump, last), "<Q", dump.size)


def packed(dump, first=0):
    """The first page from `first` on that is packed."""
    return next(i for i in range(first, len(dump.descriptors))
                if dump.descriptors[i][2])


def descriptor_at(dump, index):
    return (dump.data_start
            + (index - len(dump.descriptors)) * DESCRIPTOR_SIZE)


def flip(file, offset):
    file.seek(offset)
    byte, = file.read(1)
    file.seek(offset)
    file.write(bytes([byte ^ 1]))


def write(file, offset, layout, *values):
    file.seek(offset)
    file.write(struct.pack(layout, *values))


run(test, __doc__)
