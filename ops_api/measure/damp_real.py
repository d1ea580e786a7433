"""Real data sets for damp, read from where the user has them: none ships with cityops."""

from __future__ import annotations

import csv
import gzip
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from rules.core.means import hourly
from rules.core.psychrometrics import Floats

OCCUPANCY = "damp/uci_occ_datatraining.txt"
HOUSE = "damp/R1_US1"
HOUSE_SERIES = ("rajapinta_lammoneriste_tuulensuoja", "tuuletusvali", "sisailma", "fmi")
"""Inside the wall, ventilation gap, room and outdoors of a Finnish house (TRH-1 database, CC BY 4.0)."""


def occupancy(root: Path) -> tuple[Floats, Floats, Floats] | None:
    """Return temperature [°C], humidity [%] and humidity ratio [kg/kg] of the occupancy set; None where absent."""
    path = root / OCCUPANCY
    if not path.is_file():
        return None
    with path.open(encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    return _column(rows, 2), _column(rows, 3), _column(rows, 6)


def house(root: Path, name: str) -> tuple[Floats, Floats] | None:
    """Return hourly means of temperature [°C] and humidity [%] of one series; NaN is a gap, None an absent file.

    Args:
        root: folder of the real data.
        name: one of :data:`HOUSE_SERIES`.
    """
    path = root / HOUSE / f"{name}.csv.gz"
    if not path.is_file():
        return None
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    at_s = np.array([datetime.fromisoformat(r[0]).replace(tzinfo=UTC).timestamp() for r in rows])
    return hourly(at_s, _column(rows, 1))[1], hourly(at_s, _column(rows, 2))[1]


def _column(rows: list[list[str]], at: int) -> Floats:
    return np.array([float(row[at]) if row[at] else np.nan for row in rows])
