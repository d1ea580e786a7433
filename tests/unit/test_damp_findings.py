"""Which room speaks for a home, from how little no risk is told, what its moisture load is called, and the monthly check."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from rules.core.analyst.analyse import analyse
from rules.core.analyst.finding import RISKS, risk_between, risk_of
from rules.core.analyst.model import FindingRow, HomeInput, Month, RoomInput, Series
from rules.core.analyst.moisture_load import moisture_load
from rules.core.analyst.outdoors import Outdoors
from rules.core.analyst.weeks import RoomWeeks
from rules.core.moisture_events.parameters import RoomParameters, wet_kind
from rules.core.overrides import Override, prepare
from rules.core.psychrometrics import (
    saturation_pressure_water_pa,
    saturation_temperature_iso13788_c,
    vapour_pressure_pa,
)
from tests.fakes.damp_town import DAY_S, FIRST, MIDNIGHT, RULES, room

DAYS = 28
DAMP_C, DRY_C = 15.0, 24.0
MOULD = RULES.catalogue.damp_mould.parameters


def box(name: str, *parts: tuple[float, float, float], where: str = "", grams: float = 300.0) -> RoomInput:
    """A box whose room has a temperature [°C] from one day to another; silent between."""
    columns = []
    for from_day, to_day, warm_c in parts:
        found = room(to_day, warm_c=warm_c, grams=grams)
        columns.append(found[:, found[0] >= MIDNIGHT + from_day * DAY_S])
    at_s, t, rh = np.concatenate(columns, axis=1)
    return RoomInput(
        device=name, room=where, cadence_s=600.0, installed_s=0.0, series=Series(at_s, t, rh, np.full(len(at_s), np.nan))
    )  # fmt: skip


def last_finding(
    *boxes: RoomInput, days: int = DAYS, rules: Any = RULES, occupants: int | None = 2
) -> FindingRow:
    home = HomeInput(
        home_id=1, code="OAK", temperature_factor=0.7, occupants=occupants, due=FIRST, last=FIRST + timedelta(days - 1),
        seen_s=MIDNIGHT + (days + 2) * DAY_S, rooms=boxes,
    )  # fmt: skip
    n = (days + 40) * 24
    swing = 4.0 + 3.0 * np.sin(np.arange(n) / 55.0)
    outdoors = Outdoors(MIDNIGHT - 33 * DAY_S, swing, np.asarray(vapour_pressure_pa(swing, np.full(n, 85.0))))
    [result] = analyse([home], outdoors, rules)
    return result.findings[-1]


def test_a_box_that_died_in_a_damp_room_does_not_hide_a_room_at_high_risk() -> None:
    dead = box("frog-9", (0.0, 14.0, DAMP_C))
    live = box("frog-1", (0.0, 20.0, DRY_C), (20.0, 28.0, DAMP_C))
    found = last_finding(dead, live)
    assert (found.device, found.risk) == ("frog-1", "high")
    assert last_finding(dead, box("frog-1", (0.0, 28.0, DRY_C))).risk != "unknown"


def test_where_all_is_dry_a_dead_box_does_not_speak() -> None:
    dead = box("frog-9", (0.0, 14.0, DRY_C), grams=0.0)
    found = last_finding(dead, box("frog-1", (0.0, 28.0, DRY_C), grams=0.0))
    assert (found.device, found.risk) == ("frog-1", "low")


def test_of_two_rooms_at_the_same_risk_the_one_with_more_damp_hours_speaks() -> None:
    found = last_finding(box("frog-1", (0.0, 28.0, DAMP_C)), box("frog-9", (18.0, 28.0, DAMP_C)))
    assert (found.device, found.risk) == ("frog-1", "high")


@pytest.mark.parametrize(("warm_c", "risk"), [(DAMP_C, "high"), (DRY_C, "low")])
def test_a_few_hours_tell_no_risk(warm_c: float, risk: str) -> None:
    one_hour = box("frog-1", (0.0, 1.0 / 24.0, warm_c))
    assert last_finding(one_hour, days=1).risk == "unknown"
    assert last_finding(box("frog-1", (0.0, 17.0 / 24.0, warm_c)), days=1).risk == "unknown"
    assert last_finding(box("frog-1", (0.0, 18.0 / 24.0, warm_c)), days=1).risk == risk


def test_a_risk_that_hangs_on_the_wall_s_factor_says_between_what_it_lies() -> None:
    wet = last_finding(box("frog-1", (0.0, 28.0, DAMP_C)))
    low, high = wet.evidence["risk_band"]
    assert RISKS.index(low) <= RISKS.index(wet.risk) <= RISKS.index(high)
    first, last = wet.evidence["index_band"]
    assert first <= wet.mould_index <= last


def test_walls_that_differ_are_judged_each_by_its_own_hours_and_index() -> None:
    home = HomeInput(
        home_id=1, code="OAK", temperature_factor=0.7, occupants=2, due=FIRST, last=FIRST + timedelta(9),
        seen_s=MIDNIGHT + 12 * DAY_S, rooms=(box("frog-1", (0.0, 10.0, DAMP_C)),),
    )  # fmt: skip
    [result] = analyse([home], Outdoors(MIDNIGHT, np.full(600, 4.0), np.full(600, 650.0)), RULES)
    index = {MOULD.shown_class: {"index_low": 0.0, "index": 0.2, "index_high": 1.2}}
    few = {"damp_hours_low": 0, "damp_hours": 0, "damp_hours_high": 2, "surface_hours": 24}
    days = [replace(d, mould=index, **few) for d in result.rooms[0].days]
    assert risk_between(days, MOULD) == {"index_band": [0.0, 1.2], "risk_band": ["low", "raised"]}
    many = [replace(d, damp_hours_high=20) for d in days]
    assert risk_between(many, MOULD)["risk_band"] == ["low", "high"]


@pytest.mark.parametrize(("index", "risk"), [(0.9, "unknown"), (1.0, "raised"), (3.2, "high")])
def test_an_index_of_weeks_is_told_without_the_hours_of_this_one(index: float, risk: str) -> None:
    home = HomeInput(
        home_id=1, code="OAK", temperature_factor=0.7, occupants=2, due=FIRST, last=FIRST + timedelta(20),
        seen_s=MIDNIGHT + 23 * DAY_S, rooms=(box("frog-1", (0.0, 2.0, DAMP_C), (20.0, 20.5, DAMP_C)),),
    )  # fmt: skip
    outdoors = Outdoors(MIDNIGHT, np.full(600, 4.0), np.full(600, 650.0))
    [result] = analyse([home], outdoors, RULES)
    *others, last = result.rooms[0].days
    assert risk_of((*others, last), index, MOULD) == risk
    silent = [replace(d, surface_hours=0, damp_hours=0) for d in (*others, last)]
    assert risk_of(silent, index, MOULD) == "unknown"  # nothing is known in all these weeks


def december(temperature_c: float, excess_pa: float, outdoor_c: float, outdoor_pa: float) -> Month:
    return Month(
        month="2025-12", days=31, temperature_c=temperature_c, excess_pa=excess_pa, outdoor_c=outdoor_c,
        outdoor_pa=outdoor_pa,
    )  # fmt: skip


def monthly(month: Month) -> Any:
    weeks = RoomWeeks(replace(box("frog-1", (0.0, 1.0, DRY_C)), months=(month,)), (), ())
    home = HomeInput(
        home_id=1, code="OAK", temperature_factor=0.7, occupants=2, due=FIRST, last=FIRST, seen_s=MIDNIGHT + 3 * DAY_S,
        rooms=(weeks.room,),
    )  # fmt: skip
    [result] = analyse([home], Outdoors(MIDNIGHT, np.full(99, 4.0), np.full(99, 650.0)), RULES)
    return moisture_load(weeks, result.rooms[0].days, FIRST).monthly


@pytest.mark.parametrize(("excess_pa", "needed"), [(500.0, 0.594), (700.0, 0.754)])
def test_measured_months_have_no_designer_s_margin(excess_pa: float, needed: float) -> None:
    """19 °C inside, 4 °C and 85 % outdoors; with the margin 0.636 and 0.805."""
    outdoor_pa = 0.85 * float(saturation_pressure_water_pa(4.0))
    found = monthly(december(19.0, excess_pa, 4.0, outdoor_pa))
    assert found["factor_needed"]["2025-12"] == pytest.approx(needed, abs=1e-3)


def test_pressures_of_a_month_of_frost_are_taken_as_they_are() -> None:
    """Fog at -5 °C: over water it is 5 % more than ice's curve has."""
    outdoor_pa = float(saturation_pressure_water_pa(-5.0))
    found = monthly(december(18.0, 400.0, -5.0, outdoor_pa))
    surface_c = float(saturation_temperature_iso13788_c((outdoor_pa + 400.0) / 0.8))
    assert found["factor_needed"]["2025-12"] == pytest.approx((surface_c + 5.0) / 23.0, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("Bathroom", "bathroom"), ("en-suite", "bathroom"), ("Shower room", "bathroom"), ("Kitchen / diner", "kitchen"),
     ("bedroom", None), ("", None), ("box room", None)],
)  # fmt: skip
def test_a_wet_room_is_told_by_its_name(name: str, kind: str | None) -> None:
    assert wet_kind(name) == kind
    assert RoomParameters().of(name).air_m3 == {"bathroom": 14.0, "kitchen": 28.0, None: 160.0}[kind]
    assert RoomParameters(volume_m3=50.0).of(name).air_m3 == 50.0


