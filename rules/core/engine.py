"""One step of the rules: state and readings in, state and effects out.

Event time is the latest reading seen, without allowed lateness; the watermark is so much
behind it. A reading counts once the watermark has passed it, in order of time
(:mod:`rules.core.settling`). Two things happen then:

* Each reading goes to the rules of its kind. Of a late one, older than what has counted
  already, they take what is newer than its device's last; it moves no time and changes no
  decision made, but is told of (:mod:`rules.core.late`). Only a gritter's late reading counts where it belongs: it may tell of a road
  that has been treated.
* Whenever a counting reading passes a full minute, what depends on time or on many subjects is
  evaluated as of that minute, before that reading: the town's weather, silent devices, and,
  at their own intervals, roads and routes, and the collection round.

So the result depends on the order of the readings alone, not on how they are cut into
batches, and within the allowed lateness not on their order either. One thing does not wait:
fire in a bin is told as its reading arrives. Readings with a suspect clock are left out:
they neither raise alarms nor move time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from rules.core import (
    bin_rule,
    fire_warning,
    home_rule,
    round_rule,
    route_rule,
    segment_rule,
    silence_rule,
    treatment_rule,
    weather_rule,
)
from rules.core.context import Context
from rules.core.effects import Effect
from rules.core.late import late_readings
from rules.core.memory import EngineState
from rules.core.quality import notes as quality_notes
from rules.core.quality import rule as quality_rule
from rules.core.readings import SUSPECT_CLOCK, ReadingBatch, Readings
from rules.core.settling import Settled, settle
from rules.core.work import Work

TICK_S = 60.0

Observer = Callable[[Work, Context, Readings], None]
OBSERVERS: dict[str, Observer] = {
    "frog": home_rule.observe,
    "road": segment_rule.observe,
    "weather": weather_rule.observe,
    "bin": bin_rule.observe,
    "gritter": treatment_rule.observe,
}

FIELDS_OF_KIND: dict[str, tuple[str, ...]] = {
    "frog": (*home_rule.FIELDS, *quality_notes.MORE_FIELDS["frog"]),
    "road": (*segment_rule.FIELDS, *quality_notes.MORE_FIELDS["road"]),
    "weather": weather_rule.FIELDS,
    "bin": bin_rule.FIELDS,
    "gritter": treatment_rule.FIELDS,
}
"""The fields that the rules read; of other kinds only time and device matter."""


def step(
    state: EngineState, readings: ReadingBatch, now_s: float, ctx: Context, *, everything: bool = False
) -> tuple[EngineState, tuple[Effect, ...]]:
    """Return the state after ``readings`` and what should happen.

    Args:
        state: before; not changed.
        readings: by kind, each in receive order; kinds without a rule only count as heard of.
        now_s: latest event time allowed and reached [s since 1970]: readings ahead of it
            do not move the watermark past it; after the readings the watermark is there,
            unless there has never been a reading.
        ctx: what is installed, the catalogue, and the allowed lateness.
        everything: nothing more is expected; all that waits counts now.

    Returns:
        The new state and the effects in order, subjects' states last.
    """
    work = Work(state)
    usable = {kind: r.where((r.quality & SUSPECT_CLOCK) == 0) for kind, r in readings.items()}
    usable = {kind: r for kind, r in usable.items() if len(r)}
    found = settle(
        state.waiting, usable, seen_s=state.seen_s, settled_s=state.settled_s,
        now_s=now_s, lateness_s=ctx.lateness_s, everything=everything,
    )  # fmt: skip
    work.effects += late_readings(ctx, found)
    mark = state.settled_s
    suspects = quality_notes.Suspects(readings, found.clock_at)
    for upto, rows in _runs(found):
        suspects.note(work, ctx, np.floor(upto / TICK_S) * TICK_S)
        mark = _advance(work, ctx, mark, upto)
        _observe(work, ctx, rows)
    suspects.note(work, ctx, np.inf)
    seen_s = found.seen_s
    if seen_s is not None and now_s > seen_s:  # time passes without a reading
        seen_s, reached_s = now_s, now_s - (0.0 if everything else ctx.lateness_s)
        if mark is None or reached_s > mark:
            mark = _advance(work, ctx, mark, reached_s)
    if "bin" in found.put_off:
        fire_warning.warn(work, ctx, found.put_off["bin"], found.waiting)
    for code in sorted(work.touched_homes):
        home_rule.tell(work, ctx, code)
    for bin_id in sorted(work.touched_bins):
        bin_rule.tell(work, ctx, bin_id)
    return work.finish(seen_s, mark, found.waiting)


def _runs(found: Settled) -> Iterator[tuple[float, ReadingBatch]]:
    """Cut settled readings where event time passes a minute.

    Yields:
        Event time at the end of a run, and the run's readings by kind.
    """
    if len(found.marks_s) == 0:
        return
    minute = np.floor(found.marks_s / TICK_S)
    starts = np.flatnonzero(np.diff(minute, prepend=minute[0] - 1))
    stops = np.append(starts[1:], len(minute))
    cuts = {
        kind: (np.searchsorted(r.position, starts), np.searchsorted(r.position, stops))
        for kind, r in found.readings.items()
    }
    for i, stop in enumerate(stops):
        rows = {
            kind: found.readings[kind].take(int(a[i]), int(b[i]))
            for kind, (a, b) in cuts.items()
            if a[i] < b[i]
        }
        yield float(found.marks_s[stop - 1]), rows


def _observe(work: Work, ctx: Context, rows: ReadingBatch) -> None:
    for kind, r in rows.items():
        silence_rule.observe(work, ctx, r)
        quality_notes.observe(work, ctx, kind, r)
        observer = OBSERVERS.get(kind)
        if observer is not None:
            observer(work, ctx, r)


def _advance(work: Work, ctx: Context, before_s: float | None, upto_s: float) -> float:
    """Evaluate what is due between two watermarks, as of the last full minute."""
    due = _passed(before_s, upto_s, TICK_S)
    if due is None:
        return upto_s
    weather_rule.evaluate(work, ctx, due)
    silence_rule.evaluate(work, ctx, due)
    winter = _passed(before_s, upto_s, ctx.catalogue.gritting.parameters.evaluate_every_s)
    if winter is not None:
        found = segment_rule.evaluate(work, ctx, winter)
        if found is not None:
            route_rule.evaluate(work, ctx, found, winter)
    bins = _passed(before_s, upto_s, ctx.catalogue.round.parameters.evaluate_every_s)
    if bins is not None:
        round_rule.evaluate(work, ctx, bins)
    quality_rule.advance(work, ctx, before_s, upto_s)
    return upto_s


def _passed(before_s: float | None, upto_s: float, every_s: float) -> float | None:
    """Return the last multiple of ``every_s`` in (before, upto], None where there is none."""
    boundary = float(np.floor(upto_s / every_s) * every_s)
    if before_s is not None and boundary <= before_s:
        return None
    return boundary
