"""Vehicle routing instances of CVRPLIB in files, solved by the rounds' solver and compared with the best known costs."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

import pyvrp

from cityops.errors import ConfigurationError
from ops_api.routing_bench import Run, gap_pct, instance_files, mean_pct
from rules.core.rounds.searching import Until

HEADING = f"{'instance':<18}{'clients':>9}{'best known':>12}{'cost':>12}{'gap %':>9}{'vehicles':>10}{'iterations':>12}"
ROUNDING = "round"
"""Distances of the X instances are rounded to the nearest whole number; any other rounding makes other costs."""


@dataclass(frozen=True, slots=True)
class Case:
    """An instance with the best known cost; None where nobody says."""

    name: str
    data: pyvrp.ProblemData
    best_known: int | None


@dataclass(frozen=True, slots=True)
class Row:
    """One instance's result; ``wrong`` = what is wrong with the routes, worked out anew from the instance."""

    instance: str
    clients: int
    best_known: int | None
    cost: int
    gap_pct: float | None
    vehicles: int
    iterations: int
    cpu_s: float
    wrong: tuple[str, ...]

    @property
    def line(self) -> str:
        """The row as people read it."""
        gap = "" if self.gap_pct is None else f"{self.gap_pct:.2f}"
        best = "-" if self.best_known is None else str(self.best_known)
        text = f"{self.instance:<18}{self.clients:>9}{best:>12}{self.cost:>12}{gap:>9}{self.vehicles:>10}{self.iterations:>12}"
        return "\n".join([text, *(f"  WRONG: {w}" for w in self.wrong)])


def read_cases(folder: Path) -> list[Case]:
    """Return the instances of a folder in the order of their names.

    Raises:
        ConfigurationError: no folder, no instance in it, or one that can't be read.
    """
    files = instance_files(folder, ".vrp", ", with the best known in *.sol")
    return [Case(file.stem, _read(file), _best_known(file.with_suffix(".sol"))) for file in files]


def _read(file: Path) -> pyvrp.ProblemData:
    try:
        data = pyvrp.read(file, round_func=ROUNDING)
    except Exception as error:  # what the reader raises at a file that is none is not said anywhere
        raise ConfigurationError(f"{file}: is no instance in VRPLIB format: {error}") from error
    if data.num_clients == 0:
        raise ConfigurationError(f"{file}: has no clients")
    return data


def _best_known(file: Path) -> int | None:
    """Return the cost in a file of CVRPLIB's form; None where there is no file."""
    if not file.exists():
        return None
    text = file.read_text(encoding="utf-8", errors="replace")
    found = re.search(r"^\s*cost\s*:?\s*(\d+)(?:\.0*)?\s*$", text, re.IGNORECASE | re.MULTILINE)
    if found is None or int(found[1]) == 0:
        raise ConfigurationError(f"{file}: no line like 'Cost 27591'")
    return int(found[1])


def measure(case: Case, run: Run) -> Row:
    """Solve an instance and look at the routes."""
    began = time.process_time()
    result = pyvrp.solve(case.data, Until(run.budget), run.seed, collect_stats=False)
    cpu_s = time.process_time() - began
    routes = [[a.idx for a in route if a.is_client()] for route in result.best.routes()]
    cost, wrong = checked(case.data, routes)
    return Row(
        case.name,
        case.data.num_clients,
        case.best_known,
        cost,
        gap_pct(cost, case.best_known),
        len(routes),
        result.num_iterations,
        round(cpu_s, 2),
        tuple(wrong),
    )


def checked(data: pyvrp.ProblemData, routes: Sequence[Sequence[int]]) -> tuple[int, list[str]]:
    """Return the length of routes, and what is wrong with them: worked out from the instance's numbers alone."""
    matrix, clients = data.distance_matrix(0), data.clients()
    depot, room = data.depot(0).location, data.vehicle_type(0).capacity
    total, wrong = 0, []
    for number, route in enumerate(routes, 1):
        stops = [depot, *(clients[c].location for c in route), depot]
        total += sum(int(matrix[a, b]) for a, b in pairwise(stops))
        load = sum(sum(clients[c].delivery) for c in route)
        if load > sum(room):
            wrong.append(f"route {number} has {load} on board, a vehicle holds {sum(room)}")
    seen = Counter(c for route in routes for c in route)
    wrong += [f"client {c} is visited {seen[c]} times" for c in range(len(clients)) if seen[c] != 1]
    return total, wrong


def conditions(run: Run) -> dict[str, object]:
    """Return what the results depend on."""
    return {**run.conditions, "rounding": ROUNDING, "pyvrp": version("pyvrp")}


def document(run: Run, rows: Sequence[Row]) -> dict[str, object]:
    """Return the results for machines."""
    return {
        "conditions": conditions(run),
        "mean_gap_pct": mean_gap(rows),
        "instances": [asdict(row) for row in rows],
    }


def mean_gap(rows: Sequence[Row]) -> float | None:
    """Return the mean gap to the best known [%]; None where none is known."""
    mean = mean_pct(row.gap_pct for row in rows)
    return None if mean is None else round(mean, 3)


def mean_line(rows: Sequence[Row]) -> str:
    """Return the last line for people."""
    mean = mean_gap(rows)
    return "no best known cost" if mean is None else f"mean gap {mean:.2f} % of {len(rows)} instances"
