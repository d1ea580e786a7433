"""Which stops of a round are behind the lorry, and who says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from rules.core.collection_acts.record import What
from rules.core.crew.known import KnownBin
from rules.core.crew.model import By
from rules.core.crew.on_plan import Heard
from rules.core.crew.track import Dwell, apart_m, is_empty, unloaded, visits
from rules.core.rounds.plan import Stop

NEAR_S = 120.0
"""A crew's word is given at most so long after the lorry left the bin [s]."""


class Resolved(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a stop; ``at_s`` [s since 1970]."""

    state: Literal["done", "skipped"]
    at_s: float
    by: By
    what: What | None = None
    reason: str = ""
    lorry_id: str | None = None


Stops = dict[int, Resolved]
"""By index of the round's stop."""


def resolved(heard: Heard) -> Stops:
    """Return what became of a round's bins, tips and breaks."""
    found = _said_or_seen(heard)
    if not heard.is_tracked and not found:
        return _by_the_clock(heard)
    _by_track(heard, found)
    _tips(heard, found)
    _breaks(heard, found)
    return found


def _said_or_seen(heard: Heard) -> Stops:
    return {
        n: _of_bin(heard.known[stop.ref])
        for n, stop in enumerate(heard.round_.stops)
        if stop.kind == "bin" and stop.ref in heard.known
    }


def _of_bin(known: KnownBin) -> Resolved:
    return Resolved(
        state=known.state, at_s=known.at_s, by=known.by, what=known.what, reason=known.reason,
        lorry_id=known.lorry_id,
    )  # fmt: skip


def _by_the_clock(heard: Heard) -> Stops:
    """Return what a lorry that nobody has heard of has done by its plan."""
    return {
        n: Resolved(state="done", at_s=float(heard.day_s + stop.ends_s), by="clock")
        for n, stop in enumerate(heard.round_.stops)
        if stop.kind not in ("start", "end") and heard.day_s + stop.ends_s <= heard.now_s
    }


# ---- bins at which it stood


def _by_track(heard: Heard, found: Stops) -> None:
    """Add bins at which the lorry stood long enough: one stand is for as many as it lasts for, in the plan's order."""
    stops = heard.round_.stops
    for one in heard.stood:
        if one.open or one.to_s < heard.begins_s:
            continue
        left_s = one.lasts_s
        near = [n for n, stop in enumerate(stops) if stop.kind == "bin" and _is_at(heard, one, stop)]
        # Of what somebody said the time is gone already.
        left_s -= sum(
            needs_s(heard, stops[n])
            for n in near
            if n in found and one.from_s <= found[n].at_s <= one.to_s + NEAR_S
        )
        for n in near:
            if n not in found and needs_s(heard, stops[n]) <= left_s and not _denied(heard, one, stops[n]):
                found[n] = Resolved(state="done", at_s=one.to_s, by="track")
                left_s -= needs_s(heard, stops[n])


def needs_s(heard: Heard, stop: Stop) -> float:
    """Return how long a lorry stands at a stop at least [s]."""
    return max(heard.settings.stand_s, heard.settings.stand_share * (stop.ends_s - stop.begins_s))


def _is_at(heard: Heard, one: Dwell, stop: Stop) -> bool:
    since = heard.on.since.get(stop.ref, 0.0)
    return one.to_s >= since and apart_m(one.place, stop.place) <= heard.settings.stand_m


def _denied(heard: Heard, one: Dwell, stop: Stop) -> bool:
    reach_s = heard.settings.not_emptied_s
    return any(one.from_s - reach_s <= t <= one.to_s + reach_s for t in heard.not_emptied.get(stop.ref, ()))


# ---- tips and breaks


def _tips(heard: Heard, found: Stops) -> None:
    tips = [n for n, stop in enumerate(heard.round_.stops) if stop.kind == "tip"]
    for at_s, ref in _unloadings(heard, found):
        open_ = [n for n in tips if n not in found]
        n = next((n for n in open_ if ref is None or heard.round_.stops[n].ref == ref), None)
        if n is not None:
            found[n] = Resolved(state="done", at_s=at_s, by="track")
    if not heard.is_tracked:
        _tips_by_order(heard, tips, found)


def _unloadings(heard: Heard, found: Stops) -> list[tuple[float, str | None]]:
    """Return when it unloaded, and where; None: away from the plan's tips, by its weight.

    At a tip its weight falls there, or it leaves it with next to nothing on board: a small load falls by little.
    """
    stops, s = heard.round_.stops, heard.settings
    fell = [t for t in unloaded(heard.track, s) if t >= heard.begins_s]
    loaded_s = min((r.at_s for r in found.values()), default=heard.now_s)
    if stops and (stops[0].load_kg or stops[0].load_l):
        loaded_s = heard.begins_s
    weighs = any(f.load_kg is not None for f in heard.track)
    told: list[tuple[float, str | None]] = []
    for ref, place in {stop.ref: stop.place for stop in stops if stop.kind == "tip"}.items():
        for one in visits(heard.stood, place, s):
            inside = [t for t in fell if one.from_s <= t <= one.to_s + s.gap_s]
            fell = [t for t in fell if t not in inside]
            left_empty = not one.open and (not weighs or is_empty(heard.track, one.to_s, s))
            if one.to_s >= max(heard.begins_s, loaded_s) and (inside or left_empty):
                told.append((inside[-1] if inside else one.to_s, ref))
    return sorted([*told, *((t, None) for t in fell)], key=lambda one: one[0])


def _tips_by_order(heard: Heard, tips: list[int], found: Stops) -> None:
    """Add tips of a lorry without reports: it was there when all before are behind it and something after is."""
    bins = [n for n, stop in enumerate(heard.round_.stops) if stop.kind == "bin"]
    for n in tips:
        after = [found[m] for m in bins if m > n and m in found]
        if n not in found and after and all(m in found for m in bins if m < n):
            first = min(after, key=lambda r: r.at_s)
            found[n] = Resolved(state="done", at_s=first.at_s, by=first.by)


def _breaks(heard: Heard, found: Stops) -> None:
    """Add breaks: taken where it stood for one, passed over where the round went on without."""
    stops = heard.round_.stops
    rests = rests_of(heard)
    last = max((n for n in found if stops[n].kind == "bin"), default=-1)
    for n, stop in enumerate(stops):
        if stop.kind != "break":
            continue
        if rests:
            found[n] = Resolved(state="done", at_s=rests.pop(0), by="track")
        elif n < last:
            after = min((r for m, r in found.items() if m > n), key=lambda r: r.at_s)
            state: Literal["done", "skipped"] = "skipped" if heard.is_tracked else "done"
            found[n] = Resolved(state=state, at_s=after.at_s, by=after.by)


def rests_of(heard: Heard) -> list[float]:
    """Return when breaks ended that a crew has taken on this round [s since 1970]; waiting for hours to begin is none."""
    rule = heard.on.fleet.settings.break_
    if rule is None:
        return []
    least_s = rule[2] - heard.settings.break_slack_s
    return [
        min(one.to_s, heard.now_s)
        for one in heard.stood
        if one.to_s - max(one.from_s, heard.begins_s) - _waits_s(heard, one) >= least_s
    ]


def _waits_s(heard: Heard, one: Dwell) -> float:
    waits = (
        stop.begins_s - stop.arrive_s
        for stop in heard.round_.stops
        if stop.begins_s > stop.arrive_s and apart_m(one.place, stop.place) <= heard.settings.stand_m
    )
    return float(max(waits, default=0))


def loads(heard: Heard, found: Mapping[int, Resolved]) -> tuple[float, float]:
    """Return what is on board, kilograms and litres of loose waste."""
    stops, bins = heard.round_.stops, heard.on.bins
    tipped_s = max((r.at_s for n, r in found.items() if stops[n].kind == "tip"), default=None)
    start = stops[0] if stops and tipped_s is None else None
    kg, litres = (start.load_kg, start.load_l) if start is not None else (0.0, 0.0)
    lifts = [
        (r.at_s, stops[n].ref)
        for n, r in found.items()
        if stops[n].kind == "bin" and r.state == "done" and r.lorry_id in (None, heard.lorry_id)
    ]
    own = {stop.ref for stop in stops}
    lifts += [
        (k.at_s, b)
        for b, k in heard.known.items()
        if k.state == "done" and k.lorry_id == heard.lorry_id and b in bins and b not in own
    ]
    lifts = [(t, b) for t, b in lifts if (tipped_s is None or t >= tipped_s) and b in bins]
    weighed = next((f for f in reversed(heard.track) if f.load_kg is not None), None)
    litres += sum(bins[b].litres for _, b in lifts)
    if weighed is not None and weighed.load_kg is not None:
        kg, lifts = weighed.load_kg, [(t, b) for t, b in lifts if t > weighed.at_s]
    return kg + sum(bins[b].mass_kg for _, b in lifts), litres
