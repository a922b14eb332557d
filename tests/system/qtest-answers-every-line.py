#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The qtest protocol, line by line: each command's answer, and an answer that
starts with ERR or FAIL to everything else; nothing ends the server."""

import base64
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from check import run
from system import System, run_once

ANSWERS = [
    ("endianness", "OK little"),
    ("outw 0x510 0", "OK"),
    ("inb 0x511", "OK 0x0051"),
    ("inb 1297", "OK 0x0045"),
    ("inb 02421", "OK 0x004d"),
    ("inl 0x514", "OK 0x554d4551"),
    ("inw 0x514", "OK 0x4551"),
    ("writeq 0x1000 0x1122334455667788", "OK"),
    ("readb 0x1000", "OK 0x0000000000000088"),
    ("readw 0x1000", "OK 0x0000000000007788"),
    ("readl 0x1000", "OK 0x0000000055667788"),
    ("readq 0x1000", "OK 0x1122334455667788"),
    ("read 0x1000 4", "OK 0x88776655"),
    ("writeb 0x1000 0xfffff01", "OK"),
    ("writew 0x1002 0x0302", "OK"),
    ("writel 0x1004 0x07060504", "OK"),
    ("read 0x1000 8", "OK 0x0177020304050607"),
    ("write 0x1000 4 0x11", "OK"),
    ("read 0x1000 4", "OK 0x11000000"),
    ("write 0x1000 2 0xaabbccdd", "OK"),
    ("read 0x1000 4", "OK 0xaabb0000"),
    ("write 0x1000 2 0x123", "OK"),
    ("read 0x1000 2", "OK 0x1200"),
    ("memset 0x1000 4 0x55", "OK"),
    ("memset 0x1000 0 0x66", "OK"),
    ("read 0x1000 5", "OK 0x5555555504"),
    ("b64read 0x1000 4", "OK VVVVVQ=="),
    ("b64write 0x1000 4 YWJjZA==", "OK"),
    ("b64read 0x1000 4", "OK YWJjZA=="),
    ("readq 0xfffffffffffffffc", "OK 0x" + "0" * 16),
    ("irq_intercept_in ioapic", "OK"),
    ("irq_intercept_in ioapic", "OK"),
    ("irq_intercept_out ioapic", "OK"),
    ("irq_intercept_in nothing", "FAIL Unknown device"),
    ("clock_step 1000", "OK 1000"),
    ("clock_set 5000", "OK 5000"),
    ("clock_set 10", "FAIL 5000"),
    ("module_load a b", "FAIL"),
    ("foo", "FAIL Unknown command 'foo'"),
    ("", "FAIL Unknown command ''"),
    ("write 0x1000 4 0x", "ERR invalid argument size"),
    ("b64write 0x1000 4 YW", "ERR invalid argument size"),
]

MALFORMED = [
    "inb", "inb x", "inb 0x10000", "inb -1", "inb 0x511 1", "inb  0x511",
    "inb 0x", "inb 99999999999999999999", "outb 0x511", "outb 0x511 y",
    "outb 0x511 1 ", "readb", "readb 0xg", "readq 0x10000000000000000",
    "read 0x1000", "read 0x1000 0", "read 0 0xffffffffffffffff",
    "read 0 16777217", "write 0 0 0x11", "write 0 4 11", "write 0 4 0xzz",
    "write 0 99999999 0x11", "b64write 0 4 ****", "memset 0 -1 0",
    "memset 0 0x7fffffffffffffff 0", "memset 0 4", "set_irq_in ioapic",
    "set_irq_in ioapic unnamed-gpio-in 24 1",
    "set_irq_in ioapic unnamed-gpio-in x 1",
    "set_irq_in ioapic other 1 1", "clock_step", "clock_step -1",
    "clock_step 9223372036854775807", "clock_step x", "clock_set",
    "clock_set 99999999999999999999", "endianness x", " endianness",
    "ENDIANNESS", "\t", "rtas x", "csr", "a" * 100000,
    "inb " + "9" * 100000, "x " * 50000,
]


def test(t):
    with System(t.tool, "-M", "pc", "-m", "64") as system:
        client = system.qtest()
        for line, answer in ANSWERS:
            with t.case(f"'{line}' is answered '{answer}'"):
                got = client.ask(line)
                assert got == answer, got
        with t.case("what is malformed gets an ERR or FAIL"):
            for line in MALFORMED:
                got = client.ask(line)
                assert got.startswith(("ERR ", "FAIL")), (line[:60], got)
                assert len(got) < 200, got[:300]
        with t.case("bytes that are no text get one answer per line"):
            client.send(b"\0\n\xff\xfe\n" + b"in\0b 0x511\n")
            for _ in range(3):
                assert client.line().startswith(("ERR ", "FAIL"))
            assert client.ask("endianness") == "OK little"
        with t.case("random bytes do not end the server"):
            for _ in range(50):
                data = os.urandom(1000)
                client.send(data + b"\n")
                for _ in range(data.count(b"\n") + 1):
                    answer = client.line()
                    assert answer.startswith(("ERR ", "FAIL")), answer
            assert client.ask("endianness") == "OK little"
        with t.case("a line beyond the limit gets one ERR"):
            other = system.qtest()
            for _ in range(40):
                other.send(b"x" * (1 << 20))
            other.send("\n")
            assert other.line().startswith("ERR line is longer"), "no ERR"
            assert other.ask("endianness") == "OK little"
            other.close()
        with t.case("interrupts are told before the answer"):
            client.send("set_irq_in ioapic unnamed-gpio-in 3 1\n"
                        "set_irq_in ioapic unnamed-gpio-in 3 1\n"
                        "set_irq_in ioapic unnamed-gpio-in 3 0\n")
            got = [client.line() for _ in range(5)]
            assert got == ["IRQ raise 3", "OK", "OK", "IRQ lower 3", "OK"], got
        with t.case("16 MiB go in and come out"):
            data = os.urandom(1 << 24)
            text = base64.b64encode(data).decode()
            assert client.ask(f"b64write 0x100000 {1 << 24} {text}") == "OK"
            assert client.ask(f"b64read 0x100000 {1 << 24}") == "OK " + text
            got = client.ask(f"read 0x100000 {1 << 24}")
            assert got == "OK 0x" + data.hex()
        with t.case("answers come in order when nobody waits for them"):
            client.send("".join(f"writeb {i} {i & 255}\nreadb {i}\n"
                                for i in range(5000)))
            for i in range(5000):
                assert client.line() == "OK"
                assert client.line() == f"OK 0x{i & 255:016x}"
        with t.case("a client that hangs harms nobody"):
            hung = system.qtest()
            hung.send("read 0 0x1000000\n" * 20)
            assert client.ask("endianness") == "OK little"
            hung.close()
            assert client.ask("endianness") == "OK little"
    with t.case("the clock is there for qtest alone"):
        got = run_once(t.tool, "-accel", "none", "-qtest", "stdio",
                       stdin=b"clock_step 1\n")
        assert got == (0, "FAIL Unknown command 'clock_step'\n", ""), got
    with t.case("standard input and output serve too"):
        got = run_once(t.tool, "-M", "pc", "-accel", "qtest", "-qtest",
                       "stdio", "-display", "none",
                       stdin=b"outw 0x510 0x0\ninb 0x511\n")
        assert got == (0, "OK\nOK 0x0051\n", ""), got


run(test, __doc__)
