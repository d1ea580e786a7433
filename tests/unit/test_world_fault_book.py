"""Faults that are switched while a scenario plays, beside those of its script."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.registry import Device
from firmware_sim.world.fault_book import FaultBook
from firmware_sim.world.script import Fault

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
NOW_S = 1_000_000.0
DEVICES = [Device(name=f"frog-{n}", kind="frog", shard=0, installed_at=SINCE) for n in range(10)]
ROOM = {"temperature_c": 0.0, "humidity_pct": 55.0}


def book(*script: Fault) -> FaultBook:
    return FaultBook(script, DEVICES, 7, NOW_S)


def test_a_stuck_sensor_says_what_it_said_when_it_was_switched() -> None:
    faults = book()
    assert faults.strike(1, Fault(fault="stuck", devices=("frog-1",)), NOW_S) == ("frog-1",)
    assert faults.corrupt("frog-1", dict(ROOM), 0, NOW_S + 1) == ROOM
    assert faults.corrupt("frog-1", {"temperature_c": 9.0}, 1, NOW_S + 300) == {"temperature_c": 0.0}
    assert faults.corrupt("frog-2", {"temperature_c": 9.0}, 1, NOW_S + 300) == {"temperature_c": 9.0}
    assert faults.end(1)
    assert faults.corrupt("frog-1", {"temperature_c": 9.0}, 2, NOW_S + 600) == {"temperature_c": 9.0}
    faults.strike(2, Fault(fault="stuck", devices=("frog-1",)), NOW_S + 900)
    assert faults.corrupt("frog-1", {"temperature_c": 9.0}, 3, NOW_S + 901) == {"temperature_c": 9.0}
    assert faults.corrupt("frog-1", {"temperature_c": 4.0}, 4, NOW_S + 950) == {"temperature_c": 9.0}


def test_it_begins_now_and_ends_when_it_was_said() -> None:
    faults = book()
    faults.strike(1, Fault(fault="card_full", kind="frog", count=3, to_hour=2.0), NOW_S)
    (struck,) = faults.standing(NOW_S).values()
    assert len(struck) == 3
    assert not faults.card_takes(struck[0], NOW_S)
    assert faults.card_takes(struck[0], NOW_S - 1), "what was measured before was kept"
    assert faults.card_takes(struck[0], NOW_S + 7200)
    assert faults.standing(NOW_S + 7200) == {}


def test_a_number_that_is_used_again_takes_the_place_of_the_first() -> None:
    faults = book()
    faults.strike(1, Fault(fault="clock", devices=("frog-1",), value=-60.0), NOW_S)
    faults.strike(1, Fault(fault="clock", devices=("frog-2",), value=30.0), NOW_S)
    assert faults.clock_offset_s("frog-1", NOW_S + 1) == 0.0
    assert faults.clock_offset_s("frog-2", NOW_S + 1) == 30.0
    assert not faults.end(9)


def test_one_that_concerns_nobody_is_refused_and_changes_nothing() -> None:
    faults = book()
    with pytest.raises(ValueError, match="bin-77"):
        faults.strike(1, Fault(fault="uplink", devices=("bin-77",)), NOW_S)
    with pytest.raises(ValueError, match="nobody"):
        faults.strike(1, Fault(fault="uplink", kind="bin", count=3), NOW_S)
    assert faults.standing(NOW_S) == {}


@settings(max_examples=40, deadline=None)
@given(share=st.floats(0.0, 1.0), spell_s=st.floats(10.0, 3600.0))
def test_a_supply_is_gone_for_about_its_share_of_the_time(share: float, spell_s: float) -> None:
    faults = book()
    brown = Fault(fault="brown_out", devices=("frog-1",), probability=share, spell_s=spell_s)
    faults.strike(1, brown, NOW_S)
    spells = [faults.has_power("frog-1", NOW_S + (n + 0.5) * spell_s) for n in range(400)]
    assert abs(spells.count(False) / 400 - share) < 0.15
    assert faults.has_power("frog-2", NOW_S + 1)


def test_the_script_goes_on_beside_what_is_switched() -> None:
    faults = book(Fault(fault="drift", devices=("frog-1",), from_hour=0, to_hour=24, value=24.0))
    faults.strike(1, Fault(fault="drift", devices=("frog-1",), field="temperature_c", value=48.0), NOW_S)
    said = faults.corrupt("frog-1", dict(ROOM), 0, NOW_S + 3600)
    assert said == {"temperature_c": 3.0, "humidity_pct": 56.0}
    faults.end(1)
    assert faults.corrupt("frog-1", dict(ROOM), 0, NOW_S + 3600) == {
        "temperature_c": 1.0,
        "humidity_pct": 56.0,
    }
