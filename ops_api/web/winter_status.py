"""Where the routes stand tonight: what is overdue, to do, under way and done, in one line."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from ops_api.web import words
from ops_api.web.brand import Brand
from rules.core.route_words import call_is_past

Row = Mapping[str, Any]

STATUSES: Mapping[str, str] = {
    "to_treat": "To treat",
    "under_way": "Under way",
    "refer": "You decide",
    "treated": "Treated",
    "watch": "Watch",
    "none": "No action",
    "unknown": "No decision yet",
}
_ORDER = {name: i for i, name in enumerate(("under_way", "to_treat", "treated", "watch", "none", "unknown"))}
_OF_OUTCOME = {"treat": "to_treat", "refer": "refer", "monitor": "watch", "no_action": "none"}


def status_of(route: Row) -> str:
    """Return where a route stands; from its outcome alone where the rules did not say."""
    state = route["state"] or {}
    status = state.get("status")
    return str(status) if status in STATUSES else _OF_OUTCOME.get(str(state.get("outcome")), "unknown")


def is_overdue(route: Row) -> bool:
    """Whether something should have been treated by now and has not been."""
    return bool((route["state"] or {}).get("overdue")) and status_of(route) in ("to_treat", "under_way")


def reason_of(route: Row, now: datetime) -> str:
    """Return why a route stands where it does, in the rules' words; empty where they said nothing.

    They are those of the decision. Where the rules have looked again since, and the call is past, "call the crew now" is
    said as what was to be done.
    """
    reason = str((route["state"] or {}).get("reason") or "")
    decided, call = _time(route, "decided_at"), _time(route, "call_out_by")
    looked_again = decided is not None and route["at"] is not None and decided < route["at"]
    return call_is_past(reason) if looked_again and call is not None and call <= now else reason


def _time(route: Row, key: str) -> datetime | None:
    return words.moment((route["state"] or {}).get(key))


def urgency(route: Row, *, waits: bool = False, cancelled: bool = False) -> tuple[int, float, int]:
    """Return a sort key: overdue, to be decided now, under way, to treat later, treated, watched, the rest; then by when.

    Args:
        route: its row.
        waits: whether its proposal has no answer.
        cancelled: whether an officer has cancelled it: then nobody is late.
    """
    by, status = _time(route, "treat_by"), status_of(route)
    by_s = float("inf") if by is None else by.timestamp()
    if cancelled:
        stage = _ORDER["watch"] + 2
    elif is_overdue(route):
        stage = 0
    elif waits or status == "refer":
        stage = 1
    else:
        stage = _ORDER[status] + 2
    return stage, by_s, route["priority"]


CALLED_FOR = ("to_treat", "under_way", "refer")


def headline(
    routes: Sequence[Row], brand: Brand, now: datetime, cancelled: Collection[str] = frozenset()
) -> str:
    """Return which routes tonight and when: what is late, to do, going on and done.

    ``cancelled``: routes whose treatment an officer has cancelled: nothing is to be done there.
    """
    off = (
        [r for r in routes if r["route_id"] in cancelled and status_of(r) in CALLED_FOR] if cancelled else []
    )
    by_status = {s: [r for r in routes if status_of(r) == s and r not in off] for s in STATUSES}
    if len(by_status["unknown"]) == len(routes):
        return "No decision yet: waiting for the first road readings"
    late = [r for r in routes if is_overdue(r) and r not in off]
    todo = [r for r in by_status["to_treat"] if r not in late]
    going = [r for r in by_status["under_way"] if r not in late]
    parts = [
        *_late(late, brand),
        *_todo(todo, len(routes), brand, now),
        *_begun(todo),
        *([f"{len(going)} under way"] if going else []),
        *_refer(by_status["refer"], alone=not (late or todo or going)),
        *_treated(by_status["treated"], len(routes), brand),
    ]
    watched = len(by_status["watch"])
    if not parts and watched and not off:
        return f"No salt yet. Watch {words.plural(watched, 'route')} {_when(brand, now)}"
    if watched and not (late or todo or going):
        parts.append(f"watch {watched}")
    if off:
        parts.append(f"{words.plural(len(off), 'route')} cancelled by the duty officer")
    text = " · ".join(parts) or f"No treatment needed {_when(brand, now)}"
    return text[0].upper() + text[1:]


def _when(brand: Brand, now: datetime) -> str:
    """Return what people call the rest of the service period, which ends at noon."""
    return "this morning" if 5 <= now.astimezone(brand.time_zone).hour < 12 else "tonight"


def _begun(todo: Sequence[Row]) -> list[str]:
    """Return how many of the routes to treat have treated stretches already."""
    some = sum(bool((r["state"] or {}).get("treated_segments")) for r in todo)
    return [f"{some} treated in part"] if some else []


def _first(routes: Sequence[Row], key: str, brand: Brand) -> str:
    """Return the earliest time of some routes, empty where none has one; one without ``done_by`` is done as wanted."""
    wanted = "treat_by" if key == "done_by" else key
    times = [t for r in routes if (t := _time(r, key) or _time(r, wanted)) is not None]
    return words.clock(min(times), brand.time_zone) if times else ""


def _late(late: Sequence[Row], brand: Brand) -> list[str]:
    if not late:
        return []
    since = _first(late, "treat_by", brand)
    return [f"{words.plural(len(late), 'route')} overdue" + (f" since {since}" if since else "")]


def _todo(todo: Sequence[Row], of_routes: int, brand: Brand, now: datetime) -> list[str]:
    """Return which lorries must be called out now, and what comes after."""
    called = [r for r in todo if (t := _time(r, "call_out_by")) is not None and t <= now]
    later = [r for r in todo if r not in called]
    said = []
    if called:
        is_past = any((t := _time(r, "treat_by")) is not None and t <= now for r in called)
        by = _first(called, "done_by", brand)
        when = "at once" if is_past else "now" + (f", by {by}" if by else "")
        said.append(f"treat {words.plural(len(called), 'route')} {when}")
    by = _first(later, "done_by", brand)
    if later and called:
        said.append(f"{len(later)} more" + (f" by {by}" if by else ""))
    elif later:
        some = f"{len(later)} of {words.plural(of_routes, 'route')}"
        which = "every route" if len(later) == of_routes > 1 else some
        said.append(f"treat {which} {_when(brand, now)}" + (f", the first by {by}" if by else ""))
    return said


def _refer(asked: Sequence[Row], *, alone: bool) -> list[str]:
    if not asked:
        return []
    if alone:
        need = "needs" if len(asked) == 1 else "need"
        return [f"{words.plural(len(asked), 'route')} {need} the duty officer’s decision"]
    return [f"{len(asked)} for the duty officer to decide"]


def _treated(done: Sequence[Row], of_routes: int, brand: Brand) -> list[str]:
    """Return what is done and how long it holds, the shortest first."""
    if not done:
        return []
    until = _first(done, "treated_until", brand)
    holds = f", holds until about {until}" if until else ""
    if len(done) == of_routes:
        return [f"{'every route' if of_routes > 1 else 'the route'} treated{holds}"]
    return [f"{words.plural(len(done), 'route')} treated{holds}"]
