# SPDX-License-Identifier: MIT
"""The frame of an end-to-end test: cases, verdicts in TAP, a clean end.

    def test(t):
        with Guest(t.image) as guest:
            with t.case("the sky is blue"):
                assert colour(guest) == "blue", colour(guest)

    run(test, __doc__)

The exit status is 0 (all well), 1 (something is wrong), 77 (nothing could be
tried).  With --tap a test that could not be tried ends with 0, as the readers of
TAP expect.
"""

import argparse
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

EXIT_SKIP = 77
ROOT = Path(__file__).resolve().parents[2]


class Skip(Exception):
    """What is needed for a case, or for all of them, is not there."""


def fetched(script, folder, *arguments):
    """A folder that one of tests/guest/ makes, and brings up to date."""
    command = [str(ROOT / "tests/guest" / script), str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        words = done.stderr.strip().splitlines()
        why = words[-1] if words else f"status {done.returncode}"
        raise Skip(f"{shlex.join(command)}: {why}")
    return Path(folder)


class Test:
    """What a test's body gets: where things are, and `case`.

    image   the folder of the guest
    tool    the path of the program under test
    folder  an empty folder, removed at the end
    """

    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.tool = options.guestcore
        self.passed = self.failed = self.skipped = 0

    @cached_property
    def image(self):
        """The folder of the guest's kernel and userspace."""
        return fetched("build-image", self.options.guest)

    def room(self):
        """How many bytes still fit in `folder`."""
        return shutil.disk_usage(self.folder).free

    @contextmanager
    def case(self, name):
        """One thing that holds or not; the test goes on after either."""
        try:
            yield
        except Skip as reason:
            self.skipped += 1
            self._say(f"ok {self._count()} {name} # SKIP {reason}")
        except Exception:  # whatever goes wrong in a case is its verdict
            self.fail(name, traceback.format_exc())
        else:
            self.passed += 1
            self._say(f"ok {self._count()} {name}")

    def fail(self, name, why):
        """Notes down a case that does not hold.  Why goes to stderr: that is
        what meson shows of a test that reports in TAP."""
        self.failed += 1
        self._say(f"not ok {self._count()} {name}")
        print(f"{name}:\n{why}", file=sys.stderr, flush=True)

    def note(self, text):
        """Says something that is no verdict."""
        for line in text.rstrip().splitlines():
            self._say(f"# {line}")

    def finish(self):
        """Says how many cases there were and returns the exit status."""
        self._say(f"1..{self._count()}")
        if self.failed:
            return 1
        if self.passed:
            return 0
        return 0 if self.options.tap else EXIT_SKIP

    def _count(self):
        return self.passed + self.failed + self.skipped

    @staticmethod
    def _say(line):
        print(line, flush=True)


def run(body, about, add_arguments=None):
    """Runs a test's body and exits with its verdict."""
    options = _parse(about, add_arguments)
    # A signal unwinds the stack, so that no guest and no file stays behind.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="guestcore-test-") as folder:
        test = Test(options, Path(folder))
        try:
            body(test)
        except Skip as reason:
            if not test.passed + test.failed + test.skipped:
                print(f"1..0 # SKIP {reason}", flush=True)
                sys.exit(0 if options.tap else EXIT_SKIP)
            test.fail("the test runs to its end", f"skipped: {reason}")
        except Exception:  # the cases that did not come are a failure
            test.fail("the test runs to its end", traceback.format_exc())
        status = test.finish()
    sys.exit(status)


def _parse(about, add_arguments):
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--guestcore", type=os.path.abspath,
                        default=ROOT / "build/bin/guestcore",
                        help="the program under test")
    parser.add_argument("--guest", default=ROOT / "build/guest-image",
                        help="the folder that tests/guest/build-image made")
    parser.add_argument("--tap", action="store_true",
                        help="exit with 0 when nothing could be tried")
    if add_arguments:
        add_arguments(parser)
    return parser.parse_args()
