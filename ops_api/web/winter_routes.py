"""The board's table of routes: each with how cold it gets, what is to be done, and who has said so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ops_api.web import words
from ops_api.web.brand import Brand
from ops_api.web.sheet_view import salt_kg
from ops_api.web.winter_ahead import Ahead, Prospect
from ops_api.web.winter_answers import NOTHING, Answer
from ops_api.web.winter_status import urgency
from ops_api.web.winter_view import RouteRow, route_row

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A route as the board's table shows it.

    Attributes:
        status, status_name: with what the officer said: ``decide`` where a proposal waits, ``cancelled``.
        lowest, lowest_at, lowest_street: of the coldest stretch in the coming hours.
        chance, chance_at: the highest chance of ice of any stretch.
        leave_by, treat_by: a dash where nothing is to be driven.
        salt: that the stretches to treat take [t].
        answer: of the proposal.
    """

    route: RouteRow
    status: str
    status_name: str
    overdue: bool
    lowest: str
    lowest_at: str
    lowest_street: str
    chance: str
    chance_at: str
    leave_by: str
    treat_by: str
    salt: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Board:
    """What the rows are made of: the newest forecast, answers by route, streets and widths by stretch."""

    ahead: Ahead | None
    answers: Mapping[str, Answer]
    segments: Sequence[Row]
    now: datetime
    brand: Brand


def board_rows(routes: Sequence[Row], b: Board) -> tuple[BoardRow, ...]:
    """Return the routes, the most urgent first."""
    streets = {str(s["segment_id"]): str(s["street"]) for s in b.segments}
    widths = {str(s["segment_id"]): float(s["width_m"]) for s in b.segments}
    members: dict[str, list[str]] = {}
    for s in b.segments:
        members.setdefault(str(s["route_id"]), []).append(str(s["segment_id"]))

    def key(route: Row) -> tuple[int, float, int]:
        answer = b.answers.get(route["route_id"], NOTHING)
        return urgency(route, waits=answer.waits, cancelled=answer.cancelled)

    return tuple(_row(r, members.get(r["route_id"], ()), streets, widths, b) for r in sorted(routes, key=key))


def _row(
    route: Row, members: Sequence[str], streets: Mapping[str, str], widths: Mapping[str, float], b: Board
) -> BoardRow:
    shown, answer = route_row(route, streets, b.brand, b.now), b.answers.get(route["route_id"], NOTHING)
    state = route["state"] or {}
    prospect = None
    if b.ahead is not None:
        prospect = b.ahead.prospect(b.ahead.rows(members), b.ahead.first_hour(b.now.timestamp()))
    status, name = _status(shown, answer)
    treats = shown.outcome == "treat" and status != "cancelled"
    lowest, at, street = _coldest(shown, prospect, streets, b)
    return BoardRow(
        route=shown, status=status, status_name=name, overdue=shown.overdue and not answer.cancelled,
        lowest=lowest, lowest_at=at, lowest_street=street,
        chance="–" if prospect is None else words.percent(100.0 * prospect.p_ice),
        chance_at="" if prospect is None or prospect.p_ice < 0.005 else clock_of(prospect.ice_at_s, b),
        leave_by=_day_and_clock(state.get("leave_by"), b) if treats else "–",
        treat_by=shown.treat_by if treats else "–",
        salt=_salt_t(state, widths) if treats else "–", answer=answer,
    )  # fmt: skip


def _status(shown: RouteRow, answer: Answer) -> tuple[str, str]:
    """Return where a route stands, the officer's answer counted in."""
    if answer.cancelled:
        return "cancelled", "Cancelled"
    if answer.waits and shown.status in ("to_treat", "refer"):
        return "decide", "Decide now"
    return shown.status, shown.status_name


def _coldest(
    shown: RouteRow, prospect: Prospect | None, streets: Mapping[str, str], b: Board
) -> tuple[str, str, str]:
    """Return how cold it gets, when and where: by the forecast, else what the rules expect."""
    if prospect is None or b.ahead is None:
        return shown.coldest, "", shown.coldest_street
    found = prospect.coldest
    street = streets.get(b.ahead.forecast.ids[found.row], "")
    return words.degrees(found.surface_c), clock_of(found.at_s, b), street


def clock_of(at_s: float, b: Board) -> str:
    """Return a time of the coming day by the town's clock."""
    return words.clock(datetime.fromtimestamp(at_s, UTC), b.brand.time_zone)


def _day_and_clock(value: object, b: Board) -> str:
    at = words.moment(value)
    return words.day_and_clock(at, b.brand.time_zone, b.now).removeprefix("today ")


def _salt_t(state: Row, widths: Mapping[str, float]) -> str:
    legs = (state.get("drive") or {}).get("legs") or ()
    rate = state.get("spread_rate_g_m2")
    if rate is None or not legs:
        return "–"
    kg = int(state.get("passes") or 1) * salt_kg(legs, widths, rate)
    return f"{words.number(kg / 1000, 2)} t"
