"""``cityops winter hindcast``: a past night through forecaster and engine, beside what was spread."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.command_line import cityops
from tests.fakes.real_data import real_data
from tests.fakes.street_file import write_street
from tests.fakes.street_log import write_log

pytestmark = pytest.mark.timeout(300)

NIGHT = "2015-01-05"


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Observations of a street that does not exist, and what was spread on it."""
    folder = tmp_path_factory.mktemp("street")
    write_log(folder / "activity_2015.txt", [("2015-01-06 02", 0.0, 10.0)])
    return write_street(folder / "meteorology_2015.txt", datetime(2015, 1, 1, tzinfo=UTC), 8)


def hindcast(*arguments: str) -> tuple[int, str]:
    told = cityops("winter", "hindcast", *arguments)
    return told.returncode, told.stdout + told.stderr


def document(*arguments: str) -> dict[str, Any]:
    code, output = hindcast(*arguments, "--json")
    assert code == 0, output
    found: dict[str, Any] = json.loads(output)
    return found


@pytest.fixture(scope="module")
def found(street: Path) -> dict[str, Any]:
    return document(str(street), "--from", NIGHT, "--to", NIGHT, "--no-wetness")


def test_a_night_is_decided_by_the_product_and_compared(found: dict[str, Any]) -> None:
    [night] = found["nights"]
    assert night["night"] == NIGHT
    assert night["standing"]["weather"] == "stations", "decided by the road forecast"
    assert [s["salt_g_m2"] for s in night["log"]] == [10.0]
    assert sum(a["salted"] + a["unsalted"] for a in found["agreement"]) == 1
    assert (found["logged_g_m2"], found["driven_g_m2"]) == (10.0, 10.0)
    assert found["forecast"]["nights"] == 1
    assert found["forecast"]["lowest"]["rmse_c"] < 5.0
    assert [e["lead_h"] for e in found["forecast"]["leads"]] == list(range(1, 16))


def test_what_was_not_observed_or_written_is_said(street: Path) -> None:
    code, output = hindcast(str(street), "--from", "2014-01-01")
    assert code != 0
    assert "the file has those from 2015-01-0" in output
    code, output = hindcast(str(street.with_name("other.txt")))
    assert code != 0
    assert "--log names what was spread" in output


@pytest.mark.soak
def test_real_salt_is_seen_by_the_engine_as_it_was_logged() -> None:
    path = real_data("road/hornsgatan/meteorology_2010H2.txt")
    code, output = hindcast(str(path), "--from", "2010-12-06", "--to", "2010-12-07", "--every-h", "3")
    assert code == 0, output
    assert "2010-12-06" in output
    assert "23:00 20 g; 02:00 10 g + sand 250" in output
    assert "what stood at 17 h: 2 hits" in output
    assert "salt: 30 g/m² logged, 30 on the road of this run" in output
