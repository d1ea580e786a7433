"""Run a program that must not outlive its parent, even one that is killed with -9.

Started as
``python -I -S lifeline.py [--uid N --gid N] [--signal N] [--again S] [--grace S] [--cwd DIR] -- program ...``
with a pipe as standard input of which the parent holds the other end. When the
pipe closes, for whatever reason, the program is sent the signal, where asked for
again and again, and SIGKILL after the grace. The first line on standard output is the program's process id; after
that standard output belongs to nobody. The exit code is the program's.

A pipe rather than PR_SET_PDEATHSIG alone: that fires when the *thread* that
started the child ends, and macOS has nothing like it. Between this process and the
program, both single-threaded, it is used where there is one.

Uses the standard library only and imports nothing of cityops.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from types import FrameType

_PR_SET_PDEATHSIG = 1


def main(argv: list[str]) -> int:
    """Run the program; return its exit code, or 128 + n where signal n ended it."""
    options = _options(argv)
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _noted)
    child = subprocess.Popen(
        options.program,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr.fileno(),
        user=options.uid,
        group=options.gid,
        extra_groups=None if options.uid is None else [],
        preexec_fn=_arranged(signal.SIGKILL),
        cwd=options.cwd,
    )
    print(child.pid, flush=True)
    _watch(child, wake_read)
    if child.poll() is None:
        _end(child, options.signal, options.grace, options.again)
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


def _options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--uid", type=int)
    parser.add_argument("--gid", type=int)
    parser.add_argument("--signal", type=int, default=signal.SIGTERM)
    parser.add_argument("--again", type=float)
    parser.add_argument("--grace", type=float, default=10.0)
    parser.add_argument("--cwd", default="/")
    parser.add_argument("program", nargs="+")
    return parser.parse_args(argv)


def _noted(_number: int, _frame: FrameType | None) -> None:
    """Handle a signal by doing nothing: the wake-up descriptor has it."""


def _watch(child: subprocess.Popen[bytes], wake: int) -> None:
    """Return when the parent has let go, a signal asks to stop, or the program has ended."""
    while child.poll() is None:
        readable, _, _ = select.select([0, wake], [], [])
        if 0 in readable and os.read(0, 4096) == b"":
            return
        if wake in readable and set(os.read(wake, 64)) - {signal.SIGCHLD}:
            return


def _end(child: subprocess.Popen[bytes], number: int, grace_s: float, again_s: float | None) -> None:
    every_s = grace_s if again_s is None else again_s
    for _ in range(max(1, round(grace_s / every_s)) if every_s else 1):
        child.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(every_s)
            return
    child.kill()
    child.wait()


def _arranged(number: int) -> Callable[[], None]:
    """Return what a child runs before its program.

    It dies with this process (Linux). A limit on the size of files is told to it as an error, as a full
    disk is, instead of killing it.
    """
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform.startswith("linux") else None

    def arrange() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        if libc is not None:
            libc.prctl(_PR_SET_PDEATHSIG, number)

    return arrange


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
