"""A shadow in words: how it stands, and live rules and shadow side by side. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from ops_api.queries.shadow import ShadowState, Sides
from ops_api.rules_text import diff_lines, moment
from rules.core.diff import Difference
from rules.core.replayed import Replayed

NOTHING = "No catalogue runs in shadow."


class Count(NamedTuple):
    """How often a rule says something, live and in shadow."""

    rule_id: str
    what: str
    live: int
    shadow: int


def counts(sides: Sides) -> list[Count]:
    """Return what each rule says on both sides, in order of rules."""
    live, shadow = _counted(sides.live), _counted(sides.shadow)
    return [Count(*key, live[key], shadow[key]) for key in sorted(live.keys() | shadow.keys())]


def _counted(found: Replayed) -> Counter[tuple[str, str]]:
    alarms = ((a.rule_id, f"alarm, {a.severity}") for a in found.alarms)
    return Counter([*alarms, *((d.rule_id, f"decision, {d.outcome}") for d in found.decisions)])


def status_lines(state: ShadowState | None) -> Iterator[str]:
    """Yield how the shadow stands."""
    if state is None:
        yield NOTHING
        return
    yield f"catalogue {state.catalogue_id} ({state.label}) in shadow: {state.state}"
    yield f"  started {_at(state.since)} UTC by {state.by}: {state.reason}"
    if state.state == "waiting":
        yield "  the rules service takes it up as soon as it runs"
        return
    yield (
        "  begins before the first reading"
        if state.from_at is None
        else f"  begins at {_at(state.from_at)} of the rules' time, with the live rules' memory of then"
    )
    yield f"  has judged up to {_at(state.settled_at)}, the live rules up to {_at(state.live_settled_at)}"
    yield f"  has {state.batches_behind:,} batches before it"
    if state.error is not None:
        yield f"  paused: {state.error}"
        yield "  the live rules go on; `cityops rules shadow start` begins it anew, `stop` ends it"


def side_lines(sides: Sides) -> Iterator[str]:
    """Yield what both sides say, counted by rule, and what differs."""
    yield f"{moment(sides.live.from_s)} to {moment(sides.live.to_s)} UTC"
    yield f"  {'rule':<24} {'what':<24} {'live':>7} {'shadow':>7}"
    for c in counts(sides):
        yield f"  {c.rule_id:<24} {c.what:<24} {c.live:>7,} {c.shadow:>7,}"
    yield from diff_lines(sides.differences)


def about(d: Difference, names: Mapping[str, str]) -> str:
    """Return what differs in one line, with the place's name where the words have none."""
    return (
        d.text if d.what == "alarm" else f"{names.get(d.subject, f'{d.subject_kind} {d.subject}')}: {d.text}"
    )


def document(state: ShadowState, sides: Sides | None) -> dict[str, Any]:
    """Return all of it as plain data."""
    found: dict[str, Any] = {"shadow": msgspec.to_builtins(state)}
    if sides is not None:
        found["live"], found["would_be"] = msgspec.to_builtins(sides.live), msgspec.to_builtins(sides.shadow)
        found["counts"] = [c._asdict() for c in counts(sides)]
        found["differences"] = msgspec.to_builtins(list(sides.differences))
    return found


def _at(at: datetime | None) -> str:
    return "–" if at is None else moment(at.timestamp())
