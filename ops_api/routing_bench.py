"""What the benchmarks of arc and of vehicle routing share: files in their order, how to measure, gaps to the best known."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cityops.errors import ConfigurationError
from rules.core.carp.pace import Budget


@dataclass(frozen=True, slots=True)
class Run:
    """How to measure: CPU seconds, or iterations where given; seed."""

    seconds: float
    seed: int
    iterations: int | None = None

    @property
    def budget(self) -> Budget:
        """The solver's budget."""
        if self.iterations is not None:
            return Budget(iterations=self.iterations)
        return Budget(seconds=self.seconds, clock=time.process_time)

    @property
    def conditions(self) -> dict[str, object]:
        """What results depend on."""
        seconds = None if self.iterations is not None else self.seconds
        return {"seconds": seconds, "iterations": self.iterations, "seed": self.seed}


def instance_files(folder: Path, suffix: str, beside: str = "") -> list[Path]:
    """Return the files of a folder with a suffix, numbers in their names by value.

    Args:
        folder: where they are.
        suffix: of instances, as ``.dat``.
        beside: what else may be there, for whoever is told that there is none.

    Raises:
        ConfigurationError: no folder, or no instance in it.
    """
    if not folder.is_dir():
        raise ConfigurationError(f"{folder}: no such folder")
    files = sorted(folder.glob(f"*{suffix}"), key=lambda file: _natural(file.stem))
    if not files:
        raise ConfigurationError(f"{folder}: no instance; expected files *{suffix}{beside}")
    return files


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]


def gap_pct(cost: int, best_known: int | None) -> float | None:
    """Return how much dearer a cost is than the best known [%]; None where none is known."""
    return None if best_known is None else 100.0 * (cost - best_known) / best_known


def mean_pct(gaps: Iterable[float | None]) -> float | None:
    """Return the mean of the gaps that are known [%]; None where none is."""
    known = [gap for gap in gaps if gap is not None]
    return sum(known) / len(known) if known else None
