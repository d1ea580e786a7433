"""CPU time of processes, taken before and after.

CPU time and not wall time: on a shared machine the wall clock measures the neighbours.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Watched:
    """A process whose CPU time is taken, its children's with it.

    Attributes:
        pid: of the process; None where it runs elsewhere and can't be measured.
        but_not: children that serve the benchmark itself.
    """

    pid: int | None
    but_not: Collection[int] = ()


def tree_cpu_s(watched: Watched) -> float | None:
    """Return the CPU time that a process and its children have used, ended ones included [s].

    That of children that have ended is counted in steps of 10 ms. ``but_not`` is left out only while it lives.
    """
    if watched.pid is None:
        return None
    top = psutil.Process(watched.pid)
    used = _own_s(top)
    for child in top.children(recursive=True):
        if child.pid not in watched.but_not:
            try:
                used += _own_s(child)
            except psutil.NoSuchProcess:
                continue  # its time is its parent's now
    return used


def used_s(before: Mapping[str, float | None], after: Mapping[str, float | None]) -> dict[str, float | None]:
    """Return what was used between two readings [s], None where it is not known."""
    return {
        name: None if end is None or (start := before[name]) is None else end - start
        for name, end in after.items()
    }


def process_cpu_s(process: psutil.Process) -> float:
    """Return the CPU time of a process that lives, without its children [s].

    Linux has a clock for each process that counts nanoseconds; ``/proc``, which psutil reads, has steps of 10 ms,
    in which the work of a short run is nothing.

    Raises:
        psutil.NoSuchProcess: it has ended.
    """
    times = process.cpu_times()
    if sys.platform == "linux":
        with suppress(OSError):  # it ended just now, or a sandbox has no such clocks
            return time.clock_gettime(_cpu_clock(process.pid))
    return float(times.user + times.system)


def _cpu_clock(pid: int) -> int:
    """Return the clock of a process, as clock_getcpuclockid(3) makes it: ``CPUCLOCK_SCHED`` in the low bits."""
    return (~pid << 3) | 2


def _own_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    # macOS has no children_*.
    children = getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
    return process_cpu_s(process) + float(children)
