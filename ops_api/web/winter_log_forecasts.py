"""Of a night's forecasts what mattered: the first, the newest, and those that said something else than before.

An issue comes every half hour. Two are compared over the hours that are still to come at the newer one, so that the
passing of the coldest hour is no change of the forecast.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ops_api.web import words
from ops_api.web.winter_ahead import Ahead
from ops_api.web.winter_log import Entry

Row = Mapping[str, Any]

CHANGED_C = 1.0
"""So much colder or warmer is another forecast [°C]."""
COLD_C = 1.0
"""A night that stays above it is of no matter [°C]."""
GAP = timedelta(minutes=75)
"""An issue that comes later than this after the one before was missed."""
LISTED = 3


@dataclass(frozen=True, slots=True)
class Told:
    """What an issue says of the routes: of each hour to the night's end the coldest stretch, ``(at_s, °C, street)``."""

    issued_at: datetime
    by_route: Mapping[str, tuple[tuple[float, float, str], ...]]


def told(
    ahead: Ahead, members: Mapping[str, Sequence[str]], streets: Mapping[str, str], end_s: float
) -> Told:
    """Return what an issue says of the routes until ``end_s`` [s since 1970]."""
    by_route = {}
    for route_id, ids in members.items():
        hours = ahead.coldest_by_hour(ahead.rows(ids))
        by_route[route_id] = tuple(
            (c.at_s, c.surface_c, streets.get(ahead.forecast.ids[c.row], ""))
            for c in hours
            if c is not None and c.at_s <= end_s
        )
    return Told(ahead.issued_at, by_route)


def entries(
    issues: Sequence[Row], said: Mapping[int, Told], labels: Mapping[str, str], zone: ZoneInfo
) -> list[Entry]:
    """Return the entries of a night's issues.

    Args:
        issues: rows of ``road_issues``, by time.
        said: by number of the issue, where it is still there.
        labels: of the routes.
        zone: times are said in it.
    """
    last: dict[str, Told] = {}
    found: list[Entry] = []
    before: Row | None = None
    for issue in issues:
        notes = [*_weather(issue, before), *_gap(issue, before, zone)]
        now = said.get(issue["forecast_id"])
        if now is not None:
            changed = [r for r in labels if r in now.by_route and r in last and _differs(last[r], now, r)]
            notes += _changes(changed, last, now, labels, zone)
            last.update({r: now for r in now.by_route if r in changed or r not in last})
        is_newest = issue is issues[-1]
        if now is not None and (before is None or is_newest):
            notes = [*_whole(now, labels, zone), *notes]
        if notes:
            name = "Newest road forecast" if is_newest and before is not None else "Road forecast"
            found.append(Entry(issue["issued_at"], "forecast", f"{name}: {'; '.join(notes)}."))
        before = issue
    return found


def _lowest(t: Told, route_id: str, after_s: float = 0.0) -> tuple[float, float, str] | None:
    rows = [h for h in t.by_route.get(route_id, ()) if h[0] > after_s]
    return min(rows, key=lambda h: (h[1], h[0]), default=None)


def _differs(old: Told, new: Told, route_id: str) -> bool:
    was = _lowest(old, route_id, new.issued_at.timestamp())
    is_ = _lowest(new, route_id)
    if was is None or is_ is None or min(was[1], is_[1]) > COLD_C:
        return False
    return abs(was[1] - is_[1]) >= CHANGED_C or (
        (was[1] < 0.0) != (is_[1] < 0.0) and abs(was[1] - is_[1]) >= 0.3
    )


def _changes(
    changed: Sequence[str], last: Mapping[str, Told], now: Told, labels: Mapping[str, str], zone: ZoneInfo
) -> list[str]:
    notes = []
    for route_id in changed[:LISTED]:
        was, is_ = _lowest(last[route_id], route_id, now.issued_at.timestamp()), _lowest(now, route_id)
        if was is not None and is_ is not None:
            at = words.clock(datetime.fromtimestamp(is_[0], UTC), zone)
            notes.append(
                f"{labels[route_id]} now down to {words.degrees(is_[1])} at {at} (was {words.degrees(was[1])})"
            )
    more = len(changed) - LISTED
    return notes if more <= 0 else [*notes, f"and {words.plural(more, 'more route')} changed"]


def _whole(now: Told, labels: Mapping[str, str], zone: ZoneInfo) -> list[str]:
    """Return what an issue says of the night as a whole; nothing where no hour of it is left."""
    lows = {r: low for r in labels if (low := _lowest(now, r)) is not None}
    if not lows:
        return []
    route_id = min(lows, key=lambda r: lows[r][1])
    at_s, surface_c, street = lows[route_id]
    below = sum(low[1] < 0.0 for low in lows.values())
    at = words.clock(datetime.fromtimestamp(at_s, UTC), zone)
    where = f" on {street}" if street else ""
    all_of_them = words.plural(len(labels), "route")
    lowest = f"lowest {words.degrees(surface_c)}{where} ({labels[route_id]}) at {at}"
    return [f"{below} of {all_of_them} below 0 °C, {lowest}"]


def _weather(issue: Row, before: Row | None) -> list[str]:
    key = ("weather", "weather_source")
    if before is not None and all(issue[k] == before[k] for k in key):
        return []
    if issue["weather"] == "forecast":
        return [f"by the weather of {issue['weather_source'] or 'a forecast'}"]
    return ["no weather forecast, from stations alone"]


def _gap(issue: Row, before: Row | None, zone: ZoneInfo) -> list[str]:
    if before is None or issue["issued_at"] - before["issued_at"] <= GAP:
        return []
    times = (words.clock(t["issued_at"], zone) for t in (before, issue))
    return [f"there was none from {' to '.join(times)}"]
