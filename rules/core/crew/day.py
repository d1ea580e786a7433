"""A day's whole story: what lorries did under earlier plans of the day, and where they are on the newest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import msgspec

from rules.core.collection_acts.record import Act
from rules.core.crew.known import KnownBin, known_bins
from rules.core.crew.model import Fix, LorryProgress, SeenBin, StopNow
from rules.core.crew.on_plan import USUAL, OnPlan
from rules.core.crew.progress import progress_of
from rules.core.crew.settings import CrewSettings
from rules.core.rounds.fleet import RoundFleet
from rules.core.rounds.model import Candidate
from rules.core.rounds.plan import RoundPlan


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A plan of the day: its number and when it was made [s since 1970]."""

    version: int
    at_s: float
    plan: RoundPlan


class HeardToday(msgspec.Struct, frozen=True, kw_only=True):
    """What was heard of a day.

    Attributes:
        acts: of crews, any order; tracks: by lorry; seen: what bins' series showed.
    """

    acts: Sequence[Act] = ()
    tracks: Mapping[str, Sequence[Fix]] = {}
    seen: Sequence[SeenBin] = ()


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """A day as it is now.

    Attributes:
        progress: of each lorry of the fleet on the newest plan, in the fleet's order.
        bins: what became of bins today, whatever plan they were in.
        candidates: of all of the day's plans, the newest word of each: why it is or was to be emptied.
    """

    progress: Mapping[str, LorryProgress]
    bins: Mapping[str, KnownBin]
    candidates: Mapping[str, Candidate]


def day_of(
    plans: Sequence[Made],
    fleet: RoundFleet,
    heard: HeardToday,
    now_s: float,
    settings: CrewSettings = USUAL,
) -> Day:
    """Return a day as it is now.

    Args:
        plans: of the day, the first first; at least one.
        fleet: that the newest was made for.
        heard: of the day.
        now_s: the town's time [s since 1970].
        settings: how reports are read.
    """
    newest = plans[-1]
    on = _on(newest, plans, fleet, settings)
    names = [lorry.id for lorry in fleet.lorry]
    progress = {name: _progress(on, name, heard, now_s) for name in names}
    candidates = {c.bin_id: c for made in plans for c in made.plan.made_from.candidates}
    earlier = _earlier(plans, fleet, heard, now_s, settings, progress)
    told = {name: _with(p, earlier.get(name, ())) for name, p in progress.items()}
    return Day(progress=told, bins=_bins(on, heard, now_s, told), candidates=candidates)


def _on(made: Made, plans: Sequence[Made], fleet: RoundFleet, settings: CrewSettings) -> OnPlan:
    return OnPlan(made.plan, made.version, fleet, plans[0].at_s, settings)


def _progress(on: OnPlan, lorry_id: str, heard: HeardToday, now_s: float) -> LorryProgress:
    return progress_of(on, lorry_id, heard.acts, heard.tracks.get(lorry_id, ()), heard.seen, now_s)


def _earlier(
    plans: Sequence[Made], fleet: RoundFleet, heard: HeardToday, now_s: float, settings: CrewSettings,
    progress: Mapping[str, LorryProgress],
) -> dict[str, list[StopNow]]:  # fmt: skip
    """Return by lorry what it did or skipped while earlier plans stood, by time, each once."""
    newest = plans[-1].plan
    again = {c.bin_id: c.from_s for c in newest.made_from.candidates}
    in_newest = set(newest.lorry_of)
    found: dict[tuple[str, str], tuple[str, StopNow]] = {}
    for made, then in pairwise(plans):
        on = _on(made, plans, fleet, settings)
        for lorry in fleet.lorry:
            for stop in _progress(on, lorry.id, heard, min(now_s, then.at_s)).stops:
                if stop.kind in ("start", "end") or stop.at_s is None:
                    continue
                if stop.ref not in in_newest or stop.kind != "bin" or stop.at_s < again[stop.ref]:
                    key = stop.ref, "" if stop.kind == "bin" else str(stop.at_s)
                    found[key] = lorry.id, stop
    told: dict[str, list[StopNow]] = {}
    for lorry_id, stop in sorted(found.values(), key=lambda one: (one[1].at_s or 0, one[1].index)):
        told.setdefault(lorry_id, []).append(stop)
    return told


def _with(p: LorryProgress, earlier: Sequence[StopNow]) -> LorryProgress:
    bins = [s for s in earlier if s.kind == "bin"]
    return msgspec.structs.replace(
        p, earlier=tuple(earlier), bins_n=p.bins_n + len(bins),
        done_n=p.done_n + sum(s.state == "done" for s in bins),
        skipped_n=p.skipped_n + sum(s.state == "skipped" for s in bins),
    )  # fmt: skip


def _bins(
    on: OnPlan, heard: HeardToday, now_s: float, progress: Mapping[str, LorryProgress]
) -> dict[str, KnownBin]:
    """Return what became of bins: what was said or seen, and where lorries stood."""
    acts = [a for a in heard.acts if a.at_s <= now_s]
    found = known_bins(acts, [o for o in heard.seen if o.at_s <= now_s], {}, on.since_s)
    for p in progress.values():
        for stop in (*p.earlier, *p.stops):
            if (
                stop.kind == "bin"
                and stop.state == "done"
                and stop.at_s is not None
                and stop.ref not in found
            ):
                found[stop.ref] = KnownBin(
                    state="done", at_s=float(on.plan.day_s + stop.at_s), by=stop.by, lorry_id=p.lorry_id
                )
    return found
