"""A town in a hurry waits for its lorries' plan, not for ever, and does not hurry while a fire is told."""

from __future__ import annotations

from datetime import datetime

import pytest

from cityops.settings_rounds import RoundsSettings
from firmware_sim.clock import SimulatedClock
from firmware_sim.scenario import TOWN_ZONE
from ops_api.demo.pace import FIRE_S, FIRE_SPEED, MORNING_S, MORNING_SPEED, Pace


def at(clock: str, day: int = 14) -> float:
    return datetime.fromisoformat(f"2026-03-{day}T{clock}:00").replace(tzinfo=TOWN_ZONE).timestamp()


def test_the_town_waits_from_a_quarter_past_five_until_lorries_have_their_plan() -> None:
    planned: set[str] = set()
    pace = Pace(RoundsSettings(), planned.__contains__)
    assert [pace.most(at(c), 1.0) for c in ("05:14", "05:15", "05:59", "06:00")] == [
        None, MORNING_SPEED, MORNING_SPEED, None,
    ]  # fmt: skip
    planned.add("2026-03-14")
    assert pace.most(at("05:20"), 2.0) is None
    assert pace.most(at("05:20", 15), 2.0) == MORNING_SPEED, "another day"


def test_no_town_waits_for_ever() -> None:
    pace = Pace(RoundsSettings(), lambda _: False)
    assert pace.most(at("05:20"), 100.0) == MORNING_SPEED
    assert pace.most(at("05:21"), 99.0 + MORNING_S) == MORNING_SPEED
    assert pace.most(at("05:22"), 100.0 + MORNING_S) is None
    assert pace.most(at("05:20", 15), 100.0 + MORNING_S) == MORNING_SPEED


def test_a_fire_is_told_at_a_pace_that_says_something() -> None:
    pace = Pace(RoundsSettings(), lambda _: True, (at("15:00"),))
    assert pace.most(at("14:59"), 0.0) is None
    assert pace.most(at("15:00"), 0.0) == pace.most(at("15:00") + FIRE_S - 1.0, 0.0) == FIRE_SPEED
    assert pace.most(at("15:00") + FIRE_S, 0.0) is None


def test_a_clock_goes_no_faster_than_it_may() -> None:
    clock = SimulatedClock(0.0, 1e6, 100.0)
    assert clock.advance(1e6 + 1.0) == pytest.approx(100.0)
    clock.no_faster(5.0)
    assert clock.advance(1e6 + 2.0) == pytest.approx(105.0)
    clock.no_faster(0.1)
    assert clock.advance(1e6 + 3.0) == pytest.approx(106.0), "it must be live some day"
    clock.no_faster(1e9)
    assert clock.advance(1e6 + 4.0) == pytest.approx(206.0)
    clock.no_faster(None)
    assert clock.advance(1e6 + 5.0) == pytest.approx(306.0)
