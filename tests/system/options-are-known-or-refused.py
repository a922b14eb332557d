#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The command line: an option or value that is not known is an error in one
line and status 1; what is known works; the lists list."""

import os
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from check import ROOT, run
from system import System, run_once

# What is wrong, and what the error line has to say.
WRONG = [
    (["-foo"], "-foo: invalid option"),
    (["--foo"], "--foo: invalid option"),
    (["foo"], "foo: invalid option"),
    (["-"], "-: invalid option"),
    ([""], ": invalid option"),
    (["-m"], "-m: requires a value"),
    (["-M", "foo"], "unsupported machine type 'foo'"),
    (["-M", "virt"], "unsupported machine type 'virt'"),
    (["-M", "pc,usb=off"], "unknown parameter 'usb'"),
    (["-M", "pc,accel=foo"], "foo: invalid accelerator"),
    (["-M", "pc,dumpdtb=/nowhere/x"], "machine pc has no device tree"),
    (["-M", "pc,memory-backend=x"], "there is no such -object"),
    (["-accel", "foo"], "-accel foo: invalid accelerator"),
    (["-accel", "tcg"], "-accel tcg: accelerator is not built in"),
    (["-m", "1x"], "'1x' is not a size"),
    (["-m", "-1"], "'-1' is not a size"),
    (["-m", "16E"], "is not a size below 2^64"),
    (["-m", "15E"], "cannot map"),
    (["-m", "17T"], "bytes of RAM"),
    (["-m", "4097b"], "multiple of"),
    (["-m", "1G,slots=3"], "unknown parameter 'slots'"),
    (["-smp", "0"], "'0' is not a number"),
    (["-smp", "x"], "'x' is not a number"),
    (["-smp", "4,maxcpus=2"], "cpus=4"),
    (["-smp", "3,sockets=2"], "do not make"),
    (["-smp", "256"], "at most 255"),
    (["-smp", "4,dies=2"], "unknown parameter 'dies'"),
    (["-uuid", "x"], "'x' is not a UUID"),
    (["-boot", "menu=maybe"], "'maybe' is neither on nor off"),
    (["-boot", "splash-time=65536"], "'65536' is not a number"),
    (["-boot", "reboot-timeout=-2"], "'-2' is not a number"),
    (["-boot", "n"], "parameter"),
    (["-device", "foo"], "'foo' is not a valid device model name"),
    (["-device", "vmcoreinfo,x=3"], "unknown parameter 'x'"),
    (["-device", "vmcoreinfo", "-device", "vmcoreinfo"],
     "at most one vmcoreinfo device is permitted"),
    (["-device", "vmcoreinfo", "-global", "fw_cfg.dma_enabled=off"],
     "vmcoreinfo device requires fw_cfg with DMA"),
    (["-M", "none", "-device", "vmcoreinfo"],
     "vmcoreinfo device requires fw_cfg with DMA"),
    (["-M", "none", "-fw_cfg", "x,string=y"], "machine none"),
    (["-device", "pvpanic", "-device", "pvpanic"], "etc/pvpanic-port"),
    (["-M", "none", "-device", "pvpanic"], "machine none has no I/O ports"),
    (["-action", "panic=foo"], "'panic' does not accept value 'foo'"),
    (["-action", "reboot=pause"], "'reboot' does not accept value 'pause'"),
    (["-action", "watchdog=none"], "unknown parameter 'watchdog'"),
    (["-action", "panic=dump"], "panic=dump needs -dump-on-panic"),
    (["-dump-on-panic", "OUT"], "needs -device pvpanic"),
    (["-dump-on-panic", "OUT,format=x"], "there is no format x"),
    (["-dump-on-panic", "OUT,level=32"], "'32' is not a number from 0 to 31"),
    (["-dump-on-panic", "OUT,level=x"], "'x' is not a number from 0 to 31"),
    (["-dump-on-panic", "OUT,then=run"], "is not pause, shutdown or reset"),
    (["-dump-on-panic", "/nowhere/x"], "cannot open directory /nowhere"),
    (["-dump-on-panic", "format=elf"], "'file' is missing"),
    (["-global", "x"], "driver.property=value"),
    (["-global", "fw_cfg.foo=1"], "no property 'fw_cfg.foo'"),
    (["-global", "fw_cfg.dma_enabled=2"], "'2' is neither on nor off"),
    (["-fw_cfg", "opt/x"], "exactly one of file and string"),
    (["-fw_cfg", "opt/x,string=a,file=b"], "exactly one of file and string"),
    (["-fw_cfg", "opt/x,file=/nowhere/x"], "/nowhere/x"),
    (["-fw_cfg", "x" * 56 + ",string=a"], "name too long (max. 55 char)"),
    (["-fw_cfg", "a,string=a", "-fw_cfg", "a,string=b"], "a"),
    (["-object", "rng-random,id=x"], "memory-backend-memfd"),
    (["-object", "memory-backend-memfd,id=x,size=15E", "-M",
      "pc,memory-backend=x"], "bytes long"),
    (["-object", "memory-backend-memfd,size=1M"], "'id' is missing"),
    (["-object", "memory-backend-memfd,id=x"], "'size' is missing"),
    (["-object", "memory-backend-file,id=x,size=1M"], "'mem-path' is missing"),
    (["-object", "memory-backend-memfd,id=x,size=1M,foo=1"],
     "unknown parameter 'foo'"),
    (["-object", "memory-backend-memfd,id=x,size=64M", "-m", "32",
      "-M", "pc,memory-backend=x"], "memory-backend=x"),
    (["-kernel", "/nowhere/x"], "/nowhere/x"),
    (["-append", "x"], "-append is only allowed with -kernel"),
    (["-qtest", "tcp:localhost:1"], "no TCP"),
    (["-qtest", "foo"], "none of stdio, null"),
    (["-qtest", "unix:/nowhere/x"], "cannot connect to '/nowhere/x'"),
    (["-qtest", "unix:" + "x" * 108], "1 to 107 bytes"),
    (["-qtest", "unix:/nowhere/x,server=on"], "cannot listen on"),
    (["-qtest", "stdio", "-qmp", "stdio"], "cannot use stdio by multiple"),
    (["-qtest-log", "/nowhere/x", "-qtest", "null"], "/nowhere/x"),
    (["-chardev", "foo,id=a"], "'foo' is not a character device backend"),
    (["-chardev", "null"], "'id' is missing"),
    (["-chardev", "null,id=a,x=y"], "unknown parameter 'x'"),
    (["-chardev", "socket,id=a,host=h,port=1"], "no TCP"),
    (["-chardev", "socket,id=a,path=/x,reconnect=1"],
     "unknown parameter 'reconnect'"),
    (["-chardev", "null,id=a", "-chardev", "null,id=a"], "two character"),
    (["-mon", "a"], "'mode' is missing"),
    (["-mon", "a,mode=readline"], "'readline' is not a mode"),
    (["-mon", "a,mode=control"], "no character device 'a'"),
    (["-chardev", "null,id=a", "-mon", "a,mode=control",
      "-mon", "a,mode=control"], "'a' is in use"),
    (["-serial", "foo"], "none of stdio, null"),
    (["-display", "gtk"], "'gtk' is not none"),
    (["-audio", "alsa"], "'alsa' is not none"),
    (["-run-with", "foo=on"], "unknown parameter 'foo'"),
    (["-daemonize", "-run-with", "exit-with-parent=on"], "-daemonize"),
    (["-daemonize", "-qmp", "stdio"], "-daemonize leaves no stdio"),
    (["-pidfile", "/nowhere/x"], "/nowhere/x"),
    (["-monitor", "stdio"], "-monitor: invalid option"),
]

LISTS = [
    (["-h"], "-device"),
    (["--help"], "-device"),
    (["--version"], "guestcore"),
    (["-M", "help"], "q35"),
    (["-machine", "?"], "q35"),
    (["-accel", "help"], "qtest"),
    (["-device", "help"], 'name "vmcoreinfo"'),
    (["-device", "vmcoreinfo,help"], "no options for vmcoreinfo"),
    (["-chardev", "help"], "socket"),
]

RIGHT = [
    [], ["-m", "1"], ["-m", "1T"], ["-m", "16T"], ["-m", "0.5G"], ["-m", "size=64M"],
    ["-smp", "4"], ["-smp", "2,maxcpus=4"], ["-smp", "8,sockets=2,cores=2,"
                                             "threads=2"],
    ["-uuid", "00112233-4455-6677-8899-aabbccddeeff"],
    ["-boot", "menu=on,splash-time=1,reboot-timeout=-1"],
    ["-device", "pvpanic", "-action", "panic=none,reboot=shutdown"],
    ["-device", "pvpanic", "-dump-on-panic", "OUT,then=reset,level=31",
     "-no-shutdown"],
    ["-device", "vmcoreinfo,id=v"], ["-global", "fw_cfg.dma_enabled=off"],
    ["-global", "fw_cfg.x-file-slots=64"],
    ["-fw_cfg", "opt/x,string=a,,b"], ["-fw_cfg", "name=opt/x,string="],
    ["-object", "memory-backend-memfd,id=x,size=64M,share=off", "-M",
     "pc,memory-backend=x"],
    ["-object", "memory-backend-ram,id=x,size=64M", "-M",
     "pc,memory-backend=x"],
    ["-object", "memory-backend-ram,id=x,size=64M,share=on", "-M",
     "pc,memory-backend=x"],
    ["-kernel", "KERNEL", "-initrd", "KERNEL", "-append", "a=b"],
    ["-serial", "null", "-serial", "none", "-serial", "file:OUT"],
    ["-display", "none", "-audio", "none", "-nographic", "-nodefaults"],
    ["-name", "guest=a"], ["-name", "a"], ["-S"], ["-no-reboot"],
    ["-chardev", "null,id=a", "-serial", "chardev:a"],
    ["-M", "q35,accel=hvf:qtest"],
    ["-qtest-log", "none"], ["-accel", "none"], ["--machine", "pc"],
]


def wrong(t, arguments, says):
    status, out, err = run_once(t.tool, "-qtest", "stdio", *arguments)
    lines = err.splitlines()
    assert status == 1 and not out, (status, out, err)
    assert len(lines) == 1, err
    assert lines[0].startswith("guestcore-system-x86_64: "), err
    assert says in lines[0], err


def ram(t):
    with System(t.tool, "-m", "1T") as system:
        qtest = system.qtest()
        qtest.ask("writeq 0xffffffff00 1")
        assert qtest.ask("readq 0xffffffff00").endswith("1")
        rss = re.search(r"VmRSS:\s+(\d+)", Path(
            f"/proc/{system.process.pid}/status").read_text())[1]
        assert int(rss) < 50000, rss


def file_backed(t):
    path = t.folder / "ram"
    backend = f"memory-backend-file,id=r,size=64M,mem-path={path},share=on"
    with System(t.tool, "-object", backend, "-M", "pc,memory-backend=r") \
            as system:
        system.qtest().ask("write 0x1234 4 0xdeadbeef")
        with open(path, "rb") as file:
            file.seek(0x1234)
            assert file.read(4) == bytes.fromhex("deadbeef")
    assert path.stat().st_size == 64 << 20
    assert path.stat().st_mode & 0o777 == 0o600


def manual(t):
    """The page has every option, and no other."""
    page = (ROOT / "docs/man/guestcore-system.1").read_text()
    documented = set(re.findall(r"^\.It Fl (?!-)(\S+)", page, re.M))
    status, out, _ = run_once(t.tool, "-h")
    assert status == 0
    offered = set(re.findall(r"^-(\S+)", out, re.M))
    assert documented == offered, documented ^ offered


def test(t):
    (t.folder / "kernel").write_bytes(b"k" * 4096)
    for arguments, says in WRONG:
        with t.case(f"{' '.join(arguments)[:60]}: {says}"):
            wrong(t, arguments, says)
    for arguments, says in LISTS:
        with t.case(f"{' '.join(arguments)} prints and ends"):
            status, out, err = run_once(t.tool, *arguments)
            assert status == 0 and says in out and not err, (out, err)
    for arguments in RIGHT:
        with t.case(f"{' '.join(arguments)} is accepted"):
            real = [a.replace("KERNEL", str(t.folder / "kernel"))
                    .replace("OUT", str(t.folder / "out")) for a in arguments]
            got = run_once(t.tool, *real, "-qtest", "stdio",
                           stdin=b"endianness\n")
            assert got == (0, "OK little\n", ""), got
    with t.case("1 TiB of RAM is there at once and costs nothing"):
        ram(t)
    with t.case("RAM in a file"):
        file_backed(t)
    with t.case("no machine is the default where QEMU has none"):
        status, _, err = run_once(t.tool, target="aarch64")
        assert status == 1 and "no machine specified" in err, err
    with t.case("a name without a target is refused"):
        link = t.folder / "guestcore-system"
        os.symlink(os.path.abspath(t.tool), link)
        done = subprocess.run([link, "-M", "pc"], capture_output=True,
                              timeout=20, text=True)
        status, err = done.returncode, done.stderr
        assert status == 1 and "target" in err, err
    with t.case("the manual page has the options of the program"):
        manual(t)


run(test, __doc__)
