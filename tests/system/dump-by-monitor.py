#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""dump-guest-memory and what belongs to it: the order of events and answers,
QEMU's checks in QEMU's order, what may not be done meanwhile, cancelling, and
failures that leave no file."""

import json
import os
import re
import resource
import shutil
import stat
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from check import run
from dumpqmp import (DUMP, answer, ask, dump_request, open_dump, pass_fd,
                     refusal, request, wait_event)
from flat import is_flattened, unflatten
from smalldisk import small_disk
from system import System

MIB = 1 << 20
RAM = 64 * MIB
BUSY = "There is a dump in process, please wait."


def check_refusals(t, lines, folder):
    """Each line has all the mistakes of the lines below it, too."""
    kdump = "kdump-compressed format doesn't support paging or filter"
    missing = f"file:{folder}/missing/dump"
    table = [
        ({"protocol": "x"}, "Parameter 'paging' is missing"),
        ({"paging": 1, "protocol": "x"},
         "Invalid parameter type for 'paging', expected: boolean"),
        ({"paging": True, "protocol": "x", "format": "nope", "begin": 0},
         "Parameter 'format' does not accept value 'nope'"),
        ({"paging": True, "protocol": "x", "x-threads": 257, "begin": 0},
         "Parameter 'x-threads' expects a number from 0 to 256"),
        ({"paging": True, "protocol": "x", "x-level": 32, "begin": 0},
         "Parameter 'x-level' expects a number from 0 to 31"),
        ({"paging": True, "protocol": "x", "format": "win-dmp"}, kdump),
        ({"paging": False, "protocol": "x", "format": "kdump-raw-zlib",
          "begin": 0}, kdump),
        ({"paging": False, "protocol": "x", "format": "kdump-raw-zlib",
          "length": 0}, kdump),
        ({"paging": False, "protocol": "x", "begin": 0},
         "Parameter 'length' is missing"),
        ({"paging": False, "protocol": "x", "length": 0},
         "Parameter 'begin' is missing"),
        ({"paging": False, "protocol": "x", "format": "win-dmp"},
         "win-dmp is not available now"),
        ({"paging": False, "protocol": "x", "begin": 0, "length": 0},
         "parameter 'protocol' must start with 'file:' or 'fd:'"),
        ({"paging": False, "protocol": "fd:a", "begin": 0, "length": 0},
         "File descriptor named 'a' has not been found"),
        ({"paging": False, "protocol": missing, "begin": 0, "length": 0},
         f"Could not create/open {missing[5:]}: cannot open directory "
         f"{folder}/missing: No such file or directory"),
        ({"paging": False, "protocol": f"file:{folder}", "begin": 0,
          "length": 0}, f"Could not create/open {folder}: is a directory"),
        ({"paging": False, "protocol": f"file:{folder}/x", "begin": 0,
          "length": 0}, "parameter 'length' expects a non-zero size"),
    ]
    for arguments, text in table:
        with t.case(f"refused: {text.replace(str(folder), 'FOLDER')}"):
            got = refusal(lines, json.dumps(
                {"execute": DUMP, "arguments": arguments}) + "\n")
            assert got == text, got
    with t.case("what is refused stops nothing and leaves nothing"):
        assert ask(lines, "query-dump")["status"] == "none"
        assert ask(lines, "query-status")["status"] == "running"
        assert not list(folder.iterdir())


def names(events):
    return [event["event"] for event in events]


def check_order(t, lines, folder):
    path = folder / "vmcore"
    with t.case("STOP, DUMP_COMPLETED, RESUME, answer"):
        lines.send(dump_request(path, ident=[7]))
        message, events = answer(lines)
        assert message == {"return": {}, "id": [7]}, message
        assert names(events) == ["STOP", "DUMP_COMPLETED", "RESUME"], events
        result = {"status": "completed", "completed": RAM, "total": RAM}
        assert events[1]["data"] == {"result": result}, events[1]
        assert ask(lines, "query-dump") == result
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        open_dump(path).close()
    with t.case("detached: STOP, answer, DUMP_COMPLETED, RESUME"):
        lines.send(dump_request(path, ident=8, detach=True)
                   + request("query-status", ident=9)
                   + request("query-dump", ident=10))
        message, events = answer(lines)
        assert message == {"return": {}, "id": 8}, message
        assert names(events) == ["STOP"], events
        message, events = answer(lines)
        assert message["return"]["status"] == "save-vm" and not events, message
        message, events = answer(lines)
        assert message["return"]["status"] == "active", message
        assert message["return"]["total"] == RAM, message
        assert wait_event(lines, "DUMP_COMPLETED")["result"] == result
        wait_event(lines, "RESUME")
    with t.case("a VM that stood still is not started"):
        ask(lines, "stop")
        lines.send(dump_request(path))
        message, events = answer(lines)
        assert message == {"return": {}}, message
        assert names(events) == ["DUMP_COMPLETED"], events
        assert ask(lines, "query-status")["status"] == "paused"
        ask(lines, "cont")
    with t.case("commands behind a dump wait for its end"):
        lines.send(dump_request(path, ident=1) + request("stop", ident=2)
                   + request("cont", ident=3))
        got = [answer(lines)[0] for _ in range(3)]
        assert got == [{"return": {}, "id": n} for n in (1, 2, 3)], got


def check_meanwhile(t, lines, folder):
    path = folder / "vmcore"
    with t.case("no stop, cont, reset or second dump meanwhile"):
        lines.send(dump_request(path, detach=True)
                   + "".join(request(name) for name in
                             ("stop", "cont", "system_reset"))
                   + dump_request(path)
                   + dump_request(path, paging=True, format="kdump-raw-zlib"))
        assert answer(lines)[0] == {"return": {}}
        for _ in range(5):
            message, events = answer(lines)
            assert message["error"]["desc"] == BUSY and not events, message
        wait_event(lines, "RESUME")
    with t.case("other monitors are served during a dump"):
        other = t.system.qmp()
        lines.send(dump_request(path, ident=1, format="kdump-raw-zlib",
                                x_threads=0))
        wait_event(other, "STOP")
        seen = set()
        while "completed" not in seen:
            seen.add(ask(other, "query-dump")["status"])
        assert seen == {"active", "completed"}, seen
        assert answer(lines)[0] == {"return": {}, "id": 1}
        other.close()
    with t.case("a client that leaves does not end its dump"):
        path.unlink()
        leaving = t.system.qmp()
        leaving.send(dump_request(path))
        wait_event(leaving, "STOP")
        leaving.close()
        data = wait_event(lines, "DUMP_COMPLETED")
        assert data["result"]["status"] == "completed", data
        wait_event(lines, "RESUME")
        open_dump(path).close()
        path.unlink()


def check_failures(t, lines, folder):
    path = folder / "cancelled"
    with t.case("a cancelled dump fails and leaves no file"):
        lines.send(dump_request(path, detach=True, format="kdump-raw-zlib",
                                x_threads=0) + request("x-dump-cancel"))
        assert answer(lines)[0] == {"return": {}}
        assert answer(lines)[0] == {"return": {}}
        data = wait_event(lines, "DUMP_COMPLETED")
        assert data["result"]["status"] == "failed", data
        assert "cancelled" in data["error"], data
        wait_event(lines, "RESUME")
        result = ask(lines, "query-dump")
        assert result.pop("x-error") == data["error"], result
        assert result == data["result"], result
        assert not path.exists()
    with t.case("another monitor cancels, and the one that waits hears of it"):
        other = t.system.qmp()
        lines.send(dump_request(path, ident=5, format="kdump-raw-zlib",
                                x_threads=0))
        wait_event(other, "STOP")
        ask(other, "x-dump-cancel")
        other.close()
        message, events = answer(lines)
        assert "cancelled" in message["error"]["desc"], message
        assert message["id"] == 5
        assert names(events) == ["STOP", "DUMP_COMPLETED", "RESUME"], events
        assert not path.exists()
    with t.case("with nothing to cancel, nothing happens"):
        ask(lines, "x-dump-cancel")
        lines.send(dump_request(path))
        assert answer(lines)[0] == {"return": {}}
        path.unlink()


def fd_request(**arguments):
    return request(DUMP, paging=False, protocol="fd:there", **arguments)


def drain(fd, path):
    """What comes out of a pipe, up to its end, into a file."""
    with open(fd, "rb") as pipe, open(path, "wb") as file:
        while data := pipe.read(MIB):
            file.write(data)


def check_fd(t, lines, folder):
    reader, writer = os.pipe()
    with t.case("kdump-raw formats need a seekable descriptor"):
        pass_fd(lines, "there", writer)
        os.close(writer)
        got = refusal(lines, fd_request(format="kdump-raw-zlib"))
        assert got == "kdump-raw formats require a seekable file", got
    with t.case("a descriptor is taken over and closed, even if refused"):
        assert os.read(reader, 1) == b""
        got = refusal(lines, request("closefd", fdname="there"))
        assert got == "File descriptor named 'there' not found", got
    os.close(reader)
    path = folder / "vmcore"
    for name in ("elf", "kdump-zlib", "kdump-raw-zlib"):
        with t.case(f"{name} into a file's descriptor"):
            with open(path, "wb") as file:
                pass_fd(lines, "there", file.fileno())
            lines.send(fd_request(format=name))
            assert answer(lines)[0] == {"return": {}}
            with open_dump(path) as dump:
                assert dump.read(MIB, MIB) == t.pattern
    for name in ("elf", "kdump-zlib"):
        with t.case(f"{name} into a pipe"):
            reader, writer = os.pipe()
            pass_fd(lines, "there", writer)
            os.close(writer)
            lines.send(fd_request(format=name))
            drain(reader, path)
            assert answer(lines)[0] == {"return": {}}
            with open_dump(path) as dump:
                assert dump.read(MIB, MIB) == t.pattern
    path.unlink()


def check_bad_fd(t, lines):
    def fails(text, fd):
        pass_fd(lines, "there", fd)
        os.close(fd)
        lines.send(fd_request())
        message, events = answer(lines)
        assert text in message["error"]["desc"], message
        assert names(events) == ["STOP", "DUMP_COMPLETED", "RESUME"], events
        assert events[1]["data"]["error"] == message["error"]["desc"], events
        assert ask(lines, "query-status")["status"] == "running"

    with t.case("a pipe that nobody reads any more"):
        reader, writer = os.pipe()
        os.close(reader)
        fails("Broken pipe", writer)
    with t.case("a device that is full"):
        fails("No space left on device", os.open("/dev/full", os.O_WRONLY))
    with t.case("a descriptor that cannot be written to"):
        fails("", os.open("/dev/zero", os.O_RDONLY))


def check_range(t, lines, folder):
    path = folder / "part"
    with t.case("begin and length: memory to the byte"):
        lines.send(dump_request(path, begin=MIB + 100, length=5000))
        assert answer(lines)[0] == {"return": {}}
        with open_dump(path) as dump:
            assert dump.ram == [(MIB + 100, MIB + 5100)], dump.ram
            assert dump.read(MIB + 100, 5000) == t.pattern[100:5100]
    with t.case("begin and length with no memory"):
        for begin, length in ((RAM, MIB), (-1, MIB), (1 << 40, -1)):
            got = refusal(lines, dump_request(path, begin=begin,
                                              length=length))
            assert got == "dump: no guest memory to dump", got
    path.unlink()


def check_limit(t, lines, folder):
    path = folder / "limited"
    path.write_text("what was there")
    pid = t.system.process.pid
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    with t.case("no room for the file: the old one stays, the VM goes on"):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (MIB, hard))
        lines.send(dump_request(path))
        message, events = answer(lines)
        assert "File too large" in message["error"]["desc"], message
        assert names(events) == ["STOP", "DUMP_COMPLETED", "RESUME"], events
        assert path.read_text() == "what was there"
        assert os.listdir(folder).count("limited") == 1
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
    path.unlink()


def is_marked(path):
    """Whether a dump's own header says that it is incomplete."""
    if is_flattened(path):
        plain = path.with_name("plain")
        unflatten(path, plain)
        path = plain
    head = path.read_bytes()[:464]
    if head.startswith(b"\x7fELF"):
        return struct.unpack_from("<I", head, 48) == (1,)
    return struct.unpack_from("<I", head, 424)[0] & 8 != 0


