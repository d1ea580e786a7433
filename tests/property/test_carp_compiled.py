"""The arc routing loops compiled: the same plans as interpreted, and good ones on real instances.

Everywhere else in the tests the loops run interpreted (``tests/conftest.py``): compiling them
takes longer than all of those tests together, so it is done in one place.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rules.core.carp.compiled import COMPILED
from tests.fakes.carp_runs import outcomes
from tests.fakes.real_data import real_data

pytest.importorskip("numba", reason="numba is not installed, so there is nothing compiled to test")
ROOT = Path(__file__).parents[2]


def run(*words: str, jit: bool) -> str:
    environment = os.environ | {"NUMBA_DISABLE_JIT": "0" if jit else "1"}
    command = [sys.executable, "-m", *words]
    return subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.timeout(600)
def test_compiled_interpreted_and_without_numba_find_the_same() -> None:
    assert not COMPILED
    compiled = run("tests.fakes.carp_runs", jit=True).splitlines()
    absent = run("tests.fakes.carp_runs", "absent", jit=True).splitlines()
    assert (compiled[0], absent[0]) == ("compiled", "interpreted")
    assert compiled[1:] == absent[1:] == outcomes()


@pytest.mark.timeout(600)
@pytest.mark.real_data
def test_real_instances_are_solved_in_few_iterations(tmp_path: Path) -> None:
    for name in ("gdb/gdb1.dat", "gdb/gdb13.dat", "gdb/gdb23.dat", "egl/egl-e1-A.dat", "best_known.csv"):
        shutil.copy(real_data(f"carp/{name}"), tmp_path)
    words = ("ops_api", "bench", "carp", str(tmp_path), "--iterations", "100000", "--json")
    report = json.loads(run(*words, jit=True))
    assert report["conditions"]["compiled"] is True
    assert all(row["verified"] for row in report["instances"])
    assert report["mean_gap_pct"] <= 0.5
