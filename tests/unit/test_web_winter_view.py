"""What the winter page says first through the night, and in which order it shows routes and stretches."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ops_api.web import winter_view
from ops_api.web.brand import Brand
from tests.fakes.web_routes import NOW, route

BRAND = Brand()


@pytest.mark.parametrize(
    ("outcomes", "headline"),
    [
        ([], "No decision yet: waiting for the first road readings"),
        ([None], "No decision yet: waiting for the first road readings"),
        (["no_action", None], "No treatment needed tonight"),
        (["monitor", "no_action"], "No salt yet. Watch 1 route tonight"),
        (["refer", "monitor"], "1 route needs the duty officer’s decision · watch 1"),
        (
            ["treat", "refer"],
            "Treat 1 of 2 routes tonight, the first by 21:00 · 1 for the duty officer to decide",
        ),
        (["treat", "treat"], "Treat every route tonight, the first by 21:00"),
    ],
)
def test_the_first_line_of_winter(outcomes: list[str | None], headline: str) -> None:
    by = (NOW + timedelta(hours=3)).isoformat()
    routes = [route(f"r{i}", o, treat_by=by if o == "treat" else None) for i, o in enumerate(outcomes)]
    view = winter_view.view(routes, [], as_of=NOW, now=NOW, brand=BRAND)
    assert view.headline == headline


def staged(name: str, status: str, **state: Any) -> dict[str, Any]:
    """A route whose times are hours from now."""
    hours = {k: (NOW + timedelta(hours=v)).isoformat() for k, v in state.items() if isinstance(v, float)}
    outcome = {"treated": "monitor", "watch": "monitor", "none": "no_action", "refer": "refer"}.get(
        status, "treat"
    )
    return route(name, outcome, status=status, **{**state, **hours})


TREATED = {"treated_segments": 15, "treated_from": -2.0, "treated_to": -1.5, "treated_until": 4.0}


@pytest.mark.parametrize(
    ("states", "headline"),
    [
        (
            [("to_treat", {"treat_by": 1.0, "call_out_by": -0.2}), ("to_treat", {"treat_by": 1.5, "call_out_by": 0.0}),
             ("treated", TREATED)],
            "Treat 2 routes now, by 19:00 · 1 route treated, holds until about 22:00",
        ),
        (
            [("to_treat", {"treat_by": 1.0, "call_out_by": -0.2}), ("to_treat", {"treat_by": 5.0, "call_out_by": 4.0})],
            "Treat 1 route now, by 19:00 · 1 more by 23:00",
        ),
        (
            [("to_treat", {"treat_by": -4.0, "call_out_by": -6.0}), ("to_treat", {"treat_by": 1.0, "call_out_by": -0.5})],
            "Treat 2 routes at once",  # where no gritter reports nothing is overdue
        ),
        (
            [("to_treat", {"treat_by": -1.0, "call_out_by": -2.0, "overdue": True}), ("under_way", {"treat_by": 1.0}),
             ("watch", {})],
            "1 route overdue since 17:00 · 1 under way",
        ),
        (
            [("to_treat", {**TREATED, "treat_by": 7.0, "call_out_by": 6.0}), ("none", {})],
            "Treat 1 of 2 routes tonight, the first by 01:00 · 1 treated in part",
        ),
        ([("treated", TREATED)] * 2, "Every route treated, holds until about 22:00"),
        ([("treated", TREATED), ("watch", {})], "1 route treated, holds until about 22:00 · watch 1"),
        # what is done is not late
        ([("treated", {**TREATED, "overdue": True})], "The route treated, holds until about 22:00"),
    ],
)  # fmt: skip
def test_the_first_line_through_the_night(states: list[tuple[str, dict[str, Any]]], headline: str) -> None:
    routes = [staged(f"r{i}", status, **state) for i, (status, state) in enumerate(states)]
    view = winter_view.view(routes, [], as_of=NOW, now=NOW, brand=BRAND)
    assert view.headline == headline
    assert view.overdue is ("overdue" in headline)


def test_the_first_line_counts_no_route_that_an_officer_has_cancelled() -> None:
    late = staged("late", "to_treat", treat_by=-1.0, call_out_by=-2.0, overdue=True)
    routes = [late, staged("todo", "to_treat", treat_by=1.0, call_out_by=0.5)]

    def first(*cancelled: str) -> tuple[str, bool]:
        view = winter_view.view(routes, [], as_of=NOW, now=NOW, brand=BRAND, cancelled=cancelled)
        return view.headline, view.overdue

    assert first("late") == (
        "Treat 1 of 2 routes tonight, the first by 19:00 · 1 route cancelled by the duty officer",
        False,
    )
    assert first("todo") == ("1 route overdue since 17:00 · 1 route cancelled by the duty officer", True)
    assert first("late", "todo") == ("2 routes cancelled by the duty officer", False)


@pytest.mark.parametrize(("hour", "when"), [(3, "tonight"), (6, "this morning"), (13, "tonight")])
def test_the_night_ends_in_the_morning(hour: int, when: str) -> None:
    now = NOW.replace(hour=hour)
    for status, words in (("watch", "No salt yet. Watch 1 route"), ("none", "No treatment needed")):
        view = winter_view.view([staged("r", status)], [], as_of=now, now=now, brand=BRAND)
        assert view.headline == f"{words} {when}"


def test_a_route_shows_what_is_done_and_what_is_late() -> None:
    late = staged("late", "under_way", overdue=True, treat_by=-1.0, **TREATED)
    routes = [staged("done", "treated", **TREATED), staged("todo", "to_treat", treat_by=1.0), late]
    view = winter_view.view(routes, [], as_of=None, now=NOW, brand=BRAND)
    assert [(r.route_id, r.status_name, r.overdue) for r in view.routes] == [
        ("late", "Under way", True), ("todo", "To treat", False), ("done", "Treated", False),
    ]  # fmt: skip
    assert (view.routes[2].treated, view.routes[2].treated_note) == (
        "16:00 to 16:30",
        "15 stretches, holds until 22:00",
    )
    assert (view.routes[1].treated, view.routes[1].treated_note) == ("–", "")
    past_midnight = NOW + timedelta(hours=8)
    view = winter_view.view(routes, [], as_of=None, now=past_midnight, brand=BRAND)
    assert view.routes[2].treated == "16:00 to 16:30"  # no "yesterday": it would not fit a phone


def test_routes_are_sorted_by_urgency() -> None:
    late, soon = (NOW + timedelta(hours=h) for h in (5, 2))
    routes = [
        route("quiet", "no_action"),
        route("late", "treat", treat_by=late.isoformat(), spread_rate_g_m2=10),
        route("new", None),
        route("soon", "treat", treat_by=soon.isoformat(), spread_rate_g_m2=16),
        route("ask", "refer"),
        route("untimed", "treat", spread_rate_g_m2=8),
    ]
    view = winter_view.view(routes, [], as_of=None, now=NOW, brand=BRAND)
    assert [r.route_id for r in view.routes] == ["ask", "soon", "late", "untimed", "quiet", "new"]
    assert [r.treat_by for r in view.routes[1:4]] == ["20:00", "23:00", "–"]
    assert view.routes[1].rate == "16 g/m²"


def segment(name: str, **state: Any) -> dict[str, Any]:
    return {
        "segment_id": name,
        "street": f"{name} Street",
        "bridge": False,
        "route_id": None,
        "state": state or None,
    }


def test_slippery_stretches_come_coldest_first_and_all_are_counted() -> None:
    segments = [
        segment("warm", state="dry", hazard=False, surface_temperature_c=4.0),
        segment("cold", state="hoar", hazard=True, surface_temperature_c=-1.0),
        segment("colder", state="ice", hazard=True, surface_temperature_c=-3.0),
        segment("unsure", state="ice", hazard=True, surface_temperature_c=None),
        segment("new"),
    ]
    view = winter_view.view([], segments, as_of=None, now=NOW, brand=BRAND, show=2)
    assert [h.segment_id for h in view.hazards] == ["colder", "cold"]
    assert [h.segment_id for h in view.more_hazards] == ["unsure"]
    assert {state: n for state, _, n in view.counts if n} == {"dry": 1, "hoar": 1, "ice": 2, "unknown": 1}
    assert view.states["new"] == "unknown"
