"""Where the next plan takes lorries up, and what it leaves alone: from what is known of the day."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import msgspec

from rules.core.crew.day import Day
from rules.core.crew.known import KnownBin
from rules.core.crew.model import LorryProgress, StopNow
from rules.core.rounds.fleet import RoundFleet, RoundLorry
from rules.core.rounds.model import Candidate, Lock, LorryNow, Place

MEASURED = frozenset({"overflow", "full", "report"})
"""Codes of a must-go bin that say what is in it, or that somebody saw it; age and forecasts do not."""
AGAIN_S: Mapping[str, float] = {"crew": 7200.0, "sensor": 7200.0, "track": 3600.0, "clock": 1800.0}
"""A bin that is full again by a decision so long after it was emptied is emptied again [s], by who says that it was: by then
its own series has shown the emptying, or that there was none. Our own defaults."""
CREW = "crew"
"""``Lock.by`` of bins that crews left."""


def lorries_now(
    day: Day, fleet: RoundFleet, out: Collection[str], day_s: int, now_s: float
) -> tuple[LorryNow, ...]:
    """Return where lorries are: those that have set out, that should have, or that are out of service."""
    at_s = round(now_s - day_s)
    found = (
        _now(day.progress[lorry.id], lorry, fleet, lorry.id in out, at_s)
        for lorry in fleet.lorry
        if lorry.id in day.progress
    )
    return tuple(one for one in found if one is not None)


def _now(p: LorryProgress, lorry: RoundLorry, fleet: RoundFleet, out: bool, at_s: int) -> LorryNow | None:
    if out:
        return LorryNow(
            lorry_id=lorry.id, at_s=at_s, place=p.place, load_kg=p.load_kg, load_l=p.load_l, began_s=p.began_s, out=True
        )  # fmt: skip
    if p.phase == "waits" or (p.phase == "idle" and p.began_s is None):
        return LorryNow(lorry_id=lorry.id, at_s=at_s) if at_s > lorry.start_s else None
    if p.phase in ("back", "idle"):
        home = None if lorry.home == lorry.depot else fleet.depot_at(lorry.home).place
        return LorryNow(
            lorry_id=lorry.id, at_s=at_s, place=home, driven_s=p.driven_s, worked_s=p.worked_s, began_s=p.began_s
        )  # fmt: skip
    return _on_its_way(p, fleet, at_s)


def _on_its_way(p: LorryProgress, fleet: RoundFleet, at_s: int) -> LorryNow:
    now = LorryNow(
        lorry_id=p.lorry_id, at_s=at_s, place=p.place or _last_place(p), load_kg=max(0.0, p.load_kg),
        load_l=max(0.0, p.load_l), driven_s=p.driven_s, worked_s=p.worked_s, began_s=p.began_s,
    )  # fmt: skip
    rule = fleet.settings.break_
    stop = None if p.next is None else p.stops[p.next]
    if p.phase == "break" and rule is not None:
        # It is finished first; the crew does not begin another.
        begun_s = at_s if stop is None or stop.kind != "break" or stop.expected_s is None else stop.expected_s
        return msgspec.structs.replace(
            now, at_s=max(at_s, min(begun_s, at_s) + rule[2]), driven_s=0, worked_s=0
        )
    if p.phase == "at_stop" and stop is not None and stop.kind == "tip" and stop.expected_s is not None:
        tip = next((t for t in fleet.tip if t.id == stop.ref), None)
        if tip is not None and stop.expected_s <= at_s:
            ends_s = max(at_s, stop.expected_s + tip.unload_s)
            worked_s = now.worked_s + ends_s - at_s
            return msgspec.structs.replace(now, at_s=ends_s, load_kg=0.0, load_l=0.0, worked_s=worked_s)
    return now


def _last_place(p: LorryProgress) -> Place:
    """Return where a lorry without reports was last."""
    done = [s for s in p.stops if s.at_s is not None]
    return max(done, key=lambda s: (s.at_s or 0, s.index)).place if done else p.stops[0].place


def open_bins(day: Day, decided: Sequence[Candidate], decided_s: float, at_s: int) -> list[Candidate]:
    """Return the candidates that are still to be emptied.

    Args:
        day: as it is.
        decided: candidates of a decision.
        decided_s: when that was made [s since 1970].
        at_s: now [s after midnight]: one that is emptied again may be from then on.
    """
    found = []
    for one in decided:
        known = day.bins.get(one.bin_id)
        if known is None or known.state == "skipped":
            found.append(one)
        elif _is_full_again(one, known, decided_s):
            found.append(
                msgspec.structs.replace(one, from_s=max(one.from_s, at_s), until_s=max(one.until_s, at_s))
            )
    return found


def _is_full_again(one: Candidate, known: KnownBin, decided_s: float) -> bool:
    return one.must and one.code in MEASURED and decided_s >= known.at_s + AGAIN_S[known.by or "sensor"]


def kept_locks(before: Sequence[Lock], bins: Collection[str], lorries: Collection[str]) -> list[Lock]:
    """Return what dispatchers fixed that still can be: of candidates, and of lorries in service."""
    found = [
        msgspec.structs.replace(k, bins=tuple(b for b in k.bins if b in bins))
        for k in before
        if k.by != CREW and (k.lorry_id is None or k.lorry_id in lorries)
    ]
    return [k for k in found if k.bins]


def crews_locks(
    day: Day, dispatched: Sequence[Lock], bins: Collection[str], lorries: Collection[str]
) -> list[Lock]:
    """Return what crews have fixed: the bin at which each lorry stands comes first, and what crews left is left, with why.

    Args:
        day: as it is.
        dispatched: what dispatchers have fixed: a crew's word does not undo that of the same bin.
        bins: ids of the candidates: of others nothing can be fixed.
        lorries: ids of those in service.
    """
    left = [
        Lock(kind="skip", bins=(b,), reason=k.why or "left by the crew", by=CREW)
        for b, k in sorted(day.bins.items())
        if k.state == "skipped" and b in bins
    ]
    fixed = {b for k in (*dispatched, *left) for b in k.bins}
    at = [
        Lock(kind="first", bins=(stop.ref,), lorry_id=p.lorry_id, reason="the crew is at it", by=CREW)
        for p in day.progress.values()
        if (stop := _stands_at(p)) is not None
        and p.lorry_id in lorries
        and stop.ref in bins
        and stop.ref not in fixed
    ]
    return [*at, *left]


def open_order(p: LorryProgress) -> tuple[str, ...]:
    """Return the bins that a lorry has left, in the order in which it comes to them."""
    left = [s for s in p.stops if s.kind == "bin" and s.is_open]
    return tuple(s.ref for s in sorted(left, key=lambda s: (s.expected_s or 0, s.index)))


def _stands_at(p: LorryProgress) -> StopNow | None:
    """Return the bin that a lorry is emptying."""
    if p.phase != "at_stop" or p.next is None or p.place is None:
        return None
    stop = p.stops[p.next]
    return stop if stop.kind == "bin" else None
