"""Snow that goes on, ice that stays: salt that was spread counts until more has fallen, or it has not worked."""

from __future__ import annotations

import msgspec
import pytest

from rules.catalogue.loader import load
from rules.core.coat import Coat
from rules.core.context import Context
from rules.core.engine import step
from rules.core.gritting import Outlook, assess
from rules.core.memory import EngineState, Outdoor, RouteMemory
from rules.core.route_plan import RoutePlan, make_plan
from rules.core.treatment_rule import coats_now
from rules.core.work import Work
from tests.fakes.rules_town import Reading, batch, context, gritter_fix, latest

CATALOGUE = load()
P, MATRIX = CATALOGUE.gritting.parameters, CATALOGUE.matrix
HOUR = 3600.0


def outlook(minimum_c: float = -2.0, **more) -> Outlook:
    return Outlook(**{"segment_id": "s", "street": "S", "surface_c": -1.0, "minimum_c": minimum_c, **more})


def snow(lying_mm: float, **more) -> Outlook:
    return outlook(**{"state": "snow", "lying_mm": lying_mm, "snow_mm": lying_mm, **more})


def plan(view: Outlook, hours: float, coat: Coat | None = None, before: RoutePlan | None = None) -> RoutePlan:
    coats = {} if coat is None else {"s": coat}
    return make_plan([assess(view, P, MATRIX)], coats, before, hours * HOUR, 7, P)


def salt(g_m2: float, hours: float, snowed_mm: float = 0.0) -> Coat:
    return Coat(g_m2, hours * HOUR, (hours + 6.0) * HOUR, snowed_mm=snowed_mm)


@pytest.mark.parametrize(("snowed_mm", "outcome"), [(1.0, "monitor"), (2.9, "monitor"), (3.0, "treat")])
def test_it_is_ploughed_again_when_as_much_has_fallen_again(snowed_mm: float, outcome: str) -> None:
    first = plan(snow(4.0, precipitation="snow"), 0.0)
    behind = plan(snow(5.0, precipitation="snow"), 1.1, salt(20.0, 1.0), first)
    assert (first.plough, behind.outcome) == (True, "monitor")
    again = plan(snow(15.0, precipitation="snow"), 2.5, salt(20.0, 1.0, snowed_mm), behind)
    assert (again.outcome, again.plough) == (outcome, outcome == "treat")
    assert again.rate_g_m2 == (20.0 if outcome == "treat" else 0.0)  # the plough takes what was there


def test_a_road_that_is_wet_for_a_moment_behind_the_plough_is_not_ploughed_again() -> None:
    found = plan(snow(4.0), 0.0)
    found = plan(snow(4.0), 1.1, salt(20.0, 1.0), found)
    found = plan(snow(4.0, state="wet", wet=True), 1.2, salt(20.0, 1.0), found)
    found = plan(snow(4.0), 1.3, salt(20.0, 1.0), found)
    assert (found.outcome, found.ploughed_s) == ("monitor", 0.0)
    thawed = plan(snow(0.0, state="dry"), 1.4, salt(20.0, 1.0), found)
    assert thawed.ploughed_s is None


@pytest.mark.parametrize(("snowed_mm", "outcome"), [(0.9, "monitor"), (1.0, "treat")])
def test_heavy_snow_that_goes_on_is_salted_again(snowed_mm: float, outcome: str) -> None:
    found = plan(snow(2.9, precipitation="snow"), 5.0, salt(40.0, 2.0, snowed_mm))
    assert found.outcome == outcome
    if outcome == "treat":  # what is still there is not spread twice
        assert 8.0 <= found.rate_g_m2 * found.passes < 40.0


@pytest.mark.parametrize(
    ("view", "lasts"),
    [
        (outlook(-4.0, state="ice"), True),
        (snow(4.0), True),
        (snow(0.0, minimum_c=-4.0), True),  # packed
        (outlook(-1.0, precipitation="freezing_rain"), True),
        (outlook(-1.0, precipitation="freezing_rain", falls_in_h=0.0), True),
        (outlook(-1.0, precipitation="freezing_rain", falls_in_h=4.0), False),  # treated before it
        (outlook(-4.0, wet=True), False),
        (snow(2.0), False),
    ],
)
def test_what_salt_has_not_ended_in_two_hours_is_salted_again(view: Outlook, lasts: bool) -> None:
    enough, before = salt(40.0, 0.0), RoutePlan(7, "monitor", "as before", ploughed_s=-HOUR)
    assert plan(view, 1.9, enough, before).outcome == "monitor"
    late = plan(view, 2.0, enough, before)
    assert late.outcome == ("treat" if lasts else "monitor")


def _snowing(hours: int) -> list[Reading]:
    air = {"air_temperature_c": -1.0, "humidity_pct": 95.0, "wind_speed_m_s": 2.0, "precipitation_type": 2.0}
    return [
        ("weather", "wx-0", 300.0 * i, {**air, "precipitation_mm_h": 2.0 if i >= 12 else 0.0})
        for i in range(12 * hours)
    ]


def test_snow_is_counted_from_the_pass_on_whenever_that_is_reported() -> None:
    lorry: list[Reading] = [
        ("gritter", "gritter-0", 2 * HOUR + 60.0 * i, gritter_fix(i / 60.0)) for i in range(20)
    ]

    def since(readings: list[Reading], ctx: Context) -> list[float]:
        state, _ = step(EngineState(), batch(readings), latest(readings), ctx)
        return [c.snowed_mm for c in coats_now(Work(state), ctx, latest(readings)).values()]

    weather = _snowing(5)
    in_time = since(sorted([*weather, *lorry], key=lambda r: r[2]), context())
    afterwards = since([*weather, *lorry], context())
    assert in_time
    # from two hours and some minutes to five hours, 2 mm/h; the gauge is noted each ten minutes, rather early
    assert all(5.0 < mm < 6.5 for mm in (*in_time, *afterwards))
    assert len(afterwards) == len(in_time)


def test_what_was_remembered_before_is_read() -> None:
    town = msgspec.json.decode(b'{"at_s":60.0,"snow_mm":4.0}', type=Outdoor)
    assert (town.snowed_mm, town.snow_gauge) == (0.0, ())
    plan_then = b'{"period":7,"outcome":"treat","why":"x","needs":{"s":[8.0,1,60.0,0.0]},"ploughed_s":0.0}'
    route = msgspec.json.decode(
        b'{"plan":%b,"decided":%b,"decided_s":0.0}' % (plan_then, plan_then), type=RouteMemory
    )
    assert route.plan.gaps == {}
