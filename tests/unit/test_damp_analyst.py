"""The analyst's parts: offsets, outdoors, honesty, the learned factor, plans, risk."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from rules.core.analyst import finding, honesty
from rules.core.analyst.analyse import analyse
from rules.core.analyst.calibrate import calibrated
from rules.core.analyst.days import begins_s, hours_in, settled_day
from rules.core.analyst.events import spans_of
from rules.core.analyst.figures import plain
from rules.core.analyst.hours import hours_of
from rules.core.analyst.model import Calibration, Day, HomeInput, RoomInput, Series, Stations
from rules.core.analyst.outdoors import Outdoors, outdoors_of
from rules.core.analyst.plan import plan, waits
from rules.core.analyst.rules import DampRules
from rules.core.analyst.settings import mould_settings
from rules.core.analyst.walls import after_day, as_shown, factor_of, packed, start_state, unpacked, wall_of
from rules.core.moisture_events.parameters import MoistureParameters, RoomParameters
from rules.core.overrides import Override, prepare
from rules.core.psychrometrics import relative_humidity_pct, vapour_pressure_pa
from tests.fakes.damp_town import DAY_S, FIRST, HOUR_S, MIDNIGHT, RULES, ZONE, room

NAN = float("nan")
SENSOR, DRIFT = RULES.catalogue.damp_sensor.parameters, RULES.catalogue.drift.parameters
BAND = RULES.catalogue.damp_band.parameters


def series(days: float = 1.0, wall_c: float = NAN, **more: Any) -> Series:
    at_s, t, rh = room(days, **more)
    return Series(at_s, t, rh, np.full(len(at_s), wall_c))


def outdoors(days: int, outdoor_c: float = 4.0, before: int = 0) -> Outdoors:
    n = (days + before) * 24
    pressure = vapour_pressure_pa(outdoor_c, 80.0)
    return Outdoors(MIDNIGHT - before * DAY_S, np.full(n, outdoor_c), np.full(n, pressure))


def offset(**more: Any) -> Calibration:
    given: dict[str, Any] = {
        "calibration_id": 1, "field": "temperature_c", "offset": -1.4, "keeps_vapour": False, "from_s": 0.0, "to_s": None,
        "how": "side_by_side",
    }  # fmt: skip
    return Calibration(**(given | more))


@pytest.mark.parametrize(("too_warm_k", "reads_pct"), [(1.0, 65.8), (2.0, 61.8), (3.0, 58.1)])
def test_heat_of_its_own_is_taken_back_with_the_vapour_kept(too_warm_k: float, reads_pct: float) -> None:
    """Sheet: true 18 °C and 70 %, as a box reads it that is warmer."""
    raw = Series(np.array([1.0]), np.array([18.0 + too_warm_k]), np.array([reads_pct]), np.array([NAN]))
    found = calibrated(raw, [offset(offset=-too_warm_k, keeps_vapour=True)])
    assert found.temperature_c[0] == pytest.approx(18.0)
    assert found.humidity_pct[0] == pytest.approx(70.0, abs=0.1)
    alone = calibrated(raw, [offset(offset=-too_warm_k)])
    assert alone.humidity_pct[0] == reads_pct
    assert raw.temperature_c[0] == 18.0 + too_warm_k


def test_offsets_count_within_their_dates_only() -> None:
    raw = Series(np.arange(4.0), np.full(4, 20.0), np.full(4, 50.0), np.full(4, 12.0))
    found = calibrated(
        raw,
        [
            offset(from_s=1.0, to_s=3.0, offset=0.5),
            offset(calibration_id=2, field="humidity_pct", offset=60.0, from_s=2.0),
            offset(calibration_id=3, field="wall_temperature_c", offset=-1.0, from_s=3.0),
        ],
    )
    assert found.temperature_c.tolist() == [20.0, 20.5, 20.5, 20.0]
    assert found.humidity_pct.tolist() == [50.0, 50.0, 100.0, 100.0]
    assert found.wall_c.tolist() == [12.0, 12.0, 12.0, 11.0]


def test_outdoors_is_the_median_of_the_stations_and_unknown_without_any() -> None:
    at_s = np.array(
        [MIDNIGHT + 600.0, MIDNIGHT + 1200.0, MIDNIGHT + 900.0, MIDNIGHT + 900.0, MIDNIGHT + 2 * HOUR_S]
    )
    found = outdoors_of(
        Stations(np.array([7, 7, 8, 9, 9]), at_s, np.array([4.0, 6.0, 9.0, 1.0, NAN]), np.full(5, 80.0)),
        MIDNIGHT, MIDNIGHT + 3 * HOUR_S,
    )  # fmt: skip
    assert found.temperature_c[0] == 5.0
    assert np.isnan(found.temperature_c[1:]).all()
    nothing = outdoors_of(
        Stations(np.empty(0, dtype=np.int64), *[np.empty(0)] * 3), MIDNIGHT, MIDNIGHT + DAY_S
    )
    assert np.isnan(nothing.at(np.array([MIDNIGHT, MIDNIGHT + 9 * DAY_S]))[0]).all()


def test_days_are_local_ones() -> None:
    assert [hours_in(d, ZONE) for d in (date(2026, 3, 29), date(2026, 10, 25), FIRST)] == [23, 25, 24]
    day = date(2026, 3, 29)
    hours = hours_of(series(), begins_s(day, ZONE), hours_in(day, ZONE))
    assert len(hours.at_s) == 23
    assert np.isnan(hours.room_c).all()


def test_days_are_worked_out_in_one_go_where_nothing_changes_between_them() -> None:
    one = RULES.catalogue.damp_events.parameters
    other = MoistureParameters(room=RoomParameters(volume_m3=14.0))
    days = [date(2026, 3, 27 + i) for i in range(4)]
    spans = spans_of(days, [one, other, other, other], ZONE)
    assert [(a.day, b.day, p is one, offset_s) for a, b, p, offset_s in spans] == [
        (27, 27, True, 0.0),
        (28, 29, False, 0.0),
        (30, 30, False, 3600.0),
    ]


def test_a_wall_probe_s_nights_teach_the_factor_and_its_hours_are_believed() -> None:
    at_s = MIDNIGHT - 14 * DAY_S + np.arange(14 * 24) * HOUR_S
    out = outdoors(1, before=14)
    room_c = np.full(len(at_s), 18.0)
    before = hours_of(series(), MIDNIGHT, 24)
    before = replace(
        before,
        at_s=at_s,
        room_c=room_c,
        vapour_pa=np.full(len(at_s), 1200.0),
        wall_c=4.0 + 0.62 * (room_c - 4.0),
    )
    learned = factor_of(before, out, 0.7, BAND)
    assert learned.nights is not None
    assert learned.nights >= 13
    assert learned.band.mid == pytest.approx(0.62, abs=1e-6)
    assert learned.error is not None
    without = factor_of(replace(before, wall_c=np.full(len(at_s), NAN)), out, 0.7, BAND)
    assert (without.nights, without.band.low, without.band.high) == (
        None,
        pytest.approx(0.65),
        pytest.approx(0.75),
    )
    hours = hours_of(series(wall_c=11.0), MIDNIGHT, 24)
    wall = wall_of(hours, out, without, BAND)
    assert set(wall.surface_c.tolist()) == {11.0}
    assert (wall.low_pct < wall.mid_pct).all()
    assert (wall.mid_pct < wall.high_pct).all()


def test_a_state_is_kept_exactly() -> None:
    state = unpacked([start_state(), start_state()])
    state.index[:] = np.pi * np.arange(24)
    again = unpacked([packed(state, 0), packed(state, 1)])
    assert again.index.tolist() == state.index.tolist()
    assert unpacked([b"of another version"]).index.tolist() == [0.0] * 12


def test_the_index_has_a_band_from_the_warmest_to_the_coldest_wall() -> None:
    out, hours = outdoors(1), hours_of(series(warm_c=14.0), MIDNIGHT, 24)
    factor = factor_of(replace(hours, wall_c=np.full(24, NAN)), out, 0.7, BAND)
    wall = wall_of(
        replace(hours, vapour_pa=vapour_pressure_pa(hours.room_c, np.full(24, 72.0))), out, factor, BAND
    )
    settings = mould_settings(RULES.catalogue.damp_mould.parameters, BAND)
    state = start_state()
    for _ in range(40):
        state = packed(after_day([state], [wall], settings), 0)
    shown = as_shown(state)["sensitive"]
    assert 0.0 <= shown["index_low"] < shown["index"] < shown["index_high"]
    assert shown["hours_known"] == 40 * 24


def test_what_a_day_says_of_a_box() -> None:
    day = series()
    assert honesty.flags_of(day, 144, 144, 200.0, 24, 24, SENSOR) == ()
    assert honesty.flags_of(day, 100, 144, 200.0, 24, 24, SENSOR) == ("gaps",)
    assert honesty.flags_of(day, 144, 144, None, 0, 24, SENSOR) == ("outdoor_unknown",)
    assert honesty.flags_of(day, 144, 144, -234.0, 24, 24, SENSOR) == ("drier_than_outdoors",)
    stuck = Series(day.at_s, day.temperature_c, np.full(144, 100.0), day.wall_c)
    assert honesty.flags_of(stuck, 144, 144, 200.0, 24, 24, SENSOR) == ("implausible",)


def test_a_sister_box_tells_of_heat_and_of_drift() -> None:
    one, other = hours_of(series(), MIDNIGHT, 24), hours_of(series(warm_c=20.5), MIDNIGHT, 24)
    warm_k, dew_k, pressure_pa = honesty.sister_differences(other, [one], ZONE, DRIFT)
    assert warm_k == pytest.approx(2.5, abs=0.01)
    assert honesty.sister_differences(one, [], ZONE, DRIFT) == (None, None, None)
    assert dew_k is not None
    assert pressure_pa is not None
    learnt, now = [0.1] * DRIFT.learn_nights, [0.1, 1.4, 1.5, 1.6]
    assert honesty.sister_flags(learnt, now, DRIFT) == ("drifts_from_sister",)
    assert honesty.sister_flags(learnt, [0.1] * 4, DRIFT) == ()
    assert honesty.sister_flags(learnt[:3], now, DRIFT) == ()


def test_a_room_that_is_always_warmer_is_not_a_box_that_warms_itself() -> None:
    alone, n = (None, None, None), DRIFT.learn_nights

    def flags(first: list[float], last: list[float], beside: Any = alone, vapour_pa: float = 10.0) -> Any:
        return honesty.heat_flags(vapour_pa, first, last, beside, SENSOR, DRIFT)

    assert flags([2.5] * n, [2.5] * DRIFT.recent_nights) == ()
    assert flags([0.2] * n, [2.5] * DRIFT.recent_nights) == ("self_heating",)
    assert flags([0.2] * n, [2.5] * DRIFT.recent_nights, vapour_pa=300.0) == ()  # air of its own
    assert flags([0.2] * (n - 1), [2.5] * DRIFT.recent_nights) == ()  # not learnt yet
    assert flags([2.5] * n, [2.5] * n, (2.5, 0.0, 10.0)) == ("self_heating",)  # beside one in the same room
    assert flags([2.5] * n, [2.5] * n, (2.5, 0.0, 300.0)) == ()


@pytest.mark.parametrize(
    ("rooms", "flagged"), [(("Hall", "hall"), True), (("Hall", "Loft"), False), (("", ""), False)]
)
def test_a_sister_in_the_same_room_tells_of_heat_at_once(rooms: tuple[str, str], flagged: bool) -> None:
    warm = series(2.0)
    pressure = vapour_pressure_pa(warm.temperature_c, warm.humidity_pct)
    t = warm.temperature_c + 3.0
    warm = Series(warm.at_s, t, relative_humidity_pct(t, pressure), warm.wall_c)
    boxes = [
        RoomInput(device=name, room=where, cadence_s=600.0, installed_s=0.0, series=s)
        for name, where, s in zip(("frog-1", "frog-2"), rooms, (series(2.0), warm), strict=True)
    ]
    [result] = analyse([home(rooms=tuple(boxes))], outdoors(6, before=2), RULES)
    assert ["self_heating" in d.flags for d in result.rooms[1].days] == [flagged] * 2
    assert not any("self_heating" in d.flags for d in result.rooms[0].days)


def test_no_day_is_left_out_and_long_ago_is_taken_in_portions() -> None:
    first_s, newest_s = MIDNIGHT, MIDNIGHT + 80 * DAY_S
    found = plan(date(2026, 3, 1), first_s, newest_s, date(2026, 1, 20), RULES)
    assert found is not None
    assert (found.due, found.last, found.rest) == (date(2026, 1, 21), date(2026, 2, 24), True)
    assert waits(found, newest_s, RULES).due_from == date(2026, 2, 25)
    assert plan(date(2020, 1, 1), first_s, newest_s, None, RULES) == replace(
        found, due=FIRST, last=date(2026, 2, 13)
    )
    assert plan(FIRST, None, None, None, RULES) is None
    assert plan(date(2026, 5, 1), first_s, newest_s, date(2026, 5, 2), RULES) is None


def test_a_day_is_settled_when_what_it_began_is_over() -> None:
    p = RULES.catalogue.damp_events.parameters
    seen_s = datetime(2026, 1, 13, 0, 59, tzinfo=UTC).timestamp()
    assert settled_day(seen_s, ZONE, p) == date(2026, 1, 10)
    assert settled_day(seen_s + 120.0, ZONE, p) == date(2026, 1, 11)
    found = plan(FIRST, MIDNIGHT, seen_s, None, RULES)
    assert found is not None
    after = waits(found, seen_s, RULES)
    assert (after.due_from, after.settle_day) == (None, date(2026, 1, 11))
    assert after.settle_s is not None
    assert settled_day(after.settle_s, ZONE, p) == date(2026, 1, 11)


def home(**more: Any) -> HomeInput:
    box = RoomInput(device="frog-1", room="", cadence_s=600.0, installed_s=0.0, series=series(2.0))
    given: dict[str, Any] = {
        "home_id": 1, "code": "OAK", "temperature_factor": 0.7, "occupants": 2, "due": FIRST, "last": date(2026, 1, 11),
        "seen_s": MIDNIGHT + 2 * DAY_S, "rooms": (box,),
    }  # fmt: skip
    return HomeInput(**(given | more))


def days_with(rules: DampRules) -> tuple[Day, ...]:
    [result] = analyse([home()], outdoors(6, before=2), rules)
    return result.rooms[0].days


def test_an_override_counts_for_its_home_and_time() -> None:
    override = Override(
        override_id=1, rule_id="damp.surface_band", path="parameters.factor", scope_kind="home", scope="OAK", value=0.5,
        author="kim", reason="single glazing", starts_s=MIDNIGHT + DAY_S, expires_s=MIDNIGHT + 9 * DAY_S,
    )  # fmt: skip
    taken = prepare(RULES.catalogue, [override])
    assert taken.refused == ()
    days = days_with(replace(RULES, overrides=taken))
    assert [round(d.factor, 2) for d in days] == [0.7, 0.5]
    assert days[0] == days_with(RULES)[0]


def test_two_homes_of_other_parameters_are_worked_out_together_as_alone() -> None:
    override = Override(
        override_id=1, rule_id="damp.mould", path="parameters.decline", scope_kind="home", scope="ELM", value=1.0,
        author="kim", reason="tiles", starts_s=0.0, expires_s=MIDNIGHT + 300 * DAY_S,
    )  # fmt: skip
    rules = replace(RULES, overrides=prepare(RULES.catalogue, [override]))
    both = [home(), home(home_id=2, code="ELM")]
    together = analyse(both, outdoors(6, before=2), rules)
    alone = [analyse([one], outdoors(6, before=2), rules)[0] for one in both]
    assert [r.rooms for r in together] == [r.rooms for r in alone]


def test_a_risk_is_of_whole_days_or_of_an_index_that_took_weeks() -> None:
    p = RULES.catalogue.damp_mould.parameters
    [day, *_] = days_with(RULES)
    evening = replace(day, surface_hours=2, damp_hours=2)
    assert finding.risk_of([evening], 0.0, p) == "unknown"
    assert finding.risk_of([evening], 1.4, p) == "raised"
    wet, dry = (replace(day, surface_hours=finding.WHOLE_DAY_H, damp_hours=n) for n in (18, 0))
    assert finding.risk_of([wet], 0.0, p) == "high"
    few = replace(evening, day=dry.day + timedelta(days=1))
    assert finding.risk_of([dry, few], 0.0, p) == "low", "of the whole day alone"


def test_a_finding_keeps_the_limits_by_which_pages_judge() -> None:
    [result] = analyse([home(seen_s=MIDNIGHT + 5 * DAY_S)], outdoors(6, before=2), RULES)
    evidence = result.findings[-1].evidence
    assert evidence["risk_shares"] == {"raised": 0.2, "high": 0.5}
    assert (evidence["limits"]["raise_pct"], evidence["limits"]["clear_pct"]) == (80.0, 75.0)


def test_figures_are_as_json_has_them() -> None:
    assert plain({"a": np.float64(1 / 3), "b": (np.nan, np.inf), 3: np.arange(2), "c": None, "d": True}) == {
        "a": 0.333333, "b": [None, None], "3": [0, 1], "c": None, "d": True,
    }  # fmt: skip
