"""What is still to come of a round, in which order, and when: from where the lorry is now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rules.core.crew.model import Phase
from rules.core.crew.on_plan import Heard
from rules.core.crew.resolved import Resolved
from rules.core.crew.track import apart_m
from rules.core.rounds.model import Place
from rules.core.rounds.plan import Stop

USUAL_M_S = 6.0
"""Of a lorry in streets, where a plan has no ways to tell it by [m/s]."""


def order_of(stops: Sequence[Stop], found: Mapping[int, Resolved]) -> list[int]:
    """Return the indices of the stops that are left, in the order in which they are driven now.

    It goes on after the stop that was last; what was passed over comes when no other bin does, before the last tip.
    """
    open_ = [n for n, stop in enumerate(stops) if stop.kind != "start" and n not in found]
    here = max(((r.at_s, n) for n, r in found.items()), default=(0.0, 0))[1]
    after, passed = [n for n in open_ if n > here], [n for n in open_ if n < here]
    last = max((i for i, n in enumerate(after) if stops[n].kind == "bin"), default=-1)
    return [*after[: last + 1], *passed, *after[last + 1 :]]


def standing_first(heard: Heard, order: Sequence[int]) -> list[int]:
    """Return the same with the stop where the lorry stands before all others."""
    stops, s, last = heard.round_.stops, heard.settings, heard.last
    near_m = {"bin": s.stand_m, "tip": s.tip_m}
    if last is None:
        return list(order)
    at = [n for n in order if apart_m(last.place, stops[n].place) <= near_m.get(stops[n].kind, -1.0)]
    first = min(at, key=lambda n: (stops[n].kind != "bin", order.index(n)), default=None)
    return list(order) if first is None else [first, *(n for n in order if n != first)]


def expected(
    heard: Heard, found: Mapping[int, Resolved], order: Sequence[int], phase: Phase
) -> dict[int, int]:
    """Return when each stop that is left begins, as it looks now [s after midnight]."""
    stops = heard.round_.stops
    now_s = heard.now_s - heard.day_s
    time_s = max(now_s, float(stops[0].begins_s)) if phase == "waits" else now_s
    told: dict[int, int] = {}
    here, before = _here(heard, found, phase)
    for n in order:
        stop = stops[n]
        time_s += _way_s(heard, n, before, here)
        stood_s = _stood_s(heard, stop, phase) if not told else 0.0
        begins_s = time_s - stood_s
        if stop.begins_s > stop.arrive_s:
            begins_s = max(begins_s, float(stop.begins_s))  # it opens then
        told[n] = round(begins_s)
        time_s = max(time_s, begins_s + stop.ends_s - stop.begins_s)
        here, before = stop.place, n
    return told


def _here(heard: Heard, found: Mapping[int, Resolved], phase: Phase) -> tuple[Place, int]:
    """Return where the lorry is, and after which stop."""
    stops = heard.round_.stops
    before = max(((r.at_s, n) for n, r in found.items()), default=(0.0, 0))[1]
    last = heard.last
    if last is None or phase == "waits":
        return stops[before].place, before
    return last.place, before


def _way_s(heard: Heard, n: int, before: int, here: Place) -> float:
    """Return what the way to a stop takes [s]: as planned from the stop before, else by how far it is."""
    stops = heard.round_.stops
    straight = apart_m(here, stops[n].place)
    as_planned = float(stops[n].drive_s)
    if before == n - 1:
        whole = apart_m(stops[before].place, stops[n].place)
        return as_planned if straight >= whole else as_planned * straight / max(whole, 1.0)
    return straight * heard.settings.streets / speed_m_s(stops)


def speed_m_s(stops: Sequence[Stop]) -> float:
    """Return how fast a round drives [m/s]."""
    drive_s = sum(s.drive_s for s in stops)
    return max(1.0, sum(s.metres for s in stops) / drive_s) if drive_s > 0 else USUAL_M_S


def _stood_s(heard: Heard, stop: Stop, phase: Phase) -> float:
    """Return how long the lorry is at its next stop already [s]."""
    if phase not in ("at_stop", "break") or not heard.stood:
        return 0.0
    now = heard.stood[-1]
    lasts_s = heard.now_s - now.from_s
    near_m = heard.settings.tip_m if stop.kind == "tip" else heard.settings.stand_m
    at_it = now.open and (stop.kind == "break" or apart_m(now.place, stop.place) <= near_m)
    return max(0.0, min(lasts_s, float(stop.ends_s - stop.begins_s))) if at_it else 0.0
