"""``cityops bench vrp`` on an instance made here, and on files that are none."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import pyvrp
from typer.testing import CliRunner

from cityops.errors import ConfigurationError
from ops_api import vrp_bench
from ops_api.cli_bench import bench_app
from ops_api.routing_bench import Run

CLIENTS = 12


def instance(folder: Path, best: str | None = "Cost 1\n") -> Path:
    """Write a small instance, and a best known cost that nobody reaches."""
    rng = np.random.default_rng(7)
    places = rng.integers(0, 1000, (CLIENTS + 1, 2)).tolist()
    lines = [
        "NAME : T-n13",
        "TYPE : CVRP",
        f"DIMENSION : {CLIENTS + 1}",
        "EDGE_WEIGHT_TYPE : EUC_2D",
        "CAPACITY : 40",
    ]
    lines += ["NODE_COORD_SECTION", *(f"{n} {x} {y}" for n, (x, y) in enumerate(places, 1))]
    lines += ["DEMAND_SECTION", "1 0", *(f"{n} 10" for n in range(2, CLIENTS + 2))]
    lines += ["DEPOT_SECTION", "1", "-1", "EOF"]
    (folder / "T-n13.vrp").write_text("\n".join(lines) + "\n")
    if best is not None:
        (folder / "T-n13.sol").write_text(best)
    return folder


def test_routes_are_measured_and_the_same_for_a_seed(tmp_path: Path) -> None:
    (case,) = vrp_bench.read_cases(instance(tmp_path))
    row = vrp_bench.measure(case, Run(1.0, 1, iterations=50))
    again = vrp_bench.measure(case, Run(1.0, 1, iterations=50))
    assert row.wrong == ()
    assert (row.clients, row.vehicles, row.iterations) == (12, 3, 50)
    assert row.gap_pct == pytest.approx(100.0 * (row.cost - 1))
    assert row.cost == again.cost


def test_the_table_and_the_document_say_the_same(tmp_path: Path) -> None:
    folder = str(instance(tmp_path))
    text = CliRunner().invoke(bench_app, ["vrp", folder, "--iterations", "20"])
    told = CliRunner().invoke(bench_app, ["vrp", folder, "--iterations", "20", "--json"])
    found = json.loads(told.stdout)
    assert text.exit_code == told.exit_code == 0
    assert str(found["instances"][0]["cost"]) in text.stdout
    assert found["conditions"]["rounding"] == "round"
    assert f"mean gap {found['mean_gap_pct']:.2f} % of 1 instances" in text.stdout


def test_without_a_best_known_there_is_no_gap(tmp_path: Path) -> None:
    (case,) = vrp_bench.read_cases(instance(tmp_path, best=None))
    row = vrp_bench.measure(case, Run(1.0, 1, iterations=5))
    assert row.gap_pct is None
    assert vrp_bench.mean_line([row]) == "no best known cost"


def test_the_check_sees_what_is_wrong(tmp_path: Path) -> None:
    (case,) = vrp_bench.read_cases(instance(tmp_path))
    data: pyvrp.ProblemData = case.data
    _, wrong = vrp_bench.checked(data, [[0, 1, 2, 3, 4], [5, 5]])
    assert "route 1 has 50 on board, a vehicle holds 40" in wrong
    assert "client 5 is visited 2 times" in wrong
    assert "client 11 is visited 0 times" in wrong


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        (None, "", "no such folder"),
        ("readme.txt", "", "no instance; expected files"),
        ("a.vrp", "this is no instance", "a.vrp: is no instance in VRPLIB format"),
    ],
)
def test_files_that_are_none_are_told(tmp_path: Path, name: str | None, text: str, words: str) -> None:
    folder = tmp_path / "x"
    if name is not None:
        folder.mkdir()
        (folder / name).write_text(text)
    with pytest.raises(ConfigurationError, match=words):
        vrp_bench.read_cases(folder)


def test_a_solution_without_a_cost_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"T-n13\.sol: no line like 'Cost 27591'"):
        vrp_bench.read_cases(instance(tmp_path, best="Route #1: 1 2\n"))
