"""What files of tests cost in CPU, with the processes that they start: their time says little on a busy machine.

``pytest --cpu-report FILE`` adds a line of JSON to a file for each file of tests and each test that takes a second,
and prints the dearest files. Linux only.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter, defaultdict
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

SHOWN = 40
LONG_S = 1.0
"""A test of so long has a line of its own."""
_TICKS = os.sysconf("SC_CLK_TCK")


def tree_cpu_s(root: int) -> float:
    """Return the CPU of a process and of all that it started, ended or not, that ended not as orphans [s]."""
    spent, children = dict[int, int](), defaultdict[int, list[int]](list)
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                said = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it has ended since
                continue
            children[int(said[1])].append(int(folder.name))
            spent[int(folder.name)] = sum(map(int, said[11:15]))
    total, left = 0, [root]
    while left:
        process = left.pop()
        total += spent.get(process, 0)
        left += children[process]
    return total / _TICKS


class CpuReport:
    """A plugin of one process that runs tests."""

    def __init__(self, told: Path) -> None:
        self._told, self._lost_s = told, 0.0
        self._cpu_s, self._at_s = tree_cpu_s(os.getpid()), time.monotonic()
        self._file_cpu_s, self._file_at_s = self._cpu_s, self._at_s

    def pytest_collection_finish(self) -> None:
        """What there was until now is for looking for tests."""
        self._read()
        self._tell("file", "(collection)", self._file_cpu_s, self._file_at_s)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, object, object]:
        """Read the clocks after what is long and after each file."""
        result = yield
        last = nextitem is None or nextitem.path != item.path
        if last or time.monotonic() - self._at_s > LONG_S:
            before = self._cpu_s, self._at_s
            self._read()
            self._tell("test", item.nodeid, *before)
        if last:
            self._tell("file", item.nodeid.partition("::")[0], self._file_cpu_s, self._file_at_s)
        return result

    def _read(self) -> None:
        found_s = tree_cpu_s(os.getpid())
        # What nobody waited for, as a browser's processes, takes its CPU with it.
        self._lost_s = max(self._lost_s, self._cpu_s - found_s)
        self._cpu_s, self._at_s = found_s + self._lost_s, time.monotonic()

    def _tell(self, what: str, name: str, cpu_s: float, at_s: float) -> None:
        line = {what: name, "cpu_s": round(self._cpu_s - cpu_s, 2), "wall_s": round(self._at_s - at_s, 2)}
        with self._told.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        if what == "file":
            self._file_cpu_s, self._file_at_s = self._cpu_s, self._at_s


def summary(told: Path) -> list[str]:
    """Return the dearest files, the dearest first, in words."""
    lines: list[dict[str, Any]] = [json.loads(line) for line in told.read_text(encoding="utf-8").splitlines()]
    cpu_s, wall_s = Counter[str](), Counter[str]()
    for line in lines:
        if "file" in line:
            cpu_s[line["file"]] += line["cpu_s"]
            wall_s[line["file"]] += line["wall_s"]
    return [
        f"CPU of this run: {cpu_s.total():.0f} s",
        *(f"{s:8.1f} s CPU {wall_s[name]:8.1f} s  {name}" for name, s in cpu_s.most_common(SHOWN)),
    ]
