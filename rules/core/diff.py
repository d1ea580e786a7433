"""What two runs of the rules over the same readings say differently."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from rules.core.effects import Json
from rules.core.replayed import AlarmSpan, DecisionMade, Replayed

TOLERANCE_S = 300.0
"""Alarms and decisions that are no further apart in time are the same ones [s]."""
NEAR_S = 7200.0
"""The same outcome no further apart than this is one decision at another time [s]."""

ChangeWord = Literal["only_before", "only_after", "severity", "members", "outcome", "time", "amount"]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Something that one run says and the other does not, or says otherwise."""

    what: Literal["alarm", "decision"]
    change: ChangeWord
    rule_id: str
    subject_kind: str
    subject: str
    at_s: float
    before: Json | None
    after: Json | None
    text: str


def compare(before: Replayed, after: Replayed, tolerance_s: float = TOLERANCE_S) -> tuple[Difference, ...]:
    """Return what differs, in order of time.

    Args:
        before: one run.
        after: another of the same time.
        tolerance_s: what is no further apart is the same [s].
    """
    found: list[Difference] = []
    for key, (mine, other) in _together(before.alarms, after.alarms).items():
        found += _alarms(key, mine, other, before.from_s, tolerance_s)
    for key, (made_before, made_after) in _together(before.decisions, after.decisions).items():
        found += _decisions(key, made_before, made_after, tolerance_s)
    return tuple(sorted(found, key=lambda d: (d.at_s, d.what, d.rule_id, d.subject)))


Key = tuple[str, str, str]


def _together(before: Iterable[Any], after: Iterable[Any]) -> dict[Key, tuple[list[Any], list[Any]]]:
    found: dict[Key, tuple[list[Any], list[Any]]] = defaultdict(lambda: ([], []))
    for side, items in enumerate((before, after)):
        for item in items:
            found[item.rule_id, item.subject_kind, item.subject][side].append(item)
    return found


def _alarms(
    key: Key, before: list[AlarmSpan], after: list[AlarmSpan], from_s: float, tolerance_s: float
) -> list[Difference]:
    found, left = [], sorted(after, key=lambda a: a.raised_s)
    for a in sorted(before, key=lambda a: a.raised_s):
        b = min(left, key=lambda b: abs(b.raised_s - a.raised_s), default=None)
        if b is None or not _overlap(a, b, tolerance_s):
            found.append(_told("alarm", "only_before", key, a, None, f"{a.title}: no longer raised"))
            continue
        left.remove(b)
        found += _alarm_pair(key, a, b, from_s, tolerance_s)
    return found + [_told("alarm", "only_after", key, None, b, f"{b.title}: raised now") for b in left]


def _overlap(a: AlarmSpan, b: AlarmSpan, tolerance_s: float) -> bool:
    ends = [float("inf") if x.cleared_s is None else x.cleared_s for x in (a, b)]
    return max(a.raised_s, b.raised_s) <= min(ends) + tolerance_s


def _alarm_pair(key: Key, a: AlarmSpan, b: AlarmSpan, from_s: float, tolerance_s: float) -> list[Difference]:
    found = []
    if a.severity != b.severity:
        found.append(
            _told("alarm", "severity", key, a, b, f"{b.title}: {a.severity} before, {b.severity} after")
        )
    if set(a.members) != set(b.members):
        gone, new = set(a.members) - set(b.members), set(b.members) - set(a.members)
        text = f"{b.title}: without {_names(gone)}" if gone else f"{b.title}: also {_names(new)}"
        found.append(_told("alarm", "members", key, a, b, text))
    # What began before the time looked at began when that run happened to begin.
    began = 0.0 if max(a.raised_s, b.raised_s) < from_s else b.raised_s - a.raised_s
    ended = _moved(a.cleared_s, b.cleared_s)
    if abs(began) > tolerance_s or abs(ended) > tolerance_s:
        text = f"{b.title}: raised {_later(began)}, cleared {_later(ended)}"
        found.append(_told("alarm", "time", key, a, b, text))
    return found


def _moved(before_s: float | None, after_s: float | None) -> float:
    if before_s is None or after_s is None:
        return 0.0 if before_s is after_s else float("inf") if after_s is None else float("-inf")
    return after_s - before_s


def _later(seconds: float) -> str:
    if abs(seconds) == float("inf"):
        return "not yet" if seconds > 0 else "already"
    if abs(seconds) < 60:
        return "at the same time"
    return f"{abs(seconds) / 60:.0f} min {'later' if seconds > 0 else 'earlier'}"


def _names(subjects: Iterable[str]) -> str:
    listed = sorted(subjects)
    return ", ".join(listed[:5]) + (f" and {len(listed) - 5} more" if len(listed) > 5 else "")


def _decisions(
    key: Key, before: list[DecisionMade], after: list[DecisionMade], tolerance_s: float
) -> list[Difference]:
    """Pair by outcome and time, then by time alone, then by outcome within two hours."""
    mine, other = sorted(before, key=lambda d: d.at_s), sorted(after, key=lambda d: d.at_s)
    found: list[Difference] = []
    for a, b in _pairs(mine, other, tolerance_s, same=True):
        if _amount(a) != _amount(b):
            found.append(_told("decision", "amount", key, a, b, f"{_words(a)} before, {_words(b)} after"))
    for a, b in _pairs(mine, other, tolerance_s, same=False):
        found.append(_told("decision", "outcome", key, a, b, f"{_words(a)} before, {_words(b)} after"))
    for a, b in _pairs(mine, other, NEAR_S, same=True):
        found.append(_told("decision", "time", key, a, b, f"{_words(b)} {_later(b.at_s - a.at_s)}"))
    found += [_told("decision", "only_before", key, a, None, f"{_words(a)}: no longer decided") for a in mine]
    return found + [_told("decision", "only_after", key, None, b, f"{_words(b)}: decided now") for b in other]


def _amount(d: DecisionMade) -> tuple[object, ...]:
    return d.rate_g_m2, d.passes, d.plough, set(d.segments), set(d.bins)


def _pairs(
    mine: list[DecisionMade], other: list[DecisionMade], within_s: float, *, same: bool
) -> list[tuple[DecisionMade, DecisionMade]]:
    """Take the pairs that belong together out of both lists."""
    found = []
    for a in list(mine):
        near = [b for b in other if abs(b.at_s - a.at_s) <= within_s and (not same or b.outcome == a.outcome)]
        if near:
            b = min(near, key=lambda b: abs(b.at_s - a.at_s))
            mine.remove(a)
            other.remove(b)
            found.append((a, b))
    return found


def _words(d: DecisionMade) -> str:
    if d.outcome == "treat":
        return f"{'plough and treat' if d.plough else 'treat'} {len(d.segments)} stretches with {d.passes} x {d.rate_g_m2:g} g/m² ({d.salt_kg:.0f} kg)"
    return f"collect {len(d.bins)} bins" if d.outcome == "collect" else d.outcome


def _told(
    what: Literal["alarm", "decision"], change: ChangeWord, key: Key, before: Any, after: Any, text: str
) -> Difference:
    shown = after if before is None else before
    return Difference(
        what=what,
        change=change,
        rule_id=key[0],
        subject_kind=key[1],
        subject=key[2],
        at_s=shown.raised_s if what == "alarm" else shown.at_s,
        before=None if before is None else msgspec.to_builtins(before),
        after=None if after is None else msgspec.to_builtins(after),
        text=text,
    )
