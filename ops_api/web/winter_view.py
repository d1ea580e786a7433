"""What the winter page says: which routes tonight and when, and which roads are slippery."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ops_api.web import words
from ops_api.web.brand import Brand
from ops_api.web.winter_status import STATUSES, headline, is_overdue, reason_of, status_of, urgency

Row = Mapping[str, Any]

OUTCOMES: Mapping[str, str] = {
    "treat": "Treat",
    "refer": "Refer",
    "monitor": "Monitor",
    "no_action": "No action",
    "unknown": "No decision yet",
}

ACTIONS: Mapping[str, str] = {"treat_twice": "Treat twice", "plough": "Plough and treat"}
"""What there is to do, where the outcome does not say it all."""

STATES: Mapping[str, str] = {
    "ice": "Ice",
    "hoar": "Hoar frost",
    "snow": "Snow",
    "wet": "Wet",
    "damp": "Damp",
    "dry": "Dry",
    "unknown": "Not known",
}

LISTED = 200
"""Slippery stretches in the list at most; the map and the API have all."""


@dataclass(frozen=True, slots=True)
class RouteRow:
    """A route's decision as shown."""

    route_id: str
    label: str
    outcome: str
    outcome_name: str
    status: str
    status_name: str
    overdue: bool
    overdue_note: str
    rate: str
    treat_by: str
    call_out_by: str
    coldest: str
    coldest_street: str
    length: str
    to_treat: str
    treated: str
    treated_note: str
    reason: str
    decided: str


@dataclass(frozen=True, slots=True)
class HazardRow:
    """A slippery stretch as shown."""

    segment_id: str
    street: str
    state: str
    state_name: str
    surface: str
    reason: str
    route: str


@dataclass(frozen=True, slots=True)
class WinterView:
    """The page's content."""

    headline: str
    overdue: bool
    routes: tuple[RouteRow, ...]
    hazards: tuple[HazardRow, ...]
    more_hazards: tuple[HazardRow, ...]
    hazards_hidden: int
    counts: tuple[tuple[str, str, int], ...]
    as_of: str
    states: Mapping[str, str]


def outcome_of(route: Row) -> str:
    """Return the route's outcome, or unknown before the first decision."""
    outcome = (route["state"] or {}).get("outcome")
    return str(outcome) if outcome in OUTCOMES else "unknown"


def spread(state: Row) -> str:
    """Return the rate in words: ``10 g/m²``, ``2 × 15 g/m²`` for two passes, a dash where none."""
    rate = state.get("spread_rate_g_m2")
    if rate is None:
        return "–"
    passes = int(state.get("passes") or 1)
    return f"{'' if passes == 1 else f'{passes} × '}{words.number(rate)} g/m²"


def _clock(value: object, brand: Brand, now: datetime) -> str:
    return words.day_and_clock(words.moment(value), brand.time_zone, now).removeprefix("today ")


def route_row(route: Row, streets: Mapping[str, str], brand: Brand, now: datetime) -> RouteRow:
    """Return a route as shown; ``streets`` gives the street of a segment."""
    state = route["state"] or {}
    outcome, status = outcome_of(route), status_of(route)
    treats = outcome == "treat"
    coldest = state.get("coldest_segment")
    to_treat, segments = state.get("segments_to_treat"), state.get("segments", route["segments"])
    treated, note = _treated(state, brand)
    return RouteRow(
        route_id=str(route["route_id"]),
        label=str(route["label"]),
        outcome=outcome,
        outcome_name=ACTIONS.get(str(state.get("action")), OUTCOMES[outcome]),
        status=status,
        status_name=STATUSES[status],
        overdue=is_overdue(route),
        overdue_note=_overdue_note(state, status),
        rate=spread(state) if treats else "–",
        treat_by=_clock(state.get("done_by") or state.get("treat_by"), brand, now) if treats else "–",
        call_out_by=_clock(state.get("call_out_by"), brand, now) if treats else "–",
        coldest=words.degrees(state.get("min_surface_temperature_c")),
        coldest_street=streets.get(str(coldest), "") if coldest is not None else "",
        length=f"{words.number(state.get('length_km', route['length_km']), 1)} km",
        to_treat=f"{to_treat} of {segments}" if treats and to_treat is not None else "–",
        treated=treated,
        treated_note=note,
        reason=reason_of(route, now) or ("Waiting for road readings." if outcome == "unknown" else ""),
        decided=words.day_and_clock(
            words.moment(state.get("decided_at")) or route["at"], brand.time_zone, now
        ),
    )


