"""Runs the engine over stored readings, as fast as it goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rules.core.context import Context
from rules.core.effects import Effect, LateReadings, MemberJoined
from rules.core.engine import step
from rules.core.memory import EngineState
from rules.core.readings import SUSPECT_CLOCK, ReadingBatch
from rules.core.replayed import AlarmSpan, Replayed
from rules.replay.collect import Collector
from rules.replay.ports import ReadingSource

WARM_UP_S = 12 * 3600.0
"""The engine begins so long before the time asked for, to know what was then [s]."""

Progress = Callable[[float, int], None]
"""Called with the time reached [s since 1970] and the readings so far."""


def run(
    source: ReadingSource,
    ctx: Context,
    from_s: float,
    to_s: float,
    warm_up_s: float = WARM_UP_S,
    progress: Progress | None = None,
) -> Replayed:
    """Return what the rules say of the readings from ``from_s`` to before ``to_s``.

    The engine begins ``warm_up_s`` earlier, knowing nothing; what it then says is left out, but
    alarms that are still up at ``from_s`` are not. Readings come in order of time.

    Raises:
        TransientError: the source does not answer.
    """
    beginning = Beginning(EngineState(), from_s - warm_up_s)
    return go_on(source, ctx, beginning, from_s, to_s, progress)


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where a replay begins: what the engine knew, and from when on readings are to count [s since 1970].

    ``up``: the alarms that were up.
    """

    state: EngineState
    from_s: float
    up: tuple[AlarmSpan, ...] = ()


def go_on(
    source: ReadingSource,
    ctx: Context,
    beginning: Beginning,
    from_s: float,
    to_s: float,
    progress: Progress | None = None,
    until_s: float = float("inf"),
) -> Replayed:
    """Return what the rules say from ``from_s`` to before ``to_s``, where they begin with a memory.

    Args:
        source: of readings.
        ctx: as of :func:`rules.core.engine.step`.
        beginning: what they know.
        from_s: what they say before is left out [s since 1970].
        to_s: readings are before it [s since 1970].
        progress: told of after each span.
        until_s: what they say of a later time is left out, too: readings beyond it tell when it has passed.

    Raises:
        TransientError: the source does not answer.
    """
    state, n = beginning.state, 0
    up = {(a.rule_id, a.subject_kind, a.subject): a for a in beginning.up}
    found = Collector(widths_m(ctx), up, until_s=until_s)
    for batch in source.spans(beginning.from_s, to_s):
        now_s = _latest_s(batch)
        state, effects = step(state, batch, now_s, ctx, watch=found.see)
        found.take(e for e in effects if _at_s(e) <= until_s)
        n += sum(len(r) for r in batch.values())
        if progress is not None:
            progress(now_s, n)
    return found.result(from_s, to_s, n)


def _at_s(effect: Effect) -> float:
    if isinstance(effect, MemberJoined):
        return effect.member.at_s
    return effect.to_s if isinstance(effect, LateReadings) else effect.at_s


def widths_m(ctx: Context) -> dict[str, float]:
    """Return the width of each segment [m]."""
    return {s.segment_id: s.width_m for s in ctx.graph.segments}


def _latest_s(batch: ReadingBatch) -> float:
    return max(float(r.ts_s[(r.quality & SUSPECT_CLOCK) == 0].max(initial=0.0)) for r in batch.values())