def check_full_disk(t, lines, folder):
    for name in ("elf", "kdump-zlib", "kdump-raw-zlib"):
        with t.case(f"{name}: the disk is full"), \
                small_disk(folder / "disk") as disk:
            no_space(lines, disk / "vmcore", format=name)
            assert not list(disk.iterdir()), list(disk.iterdir())
        with t.case(f"{name}: what x-keep-partial leaves on a full disk"), \
                small_disk(folder / "disk") as disk:
            path = disk / "vmcore"
            no_space(lines, path, format=name, x_keep_partial=True)
            assert list(disk.iterdir()) == [path], list(disk.iterdir())
            kept = folder / "kept"
            shutil.copy(path, kept)
            assert is_marked(kept)


def no_space(lines, path, **arguments):
    lines.send(dump_request(path, **arguments))
    message, events = answer(lines)
    assert "No space left on device" in message["error"]["desc"], message
    assert "at offset" in message["error"]["desc"], message
    assert names(events) == ["STOP", "DUMP_COMPLETED", "RESUME"], events
    assert ask(lines, "query-status")["status"] == "running"


def hmp(lines, line):
    """A command for people: what it prints, and the events before."""
    lines.send(request("human-monitor-command", command_line=line))
    message, events = answer(lines)
    return message["return"], events