def _overdue_note(state: Row, status: str) -> str:
    """Return how much is overdue, and where the route stands otherwise."""
    late = state.get("overdue_segments")
    said = "" if late is None else f"{words.plural(late, 'stretch', 'stretches')}, "
    return said + STATUSES[status].lower()


def _treated(state: Row, brand: Brand) -> tuple[str, str]:
    """Return when a route was treated, and how much of it until when; a dash where nothing holds."""
    count = int(state.get("treated_segments") or 0)
    if count == 0:
        return "–", ""
    # Salt holds for hours: the time of day is enough, whatever day it was.
    times = (words.moment(state.get(f"treated_{k}")) for k in ("from", "to", "until"))
    start, end, until = (words.clock(t, brand.time_zone) for t in times)
    when = start if start == end else f"{start} to {end}"
    return when, f"{words.plural(count, 'stretch', 'stretches')}, holds until {until}"


def _hazards(segments: Sequence[Row], labels: Mapping[str, str]) -> list[HazardRow]:
    slippery = [s for s in segments if (s["state"] or {}).get("hazard")]

    def coldness(segment: Row) -> float:
        value = segment["state"].get("surface_temperature_c")
        return 99.0 if value is None else float(value)

    return [
        HazardRow(
            segment_id=str(s["segment_id"]),
            street=str(s["street"]) + (" (bridge)" if s["bridge"] else ""),
            state=state_of(s),
            state_name=STATES[state_of(s)],
            surface=words.degrees(s["state"].get("surface_temperature_c")),
            reason=str(s["state"].get("reason") or ""),
            route=labels.get(s["route_id"], "not on a route"),
        )
        for s in sorted(slippery, key=coldness)
    ]


def state_of(segment: Row) -> str:
    """Return the segment's state, or unknown."""
    state = (segment["state"] or {}).get("state")
    return str(state) if state in STATES else "unknown"


def view(
    routes: Sequence[Row],
    segments: Sequence[Row],
    *,
    as_of: datetime | None,
    now: datetime,
    brand: Brand,
    show: int = 5,
    cancelled: Collection[str] = frozenset(),
) -> WinterView:
    """Return the page's content; ``show`` slippery stretches are listed at once, ``LISTED`` in all.

    ``cancelled``: routes whose treatment an officer has cancelled: nobody is late there.
    """
    streets = {str(s["segment_id"]): str(s["street"]) for s in segments}
    labels = {r["route_id"]: str(r["label"]) for r in routes}
    ordered = [route_row(r, streets, brand, now) for r in sorted(routes, key=urgency)]
    counts = Counter(state_of(s) for s in segments)
    hazards = _hazards(segments, labels)
    return WinterView(
        headline=headline(routes, brand, now, cancelled),
        overdue=any(r.overdue and r.route_id not in cancelled for r in ordered),
        routes=tuple(ordered),
        hazards=tuple(hazards[:show]),
        more_hazards=tuple(hazards[show:LISTED]),
        hazards_hidden=max(0, len(hazards) - LISTED),
        counts=tuple((s, name, counts[s]) for s, name in STATES.items()),
        as_of="" if as_of is None else f"Roads as of {words.day_and_clock(as_of, brand.time_zone, now)}",
        states={str(s["segment_id"]): state_of(s) for s in segments},
    )
