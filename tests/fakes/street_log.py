"""A log of salting in NORTRIP's format, beside the observations of a street that does not exist."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

HEAD = (
    "Year\tMonth\tDay\tHour\tM_sanding (g/m^2)\tM_salting(na) (g/m^2)\tM_salting(mg) (g/m^2)\t"
    "Ploughing_road (0/1)\tCleaning_road (0/1)\tWetting (mm)"
)


def write_log(path: Path, rows: Iterable[tuple[str, float, float]]) -> Path:
    """Write what was spread: time as ``2010-12-07 02``, sand and salt [g/m²]."""
    lines = []
    for at, sand, salt in rows:
        when = at.replace("-", "\t").replace(" ", "\t")
        lines.append(f"{when}\t{sand:g}\t{salt:g}\t0\t0\t0\t0.04")
    path.write_text("\n".join([HEAD, *lines]) + "\n", encoding="utf-8")
    return path
