"""Rooms in which nobody showered or cooked, measured: whatever is found there is wrong."""

from __future__ import annotations

import csv
import gzip
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from rules.core.moisture_events.find import find
from rules.core.moisture_events.grid import Outdoor
from rules.core.moisture_events.parameters import MoistureParameters
from rules.core.psychrometrics import Floats, vapour_pressure_pa

pytestmark = pytest.mark.real_data
P = MoistureParameters()


def damp_data() -> Path:
    root = Path(os.environ.get("CITYOPS_REAL_DATA", Path(__file__).parents[3] / "shared" / "data"))
    if not root.is_dir():
        pytest.skip(f"real data not at {root}; set CITYOPS_REAL_DATA")
    return root / "damp"


def columns(rows: Iterator[list[str]], offset: str) -> tuple[Floats, Floats, Floats]:
    """Return time [s since 1970], °C and % of rows of text."""
    read = [(datetime.fromisoformat(r[0] + offset).timestamp(), _number(r[1]), _number(r[2])) for r in rows]
    at_s, temperature, humidity = np.array(read).T
    return at_s, temperature, humidity


def _number(text: str) -> float:
    return float(text) if text else float("nan")


def test_an_office_of_six_days_has_no_event() -> None:
    """UCI occupancy detection, Mons (Candanedo & Feldheim 2016), CC BY 4.0."""
    with (damp_data() / "uci_occ_datatraining.txt").open() as file:
        rows = (row[1:] for row in list(csv.reader(file))[1:])
        at_s, temperature, humidity = columns(rows, "+00:00")
    assert len(at_s) > 8000
    assert find(at_s, temperature, humidity, P).events == ()


def test_an_empty_house_has_an_event_in_a_fortnight_at_most() -> None:
    """Finland, TRH-1 R1_US1, half heated and not in use, every ten minutes (Laukkarinen), CC BY 4.0."""

    def read(name: str) -> tuple[Floats, Floats, Floats]:
        with gzip.open(damp_data() / "R1_US1" / f"{name}.csv.gz", "rt") as file:
            return columns(iter(list(csv.reader(file))[1:]), "+02:00")

    at_s, temperature, humidity = read("sisailma")
    outside_s, outside_c, outside_pct = read("fmi")
    outdoor = Outdoor(outside_s, vapour_pressure_pa(outside_c, outside_pct))
    events = [e for e in find(at_s, temperature, humidity, P, outdoor).events if e.of_the_household]
    days = (at_s[-1] - at_s[0]) / 86_400.0
    assert days > 140.0
    assert len(events) / days < 1.0 / 14.0
