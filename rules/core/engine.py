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

from collections.abc import Callable

import numpy as np

from rules.core import (
    bin_rule,
    collection_rule,
    fire_warning,
    forecast_rule,
    home_rule,
    home_words,
    order_rule,
    round_rule,
    route_rule,
    segment_rule,
    silence_rule,
    treatment_rule,
    weather_rule,
)
from rules.core.bin_outlook import rule as bin_outlook_rule
from rules.core.bin_trouble import rule as bin_trouble
from rules.core.collection_acts import rows as acts
from rules.core.context import Context
from rules.core.effects import Effect
from rules.core.flow import TICK_S, Flow
from rules.core.late import late_readings
from rules.core.memory import EngineState
from rules.core.quality import notes as quality_notes
from rules.core.quality import rule as quality_rule
from rules.core.readings import SUSPECT_CLOCK, ReadingBatch, Readings
from rules.core.settling import settle
from rules.core.winter_orders import rows as orders
from rules.core.work import Watch, Work

Observer = Callable[[Work, Context, Readings], None]
AT_ONCE: dict[str, Observer] = {
    "weather": weather_rule.observe,
    "bin": bin_rule.observe,
    "gritter": treatment_rule.observe,
    forecast_rule.KIND: forecast_rule.observe,
}
"""Whose readings are taken minute by minute; those of others when somebody asks (:mod:`rules.core.flow`)."""

NEXT_MINUTE: dict[str, Callable[[Work, Context, Readings, float], None]] = {
    orders.KIND: order_rule.observe,
    acts.KIND: collection_rule.observe_acts,
    collection_rule.LORRY: collection_rule.observe_lorries,
}
"""What counts from the full minute after event time on: so the order within a minute decides nothing."""

FIELDS_OF_KIND: dict[str, tuple[str, ...]] = {
    "frog": (*home_rule.FIELDS, *quality_notes.MORE_FIELDS["frog"]),
    "road": (*segment_rule.FIELDS, *quality_notes.MORE_FIELDS["road"]),
    "road_surface": quality_notes.MORE_FIELDS["road_surface"],
    "weather": weather_rule.FIELDS,
    "bin": bin_rule.FIELDS,
    "gritter": treatment_rule.FIELDS,
    collection_rule.LORRY: collection_rule.FIELDS,
    orders.KIND: orders.FIELDS,
    acts.KIND: acts.FIELDS,
}
"""The fields that the rules read; of other kinds only time and device matter."""


def step(
    state: EngineState,
    readings: ReadingBatch,
    now_s: float,
    ctx: Context,
    *,
    everything: bool = False,
    watch: Watch | None = None,
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
        watch: shown all roads at each of their ticks; then nothing is told of subjects' states.

    Returns:
        The new state and the effects in order, subjects' states last.
    """
    work = Work(state, watch)
    readings = {kind: r.numbered(ctx.names) for kind, r in readings.items()}
    usable = {kind: r.where((r.quality & SUSPECT_CLOCK) == 0) for kind, r in readings.items()}
    usable = {kind: r for kind, r in usable.items() if len(r)}
    found = settle(
        state.waiting, usable, seen_s=state.seen_s, settled_s=state.settled_s,
        now_s=now_s, lateness_s=ctx.lateness_s, everything=everything,
    )  # fmt: skip
    work.effects += late_readings(ctx, found)
    flow = Flow(work, ctx, found)
    mark = _take(work, ctx, flow, quality_notes.Suspects(readings, found.clock_at), state.settled_s)
    seen_s = found.seen_s
    if seen_s is not None and now_s > seen_s:  # time passes without a reading
        seen_s, reached_s = now_s, now_s - (0.0 if everything else ctx.lateness_s)
        if mark is None or reached_s > mark:
            mark = _advance(work, ctx, flow, len(flow), mark, reached_s)
    work.goto((len(flow) + 1, 0, 0))
    if "bin" in found.put_off:
        fire_warning.warn(work, ctx, found.put_off["bin"], found.waiting)
    if watch is None:
        home_words.tell(work, ctx)
        bin_rule.tell_all(work, ctx)
    return work.finish(seen_s, mark, found.waiting)


def _take(
    work: Work, ctx: Context, flow: Flow, suspects: quality_notes.Suspects, mark: float | None
) -> float | None:
    """Take the settled readings, run by run; return event time after them."""
    for run, upto_s in enumerate(flow.ends_s):
        minute_s = float(np.floor(upto_s / TICK_S) * TICK_S)
        if suspects.is_due(minute_s):
            flow.notes(run)
            suspects.note(work, ctx, minute_s)
        mark = _advance(work, ctx, flow, run, mark, upto_s)
        flow.outdoor(run, weather_rule.outdoor_c(work))
        silence_rule.observe(work, ctx, *flow.devices(run))
        for kind, rows in flow.rows(run, tuple(AT_ONCE)):
            AT_ONCE[kind](work, ctx, rows)
        for kind, rows in flow.rows(run, tuple(NEXT_MINUTE)):
            NEXT_MINUTE[kind](work, ctx, rows, upto_s)
    flow.roads(len(flow))
    flow.homes()
    flow.notes(len(flow))
    suspects.note(work, ctx, np.inf)
    return mark


def _advance(work: Work, ctx: Context, flow: Flow, run: int, before_s: float | None, upto_s: float) -> float:
    """Evaluate what is due between two watermarks, as of the last full minute, before a run of readings."""
    due = _passed(before_s, upto_s, TICK_S)
    if due is None:
        return upto_s
    work.goto((run, 0, 0))
    if not weather_rule.is_heard(work, ctx, due):
        flow.roads(run)
    weather_rule.evaluate(work, ctx, due)
    silence_rule.evaluate(work, ctx, due)
    bin_trouble.evaluate(work, ctx, due)
    winter = _passed(before_s, upto_s, ctx.catalogue.gritting.parameters.evaluate_every_s)
    if winter is not None:
        flow.roads(run)
        flow.notes(run, ("weather",))
        forecast_rule.evaluate(work, ctx, winter)
        found = segment_rule.evaluate(work, ctx, winter)
        if found is not None:
            route_rule.evaluate(work, ctx, found, winter)
    outlook = _passed(before_s, upto_s, bin_outlook_rule.EVERY_S)
    if outlook is not None:
        bin_outlook_rule.evaluate(work, ctx, outlook)
    bins = _passed(before_s, upto_s, ctx.catalogue.round.parameters.evaluate_every_s)
    if bins is not None:
        round_rule.evaluate(work, ctx, bins)
    if _passed(before_s, upto_s, quality_rule.EVERY_S) is not None:
        flow.roads(run)
        flow.notes(run)
        quality_rule.advance(work, ctx, before_s, upto_s)
    return upto_s


def _passed(before_s: float | None, upto_s: float, every_s: float) -> float | None:
    """Return the last multiple of ``every_s`` in (before, upto], None where there is none."""
    boundary = float(np.floor(upto_s / every_s) * every_s)
    if before_s is not None and boundary <= before_s:
        return None
    return boundary
