"""The decision on the chosen route, for whoever answers it: what, how much beside what physics says, what either costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ops_api.web import words
from ops_api.web.brand import Brand
from ops_api.web.winter_ahead import Ahead
from ops_api.web.winter_status import reason_of, status_of
from ops_api.web.winter_view import OUTCOMES, outcome_of
from rules.core.explain.changes import sentences
from rules.core.explain.decision import rows_of
from rules.core.winter_orders.words import later_words

Row = Mapping[str, Any]
STRETCHES = 12
"""Stretches of a route that are listed, the coldest first; the table of a stretch is a click away on the map."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """Salt and money behind a decision; empty texts where it did not say.

    Attributes:
        cell, dose: by the matrix, and by physics, for the stretch that needs most.
        place: that stretch, and how cold it gets.
        treat, leave: expected costs.
        chance: of ice, and from which chance on treating costs less.
    """

    cell: str = ""
    dose: str = ""
    place: str = ""
    treat: str = ""
    leave: str = ""
    chance: str = ""


@dataclass(frozen=True, slots=True)
class StretchRow:
    """A stretch of the route and the coldest hour to come."""

    segment_id: str
    street: str
    lowest: str
    at: str
    chance: str


@dataclass(frozen=True, slots=True)
class DecisionView:
    """The panel's content; ``decision_id`` None before the first decision.

    Attributes:
        sentence: what is proposed now, and why.
        was: what the stored decision said, where that differs.
        changes: what would change it.
        mind: what it was decided without.
    """

    route_id: str
    label: str
    decision_id: int | None
    decided: str
    outcome: str
    sentence: str
    was: str
    weighed: Weighed
    changes: tuple[str, ...]
    mind: tuple[str, ...]
    forecast: str
    times: tuple[tuple[str, str], ...]
    stretches: tuple[StretchRow, ...]
    more: int


def view(
    route: Row,
    decision: Row | None,
    members: Sequence[Row],
    ahead: Ahead | None,
    *,
    now: datetime,
    brand: Brand,
) -> DecisionView:
    """Return the panel.

    Args:
        route: row of ``routes``.
        decision: its newest, a row of ``route_decision``.
        members: its stretches, rows of ``segments``.
        ahead: the newest road forecast.
        now: the town's time.
        brand: name and time zone.
    """
    state = route["state"] or {}
    inputs: Row = {} if decision is None else decision["inputs"]
    said = "" if decision is None else str(decision["reason"])
    reason = str(state.get("reason") or said) or "Waiting for road readings."
    stretches = _stretches(members, ahead, now, brand)
    return DecisionView(
        route_id=str(route["route_id"]), label=str(route["label"]),
        decision_id=None if decision is None else int(decision["decision_id"]),
        decided="" if decision is None else _clock(decision["decided_at"], brand, now),
        outcome=OUTCOMES[outcome_of(route)], sentence=words.local_times(_since(route, reason, now), brand.time_zone, now),
        was="" if said in ("", reason) else words.local_times(said, brand.time_zone, now),
        weighed=weighed(inputs), changes=() if decision is None else tuple(sentences(decision["would_change"] or ())),
        mind=_mind(decision), forecast=_forecast(inputs, brand, now), times=_times(route, brand, now),
        stretches=stretches[:STRETCHES], more=max(0, len(stretches) - STRETCHES),
    )  # fmt: skip


def _since(route: Row, reason: str, now: datetime) -> str:
    return reason_of(route, now) or reason


def weighed(inputs: Row) -> Weighed:
    """Return what a decision's inputs say of salt and costs."""
    most = max(rows_of(inputs, "segments"), key=_needs, default={})
    cell, dose, low = most.get("cell_g_m2"), most.get("dose_g_m2"), most.get("minimum_c")
    cost = inputs.get("cost")
    place = "" if cell is None else str(most.get("street") or most.get("segment_id"))
    money = {} if not isinstance(cost, Mapping) else _money(cost)
    return Weighed(
        cell="" if cell is None else f"{words.number(cell)} g/m²",
        dose="" if dose is None else f"{words.number(dose, 1)} g/m²",
        place=place if low is None or cell is None else f"{place}, lowest {words.degrees(low)}",
        **money,
    )


