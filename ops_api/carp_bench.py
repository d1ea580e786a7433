"""Arc routing instances in files, solved and compared with the best known costs."""

from __future__ import annotations

import csv
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from cityops.errors import ConfigurationError
from ops_api.routing_bench import Run, gap_pct, instance_files, mean_pct
from rules.core.carp.compiled import COMPILED
from rules.core.carp.drive import drives_of
from rules.core.carp.instance import Instance
from rules.core.carp.matrix import problem_of
from rules.core.carp.reader import parse
from rules.core.carp.solve import solve, warm_up
from rules.core.carp.verify import problems_of

BEST_KNOWN = "best_known.csv"
HEADING = f"{'instance':<14}{'lower bound':>12}{'best known':>12}{'cost':>10}{'gap %':>9}{'vehicles':>10}{'iterations':>12}"


@dataclass(frozen=True, slots=True)
class Case:
    """An instance with what is known of its answer; None where nothing is."""

    instance: Instance
    lower_bound: int | None
    best_known: int | None


@dataclass(frozen=True, slots=True)
class Row:
    """One instance's result; ``wrong`` = what the verifier says against the plan."""

    instance: str
    lower_bound: int | None
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
        gap = "" if self.gap_pct is None else f"{self.gap_pct:.3f}"
        lower, best = ("-" if v is None else str(v) for v in (self.lower_bound, self.best_known))
        text = f"{self.instance:<14}{lower:>12}{best:>12}{self.cost:>10}{gap:>9}{self.vehicles:>10}{self.iterations:>12}"
        return "\n".join([text, *(f"  WRONG: {w}" for w in self.wrong)])


def read_cases(folder: Path) -> list[Case]:
    """Return the instances of a folder in the order of their names.

    Raises:
        ConfigurationError: no folder, no instance in it, or one that can't be read.
    """
    files = instance_files(folder, ".dat")
    known = _best_known(folder)
    try:
        return [_case(parse(file.stem, file.read_text(encoding="utf-8")), known) for file in files]
    except ValueError as e:
        raise ConfigurationError(str(e)) from e


def _best_known(folder: Path) -> dict[str, tuple[int, int]]:
    for place in (folder, folder.resolve().parent):
        file = place / BEST_KNOWN
        if file.is_file():
            return _table(file)
    return {}


def _table(file: Path) -> dict[str, tuple[int, int]]:
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            return {
                row["instance"]: (int(row["lower_bound"]), int(row["best_known_cost"]))
                for row in csv.DictReader(lines)
            }
    except (KeyError, TypeError, ValueError) as e:
        raise ConfigurationError(
            f"{file}: needs the columns instance, lower_bound, best_known_cost with whole numbers ({e!r})"
        ) from e


def _case(instance: Instance, known: dict[str, tuple[int, int]]) -> Case:
    bounds = known.get(instance.name, instance.bounds)
    lower, best = (None, None) if bounds is None else bounds
    return Case(instance, lower if lower else None, best if best and best > 0 else None)


def measure(case: Case, run: Run) -> Row:
    """Solve one instance and check the plan."""
    warm_up()
    began = time.process_time()
    try:
        problem = problem_of(case.instance)
    except ValueError as e:
        raise ConfigurationError(f"{case.instance.name}: {e}") from e
    found = solve(problem, run.budget, run.seed)
    used = time.process_time() - began
    cost = found.plan.cost
    return Row(
        instance=case.instance.name,
        lower_bound=case.lower_bound,
        best_known=case.best_known,
        cost=cost,
        gap_pct=gap_pct(cost, case.best_known),
        vehicles=len(found.plan.routes),
        iterations=found.iterations,
        cpu_s=used,
        wrong=tuple(problems_of(case.instance, drives_of(case.instance, found.plan), cost)),
    )


def conditions(run: Run) -> dict[str, object]:
    """Return what the figures depend on."""
    return {**run.conditions, "compiled": COMPILED}


def mean_gap_pct(rows: Sequence[Row]) -> float | None:
    """Return the mean gap of the instances whose best known cost is known."""
    return mean_pct(row.gap_pct for row in rows)


def mean_line(rows: Sequence[Row]) -> str:
    """Return the last line for people."""
    mean = mean_gap_pct(rows)
    known = sum(row.gap_pct is not None for row in rows)
    return "mean gap: no best known cost" if mean is None else f"mean gap {mean:.3f} % over {known} instances"


def document(run: Run, rows: Sequence[Row]) -> dict[str, object]:
    """Return the results for machines."""
    return {
        "conditions": conditions(run),
        "instances": [{**asdict(row), "wrong": list(row.wrong), "verified": not row.wrong} for row in rows],
        "mean_gap_pct": mean_gap_pct(rows),
    }
