"""One step of the rules: state and readings in, state and effects out.

Event time is the latest reading seen (the watermark). Two things happen:

* Each reading goes, in receive order, to the rules of its kind. A reading not newer than
  its device's last one is late: it is in the database, but changes nothing here. Only a
  gritter's late reading counts: it may tell of a road that has been treated.
* Whenever the watermark passes a full minute, what depends on time or on many subjects is
  evaluated as of that minute, before the reading that passed it: the town's weather,
  silent devices, and, at their own intervals, roads and routes, and the collection round.

So the result depends on the order of the readings alone, not on how they are cut into
batches. Readings with a suspect clock are left out: they neither raise alarms nor move time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rules.core import (
    bin_rule,
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
from rules.core.memory import EngineState
from rules.core.psychrometrics import Floats
from rules.core.quality import notes as quality_notes
from rules.core.quality import rule as quality_rule
from rules.core.readings import SUSPECT_CLOCK, ReadingBatch, Readings
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
    state: EngineState, readings: ReadingBatch, now_s: float, ctx: Context
) -> tuple[EngineState, tuple[Effect, ...]]:
    """Return the state after ``readings`` and what should happen.

    Args:
        state: before; not changed.
        readings: by kind, each in receive order; kinds without a rule only count as heard of.
        now_s: latest event time allowed and reached [s since 1970]: readings ahead of it
            do not move the watermark past it; after the readings the watermark is there,
            unless there has never been a reading.
        ctx: what is installed, and the catalogue.

    Returns:
        The new state and the effects in order, subjects' states last.
    """
    work = Work(state)
    usable = {kind: r.where((r.quality & SUSPECT_CLOCK) == 0) for kind, r in readings.items()}
    usable = {kind: r for kind, r in usable.items() if len(r)}
    mark = state.watermark_s
    for upto, rows in _runs(usable, mark, now_s):
        quality_notes.note_suspects(work, ctx, readings, rows)
        mark = _advance(work, ctx, mark, upto)
        _observe(work, ctx, rows)
    quality_notes.note_suspects(work, ctx, readings, None)
    if mark is not None and now_s > mark:
        mark = _advance(work, ctx, mark, now_s)
    for code in sorted(work.touched_homes):
        home_rule.tell(work, ctx, code)
    for bin_id in sorted(work.touched_bins):
        bin_rule.tell(work, ctx, bin_id)
    return work.finish(mark)


def _runs(batch: ReadingBatch, mark_s: float | None, now_s: float) -> list[tuple[float, dict[str, Any]]]:
    """Cut a batch where the watermark passes a minute.

    Returns:
        Pairs of the watermark at the end of a run and the run's readings by kind.
    """
    if not batch:
        return []
    position = np.concatenate([r.position for r in batch.values()])
    order = np.argsort(position, kind="stable")
    position = position[order]
    ts_s = np.concatenate([r.ts_s for r in batch.values()])[order]
    marks = _watermarks(ts_s, mark_s, now_s)
    minute = np.floor(marks / TICK_S)
    starts = np.flatnonzero(np.diff(minute, prepend=minute[0] - 1))
    stops = np.append(starts[1:], len(minute))
    first, last = position[starts], position[stops - 1]
    cuts = {
        kind: (np.searchsorted(r.position, first), np.searchsorted(r.position, last, side="right"))
        for kind, r in batch.items()
    }
    runs = []
    for i, stop in enumerate(stops):
        rows = {kind: batch[kind].take(int(a[i]), int(b[i])) for kind, (a, b) in cuts.items() if a[i] < b[i]}
        runs.append((float(marks[stop - 1]), rows))
    return runs


def _watermarks(ts_s: Floats, mark_s: float | None, now_s: float) -> Floats:
    """Return the watermark after each reading."""
    allowed = np.minimum(ts_s, now_s)
    if mark_s is not None:
        allowed = np.maximum(allowed, mark_s)
    return np.maximum.accumulate(allowed)


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
        if found:
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
