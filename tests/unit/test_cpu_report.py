"""What tests cost in CPU: children are counted while they run and after, and the dearest file comes first."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.cpu_report import summary, tree_cpu_s

BURNS = "import time\nwhile time.process_time() < 0.4: pass\nprint(flush=True)\ninput()"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_child_is_counted_while_it_runs_and_after_its_end() -> None:
    before = tree_cpu_s(os.getpid())
    with subprocess.Popen(
        [sys.executable, "-S", "-c", BURNS], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert tree_cpu_s(os.getpid()) - before >= 0.35
        child.communicate(b"\n")
    assert tree_cpu_s(os.getpid()) - before >= 0.35


def test_files_are_summed_over_processes_the_dearest_first(tmp_path: Path) -> None:
    told = tmp_path / "told"
    told.write_text(
        '{"file": "b.py", "cpu_s": 1.0, "wall_s": 9.0}\n{"test": "a.py::t", "cpu_s": 50.0, "wall_s": 1.0}\n'
        '{"file": "a.py", "cpu_s": 2.0, "wall_s": 3.0}\n{"file": "(collection)", "cpu_s": 0.0, "wall_s": 1.0}\n'
        '{"file": "b.py", "cpu_s": 2.5, "wall_s": 1.0}\n'
    )
    first, *files = summary(told)
    assert first == "CPU of this run: 6 s"
    assert [line.split() for line in files] == [
        ["3.5", "s", "CPU", "10.0", "s", "b.py"],
        ["2.0", "s", "CPU", "3.0", "s", "a.py"],
        ["0.0", "s", "CPU", "1.0", "s", "(collection)"],
    ]