def check_people(t, lines, folder):
    path = folder / "people"
    name = "dump-guest-memory"
    for flags, kind in (("", "elf"), ("-z", "kdump-zlib"),
                        ("-R -z", "kdump-raw-zlib"), ("-p", "elf")):
        with t.case(f"people's {name} {flags}".rstrip()):
            text, events = hmp(lines, f"{name} {flags} {path}")
            assert text == "", text
            assert names(events) == ["STOP", "DUMP_COMPLETED", "RESUME"], events
            assert is_flattened(path) == (kind == "kdump-zlib")
            with open_dump(path) as dump:
                assert dump.read(MIB, MIB) == t.pattern
            assert hmp(lines, "info dump") == ("Status: completed\r\n", [])
    with t.case(f"people's {name} of a part"):
        text, _ = hmp(lines, f"{name} {path} 0x100000 4096")
        assert text == "", text
        with open_dump(path) as dump:
            assert dump.ram == [(MIB, MIB + 4096)], dump.ram
    with t.case(f"people's {name} -d"):
        text, events = hmp(lines, f"{name} -d {path}")
        assert (text, names(events)) == ("", ["STOP"]), (text, events)
        text, _ = hmp(lines, "info dump")
        assert re.fullmatch(r"Status: active\r\nFinished: \d+\.\d\d %\r\n"
                            r"|Status: completed\r\n", text), text
        wait_event(lines, "RESUME")
    help_text = f'Try "help {name}" for more information\r\n'
    for arguments, text in (
            ("", f"{name}: filename expected\r\n" + help_text),
            ("-x a", f"{name}: unsupported option -x\r\n" + help_text),
            (f"{path} 0 x", "invalid char 'x' in expression\r\n" + help_text),
            (f"{path} 0 1 2", f"{name}: extraneous characters at the end of "
             "line\r\n" + help_text),
            (f'{path} "0"', "invalid char '\"' in expression\r\n" + help_text),
            (f"{path} 0", "Error: Parameter 'length' is missing\r\n"),
            (f"-z -l {path}",
             "Error: only one of '-z|-l|-s|-w' can be set\r\n"),
            (f"-w {path}", "Error: win-dmp is not available now\r\n"),
            (f"-z -p {path}", "Error: kdump-compressed format doesn't support "
             "paging or filter\r\n"),
            (f"{folder}", f"Error: Could not create/open {folder}: "
             "is a directory\r\n"),
            ('""', "Error: Could not create/open '': is no file's name\r\n")):
        with t.case(f"people's {name} {arguments.split('/')[0]}: refused"):
            assert hmp(lines, f"{name} {arguments}") == (text, [])
    with t.case(f"people's {name} that fails says why"), \
            small_disk(folder / "disk") as disk:
        text, events = hmp(lines, f"{name} {disk}/full")
        assert text.startswith("Error: "), text
        assert text.endswith("No space left on device\r\n"), text
        assert names(events) == ["STOP", "DUMP_COMPLETED", "RESUME"], events
    path.unlink()


