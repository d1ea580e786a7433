"""What reads a decision about bins, of today and of before it had candidates, finds the same bins that must go."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from rules.core.effects import Json
from rules.core.explain.decision import _musts_and_mays
from rules.core.replayed import DecisionMade, Replayed, made
from rules.replay.export import export, records

NOW: dict[str, Any] = {
    "candidates": [
        {"bin_id": "a", "must": True},
        {"bin_id": "m", "must": False},
        {"bin_id": "b", "must": True},
    ]
}
OLD: dict[str, Any] = {"stops": [{"bin_id": "b"}, {"bin_id": "a"}], "km": 4.2}


def decided(result: Json) -> DecisionMade:
    return made("bins.round", "route", "bins", 60.0, "collect", "x", result, {})


def test_musts_are_the_bins_and_old_km_are_not_compared() -> None:
    assert decided(NOW).bins == ("a", "b")
    assert decided({**OLD, **NOW}).bins == ("a", "b")
    assert decided(OLD).bins == ("b", "a")
    assert decided(OLD).km == 0.0


@pytest.mark.parametrize(
    ("result", "says"),
    [(NOW, "2 bins must go, 1 may"), (OLD, "2 bins must go"), ({"candidates": NOW["candidates"][:1]}, "1 bin must go")],
)  # fmt: skip
def test_the_first_line_has_how_many(result: Json, says: str) -> None:
    assert _musts_and_mays(result) == says


def test_an_export_has_the_number_of_bins_and_no_km(tmp_path: Path) -> None:
    found = Replayed(from_s=0.0, to_s=120.0, alarms=(), decisions=(decided(NOW),))
    path = tmp_path / "night.csv"
    assert export(path, records(found, (), None, str)) == 1
    [row] = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    assert (row["record"], row["bins_n"], row["km"]) == ("decision", "2", "")
