"""What is missing, in words and numbers: the pure parts of `cityops gaps` and of the health page."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityops.errors import ConfigurationError
from ops_api.gaps_report import as_document, as_text, look_back
from ops_api.missing import (
    DeviceMissing,
    KindMissing,
    Missing,
    MissingRange,
    lost_in_words,
    percent,
    ranges_in_words,
    whole_hours,
)

NOW = datetime(2026, 11, 25, 14, 40, tzinfo=UTC)


def device(**changes: Any) -> DeviceMissing:
    fields: dict[str, Any] = {
        "name": "frog-0004",
        "kind": "frog",
        "in_home": True,
        "cadence_s": 300,
        "expected": 288,
        "stored": 288,
        "received": 4000,
        "missing": 0,
        "gaps": 0,
        "ranges": (),
        "waiting": 0,
        "status_at": NOW - timedelta(minutes=4),
        "heard_at": NOW - timedelta(minutes=3),
    }
    return DeviceMissing(**fields | changes)


def kind(**changes: Any) -> KindMissing:
    fields: dict[str, Any] = {
        "kind": "frog",
        "devices": 8,
        "expected": 2304,
        "stored": 2304,
        "short_devices": 0,
        "received": 9000,
        "missing": 0,
        "gap_devices": 0,
        "waiting": 0,
        "waiting_devices": 0,
        "oldest_status_at": None,
        "look_devices": 0,
    }
    return KindMissing(**fields | changes)


def fleet(kinds: tuple[KindMissing, ...] = (kind(),), devices: tuple[DeviceMissing, ...] = ()) -> Missing:
    start, end = whole_hours(NOW, timedelta(hours=24))
    return Missing(NOW, NOW, start, end, kinds, devices)


SEVENTEEN = device(
    missing=17,
    gaps=2,
    stored=271,
    ranges=(MissingRange(3829, 1201, 1207), MissingRange(3829, 1301, 1310)),
)


def test_ranges_are_named_per_boot() -> None:
    assert ranges_in_words(SEVENTEEN) == "boot 3829: 17 missing: 1201-1207, 1301-1310"
    several = device(missing=5, gaps=3, ranges=(MissingRange(9, 4, 4), MissingRange(7, 1, 2)))
    assert ranges_in_words(several) == "boot 9: 1 missing: 4; boot 7: 2 missing: 1-2; and 2 more"
    assert ranges_in_words(device()) == ""


@given(st.integers(0, 10**9), st.integers(1, 10**9))
def test_a_share_below_one_is_never_called_whole(stored: int, expected: int) -> None:
    value = min(1.0, stored / expected)
    said = percent(value)
    assert (said == "100%") is (value >= 1)
    assert 0 <= float(said.rstrip("%")) <= 100
    assert float(said.rstrip("%")) <= value * 100 + 1e-6, "rounded up"


def test_nothing_missing_is_said_in_so_many_words() -> None:
    text = as_text(fleet())
    assert text.startswith("Nothing is missing. Completeness since 2026-11-24 14:00 UTC (24 h).")
    assert text.splitlines()[-1].split() == ["frog", "8", "100%", "0", "0", "0", "0"]
    assert "no device is registered" in as_text(fleet(()))


def test_in_the_first_hour_it_is_not_said_that_nothing_is_stored() -> None:
    text = as_text(Missing(NOW, NOW, NOW, NOW, (kind(expected=None, stored=None),), ()))
    assert "Completeness counts whole hours, and none has passed since the first reading." in text
    assert text.splitlines()[-1].split()[2] == "–"


def test_the_worst_device_has_a_line_of_its_own() -> None:
    found = fleet((kind(missing=17, gap_devices=1, stored=2287, look_devices=3),), (SEVENTEEN,))
    text = as_text(found)
    assert text.startswith("17 numbers missing at 1 device.")
    assert (
        "frog-0004 (frog): 94.0% complete; boot 3829: 17 missing: 1201-1207, 1301-1310; "
        "0 outstanding (4 minutes ago); last heard 2026-11-25 14:37 UTC" in text
    )
    assert text.endswith("and 2 more devices; --limit 3 names all")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"heard_at": NOW - timedelta(minutes=15)}, "last heard 2026-11-25 14:25 UTC"),
        ({"heard_at": NOW - timedelta(minutes=16)}, "silent since 2026-11-25 14:24 UTC"),
        ({"heard_at": None, "status_at": None}, "never said what it holds; never heard"),
        ({"expected": None, "stored": None, "heard_at": NOW - timedelta(days=2)}, "; last heard 2026-11-23"),
        ({"waiting": None}, "offline, outstanding not known (4 minutes ago)"),
        ({"waiting": 1240}, "1,240 outstanding (4 minutes ago)"),
    ],
)
def test_what_is_said_of_a_device(changes: dict[str, Any], said: str) -> None:
    assert said in as_text(fleet(devices=(device(**changes),)), one=True)


def test_a_device_is_not_called_empty_for_a_window_that_ended_before_it_was_heard() -> None:
    first = {"stored": 0, "received": 1, "heard_at": NOW - timedelta(minutes=3)}
    text = as_text(fleet(devices=(device(**first),)), one=True)
    assert "completeness since is told from 15:00 UTC on; no gap in its numbers;" in text
    assert "%" not in text
    back = as_text(fleet(devices=(device(stored=0),)), one=True)  # it was there before, and lost a window
    assert ": nothing up to 14:00 UTC; completeness since is told from 15:00 UTC on;" in back
    silent = device(stored=0, heard_at=NOW - timedelta(days=2))
    assert "0.0% complete; no gap in its numbers; " in as_text(fleet(devices=(silent,)), one=True)


def test_a_kind_that_measures_now_and_then_has_no_completeness() -> None:
    gritter = kind(kind="gritter", expected=None, stored=None)
    assert gritter.share is None
    assert fleet((kind(stored=1152), gritter)).share == 0.5
    assert as_text(fleet((gritter,))).splitlines()[-1].split() == ["gritter", "8", "–", "0", "0", "0", "0"]


def test_the_document_is_json() -> None:
    document = json.loads(json.dumps(as_document(fleet(devices=(SEVENTEEN,)))))
    assert document["kinds"][0]["completeness"] == 1.0
    [found] = document["devices"]
    assert found["ranges"][0] == {"boot": 3829, "first": 1201, "last": 1207}
    assert found["silent"] is False
    assert found["status_at"] == "2026-11-25T14:36:00+00:00"


@pytest.mark.parametrize(
    ("since", "hours"),
    [("1h", 1), ("7d", 168), ("2026-11-25", 14 + 2 / 3), ("2026-11-25T12:40Z", 2), ("92d", 2208)],
)
def test_a_window_may_be_given_as_people_do(since: str, hours: float) -> None:
    assert look_back(since, NOW) == timedelta(hours=hours)


@pytest.mark.parametrize("since", ["", "0h", "93d", "yesterday", "2026-11-26", "2026-11-25T12:40", "7w"])
def test_another_window_is_refused_in_words(since: str) -> None:
    with pytest.raises(ConfigurationError, match=r"--since"):
        look_back(since, NOW)


def test_what_the_air_took_is_told_and_is_not_missing() -> None:
    sensor = device(name="bin-7", kind="bin", received=960, missing=0, gaps=0, ranges=(), lost=40)
    text = as_text(fleet((kind(kind="bin", received=960, lost=40, lost_devices=1),), (sensor,)), one=True)
    assert "no gap in its numbers; 40 lost on the air (4.0%);" in text
    assert lost_in_words(device(lost=0)) == ""
    assert lost_in_words(device(received=99_999, lost=1)) == "1 lost on the air (0.1%)"
    assert as_text(fleet((kind(kind="bin", lost=40),))).splitlines()[-1].split()[5] == "40"