def check_quotes(t, lines, folder):
    """A file's name may stand in quotes, as with QEMU."""
    name = "dump-guest-memory"
    for text, file in ((f'"{folder}/a b"', "a b"),
                       (rf'"{folder}/\"\'\\.\n\r"', "\"'\\.\n\r"),
                       (rf"{folder}/\n", r"\n"),
                       (f"{folder}/'", "'"),
                       (f'\t"{folder}/tabs"\t0x100000\t4096 ', "tabs"),
                       (f'"{folder}/touching"0x100000 4096', "touching")):
        with t.case(f"people's {name} to a file named {ascii(file)}"):
            assert hmp(lines, f"{name} {text}")[0] == ""
            (folder / file).unlink()
    expected = f"{name}: filename expected\r\n"
    for text, why in (('"', "unterminated string\r\n" + expected),
                      ('"file', "unterminated string\r\n" + expected),
                      ('"file\\"', "unterminated string\r\n" + expected),
                      ('"file\\', "unterminated string\r\n" + expected),
                      (r'"file\t"',
                       r"unsupported escape code: '\t'" + "\r\n" + expected),
                      ('"file"x', "invalid char 'x' in expression\r\n")):
        with t.case(f"people's {name} {text}: refused"):
            wanted = f'{why}Try "help {name}" for more information\r\n'
            assert hmp(lines, f"{name} {text}") == (wanted, [])


