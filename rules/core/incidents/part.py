"""Which signals a look sees: those that incidents have, and new ones that take part. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from msgspec.structs import replace

from rules.core.alarm_spec import rank
from rules.core.incidents.model import Signal
from rules.core.incidents.parameters import GroupingParameters

Signals = Mapping[str, Signal]


def seen(
    fresh: Signals, kept: Signals, over: Mapping[str, str], p: GroupingParameters, now_s: float
) -> dict[str, Signal]:
    """Return all signals of a look by their keys.

    Args:
        fresh: what there is now.
        kept: signals of incidents that live, as they were when they were last seen. Of what is there no more nothing is up.
        over: of signals of incidents that are over, the severity that they had in them.
        p: the rule's figures.
        now_s: the town's time [s].
    """
    new = _without_storms({k: s for k, s in fresh.items() if k not in kept and counts(s, p)}, p)
    there = {k: s for k, s in fresh.items() if k in kept} | new
    there |= _risen(there, kept, over, now_s)
    gone = {k: s for k, s in kept.items() if k not in there}
    return {k: s if s.ended_s is not None else replace(s, ended_s=now_s) for k, s in gone.items()} | there


def counts(signal: Signal, p: GroupingParameters) -> bool:
    """Whether a signal takes part as severe as it is."""
    least = (r.severity for r in p.rules_from if r.rule == signal.rule_id)
    return all(rank(signal.severity) >= rank(severity) for severity in least)


def _without_storms(signals: Signals, p: GroupingParameters) -> dict[str, Signal]:
    """Return signals without those of which too many of one alarm begin within their window."""
    most = {storm.rule: storm.most for storm in p.storms}
    began: dict[int, list[float]] = {}
    for s in signals.values():
        if s.rule_id in most and s.alarm_id is not None:
            began.setdefault(s.alarm_id, []).append(s.at_s)
    times = {alarm: np.sort(at_s) for alarm, at_s in began.items()}

    def many(s: Signal) -> bool:
        if s.rule_id not in most or s.alarm_id is None:
            return False
        window_s, at_s = 60.0 * p.window_min.of(s.severity), times[s.alarm_id]
        first, last = (
            np.searchsorted(at_s, s.at_s - window_s),
            np.searchsorted(at_s, s.at_s + window_s, "right"),
        )
        return bool(last - first > most[s.rule_id])

    return {k: s for k, s in signals.items() if not many(s)}


def _risen(there: Signals, kept: Signals, over: Mapping[str, str], now_s: float) -> dict[str, Signal]:
    """Return, as signals of their own, those that are worse now than in the incident in which they were closed.

    Whoever closed "a blocked bin" has not said that it may burn.
    """
    found = {}
    for key, before in sorted(over.items()):
        s = there.get(key)
        if s is not None and s.ended_s is None and rank(s.severity) > rank(before):
            again = f"{key}^{s.severity}"
            at_s = kept[again].at_s if again in kept else now_s
            found[again] = replace(s, key=again, at_s=at_s)
    return found
