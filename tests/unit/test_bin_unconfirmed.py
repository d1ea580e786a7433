"""What the newest reading of a bin waits for, in the rules and in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bench.bins.runs import P
from ops_api.web.bins_words import waits
from rules.core.bin_emptying.detect import Seen
from rules.core.bin_level.state import Fills
from rules.core.bin_level.unconfirmed import Unconfirmed, unconfirmed
from tests.fakes.bin_runs import levels, run
from tests.fakes.rules_town import context
from tests.unit.test_bin_rule import bin_reading, played, told

HALF_HOUR = 1800.0
ZONE, NOW = ZoneInfo("Europe/London"), datetime(2026, 1, 9, 12, 0, tzinfo=UTC)


def of(f: Fills) -> Unconfirmed | None:
    return unconfirmed(f, P.filter)


def test_the_first_reading_counts_at_once() -> None:
    f, _ = levels(73.0)
    assert f.fill_pct == 73.0
    assert of(f) is None
    assert of(Fills()) is None


def test_a_jump_waits_for_one_reading_that_agrees() -> None:
    f, _ = levels(16.0, 73.0)
    assert f.fill_pct == 16.0
    assert of(f) == Unconfirmed(73.0, HALF_HOUR, 1, 2)
    f, _ = levels(16.0, 73.0, 74.0)
    assert f.fill_pct == pytest.approx(73.5)
    assert of(f) is None
    assert of(levels(16.0, 73.0, 16.0)[0]) is None  # it was odd


def test_minutes_are_enough_between_the_two() -> None:
    f, _ = levels(16.0, 73.0, 73.0, every_s=60.0)
    assert f.fill_pct == 73.0


def test_a_fall_waits_likewise() -> None:
    f, _ = levels(70.0, 71.0, 70.0, 71.0, 70.0, 4.0)
    assert f.fill_pct == pytest.approx(70.0, abs=1.0)
    assert of(f) == Unconfirmed(4.0, 5 * HALF_HOUR, 1, 2)
    f, _ = levels(70.0, 71.0, 70.0, 71.0, 70.0, 4.0, 4.0)
    assert of(f) is None


def test_something_right_at_the_sensor_waits_longer_and_is_then_told_as_blocked() -> None:
    waiting = [of(levels(25.0, 25.0, *[100.0] * n)[0]) for n in (1, 2, 3, 4)]
    assert waiting[:3] == [Unconfirmed(100.0, (1 + n) * HALF_HOUR, n, 4, 3600.0) for n in (1, 2, 3)]
    assert waiting[3] is None


def test_of_a_bin_on_its_side_and_of_no_echo_nothing_is_said() -> None:
    f, _ = run([Seen(0.0, 50.0), Seen(HALF_HOUR, 3.0), Seen(2 * HALF_HOUR, 3.0, tilt_deg=88.0)])
    assert of(f) is None
    f, _ = levels(50.0, None)
    assert of(f) is None


def test_the_engine_says_so() -> None:
    state = told(played([bin_reading(0, 16.0), bin_reading(1, 73.0)], context())[1])
    assert state["fill_pct"] == 16.0
    assert state["unconfirmed"]["fill_pct"] == 73.0
    assert (state["unconfirmed"]["readings"], state["unconfirmed"]["of"]) == (1, 2)
    state = told(played([bin_reading(0, 16.0), bin_reading(1, 73.0), bin_reading(2, 73.0)], context())[1])
    assert (state["fill_pct"], state["unconfirmed"]) == (73.0, None)


def test_in_words() -> None:
    at = (NOW - timedelta(minutes=5)).isoformat()
    odd = {"unconfirmed": {"fill_pct": 73.2, "at": at, "readings": 1, "of": 2, "over_s": 0.0}}
    assert waits(odd, ZONE, NOW) == "73% read today 11:55, waits for confirmation: 1 of 2 readings"
    jam = {"unconfirmed": {"fill_pct": 100.0, "at": at, "readings": 3, "of": 4, "over_s": 3600.0}}
    assert (
        waits(jam, ZONE, NOW)
        == "100% read today 11:55, waits for confirmation: 3 of 4 readings over 60 minutes"
    )
    assert waits({"unconfirmed": None}, ZONE, NOW) == waits({}, ZONE, NOW) == ""