def check_quit(t, lines, folder):
    with t.case("quit during a dump ends the program"):
        lines.send(dump_request(folder / "last", format="kdump-raw-zlib",
                                x_threads=0))
        wait_event(lines, "STOP")
        ask(t.system.qmp(), "quit")
        assert t.system.end() == 0
        left = [name for name in os.listdir(folder) if "last" in name]
        assert not left, left


def check_stuck(t):
    with System(t.tool, "-M", "pc", "-m", "1") as system, \
            t.case("quit ends the program though a pipe is stuck"):
        lines = system.qmp()
        reader, writer = os.pipe()
        pass_fd(lines, "there", writer)
        lines.send(fd_request(detach=True))
        assert answer(lines)[0] == {"return": {}}
        ask(lines, "quit")
        assert system.end() == 0
        os.close(reader)
        os.close(writer)


def test(t):
    backing = t.folder / "ram"
    folder = t.folder / "dumps"
    folder.mkdir()
    t.pattern = os.urandom(MIB)
    backing.write_bytes(t.pattern * (RAM // MIB))
    with System(t.tool, "-M", "pc,memory-backend=ram", "-object",
                f"memory-backend-file,id=ram,size=64M,mem-path={backing},"
                "share=on") as system:
        t.system = system
        lines = system.qmp()
        check_refusals(t, lines, folder)
        check_order(t, lines, folder)
        check_meanwhile(t, lines, folder)
        check_failures(t, lines, folder)
        check_fd(t, lines, folder)
        check_bad_fd(t, lines)
        check_range(t, lines, folder)
        check_limit(t, lines, folder)
        check_full_disk(t, lines, folder)
        check_people(t, lines, folder)
        check_quotes(t, lines, folder)
        check_quit(t, lines, folder)
    check_stuck(t)


run(test, __doc__)