def shower(where: str, **more: Any) -> FindingRow:
    return last_finding(box("frog-1", (0.0, 28.0, DAMP_C), where=where), **more)


def test_a_shower_beside_the_box_is_no_tenfold_load() -> None:
    """The air of a bathroom is a tenth of the home's: what it is in g/m³ is not what it is in a home."""
    in_hall, in_bathroom = shower("Hall"), shower("Bathroom")
    assert in_hall.evidence["facts"]["water_g_day"] is not None
    assert in_hall.evidence["facts"]["drying_carried_m3_h"] == pytest.approx(0.4 * 160.0)
    facts = in_bathroom.evidence["facts"]
    assert (facts["water_g_day"], facts["drying_g_day"], facts["shut_clear_min"]) == (None, None, None)
    assert in_bathroom.evidence["ventilation_share"] is None
    assert in_bathroom.advice["recent"]["clear_times"]["shut_min"] is not None  # the room's own is still told


def test_without_the_number_of_people_load_and_ventilation_are_not_told_apart() -> None:
    assert shower("Hall").evidence["ventilation_share"] is not None
    unknown = shower("Hall", occupants=None)
    assert unknown.evidence["ventilation_share"] is None
    assert unknown.evidence["facts"]["water_g_day"] is None


@pytest.mark.parametrize(("where", "occupants"), [("Bathroom", 2), ("Hall", None)])
def test_too_much_moisture_can_be_the_cause(where: str, occupants: int | None) -> None:
    """A warm room and a good wall, and still damp: it is the water, whichever way."""
    wet = room(28.0, warm_c=20.0, grams=0.0)
    wet = np.stack([wet[0], np.full(wet.shape[1], 19.5), np.full(wet.shape[1], 78.0)])
    given = RoomInput(
        device="frog-1", room=where, cadence_s=600.0, installed_s=0.0, series=Series(*wet, np.full(wet.shape[1], np.nan))
    )  # fmt: skip
    assert last_finding(given, occupants=occupants).cause == "moisture"
    assert last_finding(replace(given, room="Hall"), occupants=2).cause in ("ventilation", "load")


