#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A host without KVM, or with one that cannot be used, is told of in one line, and
nothing is left of the machine; the next accelerator is tried, if there is one."""

import os
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from bare import add_arguments, need_kvm
from check import Skip, run

NAME = "guestcore-system-x86_64"
HELLO = '{"execute": "qmp_capabilities"}{"execute": "quit"}'
TIMEOUT = 60
CPUS = 2
# More requests than the program has for a machine of CPUS that is not started.
REQUESTS = 120

# Runs $2… in a folder $1 that is the host's /dev, and without root's right to open
# whatever it likes.
IN_OTHER_DEV = """
    set -e
    mount -t tmpfs none "$1"
    cp "$2" "$1/%(name)s"
    cp "$3" "$1/shim"
    cd "$1"
    touch null
    mount --bind /dev/null null
    %(prepare)s
    mount --rbind "$1" /dev
    shift 3
    exec setpriv --bounding-set=-all env "$@"
"""
NOT_KVM = ("/dev/kvm is not KVM: KVM_GET_API_VERSION: "
           "Inappropriate ioctl for device")
# What /dev/kvm is, how it is made, and why it is refused.
HOSTS = [
    ("absent", "", "cannot open /dev/kvm: No such file or directory"),
    ("a link to nowhere", "ln -s nowhere kvm",
     "cannot open /dev/kvm: No such file or directory"),
    ("forbidden", "touch kvm; chmod 0 kvm",
     "cannot open /dev/kvm: Permission denied"),
    ("read-only", "touch kvm; chmod 444 kvm",
     "cannot open /dev/kvm: Permission denied"),
    ("a folder", "mkdir kvm", "cannot open /dev/kvm: Is a directory"),
    ("a plain file", "touch kvm", NOT_KVM),
    ("another device", "touch kvm; mount --bind null kvm", NOT_KVM),
]

# What the program needs, by KVM's number of it.
EXTENSIONS = {
    0: "IRQCHIP", 3: "USER_MEMORY", 4: "SET_TSS_ADDR", 7: "EXT_CPUID",
    14: "MP_STATE", 33: "PIT2", 35: "PIT_STATE2", 39: "ADJUST_CLOCK",
    41: "VCPU_EVENTS", 136: "IMMEDIATE_EXIT",
}


class Host:
    """Runs the program where /dev is another."""

    def __init__(self, t):
        self._t = t
        self._folder = t.folder / "dev"
        self._folder.mkdir()
        self._unshare = ["unshare", "--mount"]
        if os.geteuid() != 0:
            self._unshare += ["--user", "--map-root-user"]
        done = subprocess.run([*self._unshare, "true"], capture_output=True,
                              text=True, check=False)
        if done.returncode:
            raise Skip(f"no other /dev: {done.stderr.strip()}")

    def run(self, prepare, *arguments, variables=(), stdin=""):
        """(status, stdout, stderr), once `prepare` has made /dev."""
        script = IN_OTHER_DEV % {"name": NAME, "prepare": prepare}
        return execute(
            [*self._unshare, "sh", "-c", script, "sh", self._folder,
             self._t.tool, self._t.options.broken_kvm, *variables,
             f"/dev/{NAME}", *arguments], stdin)


def execute(command, stdin="", **variables):
    done = subprocess.run(
        command, input=stdin, capture_output=True, text=True, timeout=TIMEOUT,
        env={**os.environ, **variables, "LC_ALL": "C"}, check=False)
    return done.returncode, done.stdout, done.stderr


def preload(shim):
    """Loads the shim first; the sanitizers want to be that."""
    options = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
    return {"LD_PRELOAD": str(shim), "ASAN_OPTIONS": options}


def check_host(host, prepare, why):
    got = host.run(prepare, "-accel", "kvm")
    assert got == (1, "", f"{NAME}: -accel kvm: {why}\n"), got
    got = host.run(prepare, "-accel", "kvm", "-accel", "qtest", "-qtest",
                   "stdio", "-qtest-log", "none",
                   stdin="outw 0x510 0\ninb 0x511\n")
    assert got == (0, "OK\nOK 0x0051\n", ""), got


def check_extensions(t, host):
    def refused(**shim):
        variables = {**preload("/dev/shim"), "KVM_VERSION": "12", **shim}
        status, out, error = host.run(
            "touch kvm", "-accel", "kvm",
            variables=[f"{name}={value}" for name, value in variables.items()])
        assert (status, out) == (1, ""), (status, out, error)
        assert error.startswith(f"{NAME}: -accel kvm: "), error
        return error.removeprefix(f"{NAME}: -accel kvm: ")

    with t.case("KVM speaks another version"):
        error = refused(KVM_VERSION="11")
        assert error == ("/dev/kvm speaks version 11 of its interface, "
                         "not 12\n"), error
    for number, name in EXTENSIONS.items():
        with t.case(f"KVM lacks {name}"):
            error = refused(KVM_LACKS=number)
            assert error == f"the host's KVM lacks KVM_CAP_{name}\n", error
    with t.case("KVM lacks nothing, and makes no VM"):
        error = refused()
        assert error == "KVM_CREATE_VM: Inappropriate ioctl for device\n", error


def start(t, number):
    """What a machine says whose request of this number fails."""
    folder = t.folder / str(number)
    folder.mkdir()
    status, out, error = execute(
        [t.tool, "-accel", "kvm", "-S", "-m", "16", "-smp", str(CPUS),
         "-kernel", str(t.options.bare / "driver"), "-qmp", "stdio",
         "-qmp", f"unix:{folder}/qmp,server=on,wait=off",
         "-pidfile", str(folder / "pid")], HELLO,
        **preload(t.options.broken_kvm), KVM_FAILS=str(number))
    assert not list(folder.iterdir()), list(folder.iterdir())
    if status == 0:  # it can do without
        assert '"SHUTDOWN"' in out and error == "", (number, out, error)
        return None
    assert (status, out) == (1, ""), (number, status, out, error)
    assert re.fullmatch(rf"{NAME}: (-accel kvm|KVM): .*: [A-Z].*\n"
                        r"|.*: the host's KVM lacks KVM_CAP_\w+\n",
                        error), (number, error)
    return error


def check_requests(t):
    """Any request may fail until the machine is complete."""
    need_kvm()
    errors = [start(t, number) for number in range(REQUESTS)]
    assert errors[-1] is None, f"{REQUESTS} requests are not all"
    said = "".join(filter(None, errors))
    for part in ("-accel kvm: KVM_CREATE_VM", "pc.ram: ",
                 *(f"CPU {cpu}: {what}" for cpu in range(CPUS) for what in (
                     "KVM_CREATE_VCPU", "KVM_SET_CPUID2", "get SREGS",
                     "set SREGS")), "KVM: cannot reset the CPUs: "):
        assert part in said, (part, said)


def test(t):
    try:
        host = Host(t)
    except Skip as reason:
        with t.case("another /dev"):
            raise reason
    else:
        for what, prepare, why in HOSTS:
            with t.case(f"/dev/kvm is {what}"):
                check_host(host, prepare, why)
        check_extensions(t, host)
    with t.case("each request to KVM fails once"):
        check_requests(t)


def arguments(parser):
    add_arguments(parser)
    parser.add_argument("--broken-kvm", type=Path, required=True,
                        help="what stands between the program and KVM")


run(test, __doc__, arguments)
