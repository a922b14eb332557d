# SPDX-License-Identifier: MIT
"""What guestcore promises beyond the formats, so that every reader opens its
files.  Each rule has been seen to break a reader when it does not hold."""

import struct

from dumpfile import PAGE, VMCOREINFO, demand, round_up
from elfcore import EHDR_SIZE, PT_LOAD, PT_NOTE
from kdump import SUB_HEADER_SIZE
from pagecodec import CODEC_FLAGS

PRSTATUS_SIZE = 336
PR_PID = 32
QEMU_NOTE_SIZE = 440


def check_elf(core):
    """The rules of an ELF dump."""
    # makedumpfile looks for the program headers right behind the ELF header.
    demand(core.phoff == EHDR_SIZE, f"e_phoff is {core.phoff}")
    demand(core.ehsize == EHDR_SIZE, f"e_ehsize is {core.ehsize}")
    kinds = [segment.type for segment in core.segments]
    demand(kinds == [PT_NOTE] + [PT_LOAD] * (len(kinds) - 1),
           f"segments are not one PT_NOTE and then PT_LOADs: {kinds}")
    demand(len(kinds) > 1, "no PT_LOAD")
    for load in core.loads:
        # crash takes a page-aligned p_offset with p_align 4096 for netdump.
        demand(load.align == 0, f"p_align {load.align} at {load.paddr:#x}")
        demand(load.vaddr in (0, load.paddr), f"p_vaddr {load.vaddr:#x}")
        demand(load.filesz == load.memsz, f"p_filesz at {load.paddr:#x}")
    # crash's header buffer ends where the first PT_LOAD's data begin.
    note = core.segments[0]
    first = min(load.offset for load in core.loads)
    demand(note.offset + note.filesz <= first, "notes behind memory")
    check_notes(core)


def check_kdump(dump):
    """The rules of a kdump file, given what its VMCOREINFO says."""
    head, sub = dump.header, dump.sub_header
    release = dump.vmcoreinfo_value("OSRELEASE").encode()
    # libkdumpfile knows the architecture only from a sane utsname.
    for name, value in (("sysname", b"Linux"), ("release", release),
                        ("machine", b"x86_64")):
        found = getattr(head, name).rstrip(b"\0")
        demand(found == value, f"utsname {name} is {found!r}, not {value!r}")
    demand(head.kernel_version.strip(b"\0"), "utsname version is empty")
    # libkdumpfile first takes tv_usec for the 32-bit header's page size.
    demand(head.microseconds == 0, "tv_usec is not 0")
    demand(head.status == CODEC_FLAGS["zlib"], f"status is {head.status:#x}")
    demand(head.nr_cpus == len(dump.cpu_notes()), f"nr_cpus {head.nr_cpus}")
    demand(sub.offset_note == PAGE + SUB_HEADER_SIZE, "notes out of place")
    blocks = round_up(SUB_HEADER_SIZE + sub.size_note, PAGE) // PAGE
    demand(head.sub_header_blocks == blocks,
           f"sub_hdr_size {head.sub_header_blocks}, not {blocks}")
    phys_base = int(dump.vmcoreinfo_value("NUMBER(phys_base)"))
    demand(sub.signed_phys_base() == phys_base,
           f"phys_base is {sub.signed_phys_base()}, not {phys_base}")
    # makedumpfile finds bitmap 2 at a wrong place if flash or VRAM count.
    demand(sub.max_mapnr_64 == dump.ram[-1][1] // PAGE,
           f"max_mapnr {sub.max_mapnr_64} is not the end of RAM")
    demand(dump.bitmap1 == dump.bitmap2, "pages were left out")
    check_notes(dump)


def check_notes(dump):
    """A PRSTATUS per CPU, a QEMU note per CPU, VMCOREINFO: in this order."""
    cpus = len(dump.cpu_notes())
    demand(cpus > 0, "no CPU")
    names = [note.name for note in dump.notes]
    demand(names == [b"CORE\0"] * cpus + [b"QEMU\0"] * cpus + [VMCOREINFO],
           f"notes are {names}")
    for i, note in enumerate(dump.cpu_notes()):
        demand(len(note.desc) == PRSTATUS_SIZE,
               f"CPU {i}: PRSTATUS of {len(note.desc)} bytes")
        pid, = struct.unpack_from("<I", note.desc, PR_PID)
        demand(pid == i + 1, f"CPU {i}: pr_pid is {pid}")
    for i, note in enumerate(dump.qemu_notes()):
        demand(len(note.desc) == QEMU_NOTE_SIZE and note.type == 0,
               f"CPU {i}: QEMU note of {len(note.desc)} bytes")