def test_grams_are_of_the_room_s_own_air_unless_an_override_says_more() -> None:
    def grams(where: str, rules: Any = RULES) -> float:
        home = HomeInput(
            home_id=1, code="OAK", temperature_factor=0.7, occupants=2, due=FIRST, last=FIRST, seen_s=MIDNIGHT + 3 * DAY_S,
            rooms=(box("frog-1", (0.0, 3.0, 20.0), where=where),),
        )  # fmt: skip
        [result] = analyse([home], Outdoors(MIDNIGHT, np.full(99, 4.0), np.full(99, 650.0)), rules)
        return sum(e.grams for e in result.rooms[0].events if e.activity != "washing")

    assert grams("Hall") == pytest.approx(160.0 / 14.0 * grams("Bathroom"), rel=1e-4)
    assert grams("Kitchen") == pytest.approx(2.0 * grams("Bathroom"), rel=1e-4)
    given = Override(
        override_id=1, rule_id="damp.moisture_events", path="parameters.room.volume_m3", scope_kind="device", scope="frog-1",
        value=7.0, author="kim", reason="a small one", starts_s=0.0, expires_s=MIDNIGHT + 300 * DAY_S,
    )  # fmt: skip
    taken = prepare(RULES.catalogue, [given])
    assert taken.refused == ()
    assert grams("Bathroom", replace(RULES, overrides=taken)) == pytest.approx(
        0.5 * grams("Bathroom"), rel=1e-4
    )