def _needs(stretch: Row) -> tuple[bool, float, float]:
    low = stretch.get("minimum_c")
    treats = stretch.get("outcome") == "treat"
    return treats, float(stretch.get("cell_g_m2") or 0.0), -99.0 if low is None else -float(low)


def _money(cost: Row) -> dict[str, str]:
    whose = "by the road forecast" if cost.get("source") == "forecast" else "by the sensors’ trend"
    return {
        "treat": f"£{words.number(cost['treat_gbp'])}",
        "leave": f"£{words.number(cost['leave_gbp'])}",
        "chance": f"{words.percent(100 * cost['p_ice'])} chance of ice {whose}; treating costs less from "
        f"{words.percent(100 * cost['act_from'])} on",
    }


def _mind(decision: Row | None) -> tuple[str, ...]:
    missing, expected = (decision or {}).get("missing"), (decision or {}).get("expected")
    if not missing or expected is None:
        return ()
    return (f"Decided without {missing} of {expected} expected readings.",)


def _forecast(inputs: Row, brand: Brand, now: datetime) -> str:
    seen = inputs.get("road_forecast")
    if not isinstance(seen, Mapping) or not seen.get("issued_at"):
        return "decided without a road forecast"
    at = words.local_times(str(seen["issued_at"]), brand.time_zone, now).removeprefix("today ")
    kind = {"forecast": "weather forecast", "stations": "stations alone"}.get(
        str(seen.get("weather")), str(seen.get("weather") or "")
    )
    old = "" if seen.get("used", True) else ", too old to be used"
    return f"road forecast of {at}{f' ({kind})' if kind else ''}{old}"


def _times(route: Row, brand: Brand, now: datetime) -> tuple[tuple[str, str], ...]:
    """Return when what is to be done; what is past is to be done at once, or has been where a lorry is out."""
    state, status = route["state"] or {}, status_of(route)
    if status not in ("to_treat", "under_way"):
        return ()
    named = (
        ("Call out by", "call_out_by"),
        ("Leave by", "leave_by"),
        ("Not before", "not_before"),
        ("Done by", "treat_by" if state.get("done_by") is None else "done_by"),
    )
    is_out = status == "under_way"
    return tuple((name, said) for name, key in named if (said := _time_of(state, key, is_out, brand, now)))


def _time_of(state: Row, key: str, is_out: bool, brand: Brand, now: datetime) -> str:
    """Return one of the times in words; empty where there is none, or it no longer matters."""
    at = words.moment(state.get(key))
    is_end, later_min = key in ("treat_by", "done_by"), int(state.get("late_min") or 0)
    if at is None or at > now:
        later = f", {later_words(later_min)}" if is_end and later_min else ""
        return "" if at is None else _clock(at, brand, now) + later
    if key == "not_before" or (is_out and not is_end):
        return ""
    late_min = int((now - at).total_seconds() // 60) + (later_min if is_end else 0)
    late = f"{late_min} min" if late_min < 120 else f"{late_min // 60} h"
    return f"at once, {late} late" if late_min > 0 else "at once"


def _clock(value: object, brand: Brand, now: datetime) -> str:
    return words.day_and_clock(words.moment(value), brand.time_zone, now).removeprefix("today ")


def _stretches(
    members: Sequence[Row], ahead: Ahead | None, now: datetime, brand: Brand
) -> tuple[StretchRow, ...]:
    """Return the route's stretches by their coldest hour to come, the coldest first; none without a forecast."""
    if ahead is None:
        return ()
    rows = {
        s["segment_id"]: ahead.row_of[s["segment_id"]] for s in members if s["segment_id"] in ahead.row_of
    }
    known = ahead.prospects(ahead.rows(list(rows)), ahead.first_hour(now.timestamp()))
    found = [(known[rows[s["segment_id"]]], s) for s in members if rows.get(s["segment_id"]) in known]
    found.sort(key=lambda f: f[0].coldest.surface_c)
    return tuple(
        StretchRow(
            segment_id=str(s["segment_id"]), street=str(s["street"]) + (" (bridge)" if s["bridge"] else ""),
            lowest=words.degrees(p.coldest.surface_c),
            at=words.clock(datetime.fromtimestamp(p.coldest.at_s, brand.time_zone), brand.time_zone),
            chance=words.percent(100 * p.p_ice),
        )
        for p, s in found
    )  # fmt: skip
