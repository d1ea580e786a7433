"""What decisions and alarms would have been, had late readings come in time: marks, not corrections. Pure.

Compared is what the tables hold with what a replay says of the same time. That a device was
silent stays true however late its readings come: such alarms are not compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from msgspec import structs

from rules.core.diff import Difference, compare
from rules.core.effects import Json, iso
from rules.core.late import LateSpan
from rules.core.reopen import LateWindow, Subject
from rules.core.replayed import AlarmSpan, DecisionMade, Replayed

OF_ARRIVAL = frozenset({"device.silent", "device.quarantined", "winter.order_unanswered"})
"""Rules about what had come, or been answered, by then, not about what was measured."""

What = Literal["alarm", "decision"]
Key = tuple[What, str, str, str, float]
"""What, rule, kind of subject, subject, and when it was raised or decided [s since 1970]."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What is written beside a decision or an alarm.

    Attributes:
        would_differ: None = nothing any more, where these windows alone had led to a mark.
    """

    key: Key
    would_differ: Json | None


@dataclass(frozen=True, slots=True)
class Findings:
    """What came of a comparison.

    Attributes:
        marks: of everything then that the late readings are about, in order.
        differing: ids of the windows whose readings would have changed something.
        missed: alarms that were never raised and would have been.
    """

    marks: tuple[Mark, ...]
    differing: frozenset[int]
    missed: tuple[Difference, ...]


def find(
    stored: Replayed,
    standing: Sequence[DecisionMade],
    replayed: Replayed,
    about: Mapping[Subject, Sequence[LateWindow]],
    found_s: float,
    other_s: float | None = None,
) -> Findings:
    """Return what late readings would have changed.

    Args:
        stored: what the tables hold of a time.
        standing: the last decisions before it.
        replayed: what the rules say now of the same time, or from earlier on.
        about: the late readings by the subject that they are about.
        found_s: when this is found [s since 1970].
        other_s: until then another catalogue decided [s since 1970]: what it raised, or would have, is not judged.
    """
    from_s = stored.from_s
    stored, replayed = _only(stored, about, from_s), _only(replayed, about, from_s)
    found: dict[Key, list[Difference]] = {}
    missed, differing = [], set()
    for d in compare(stored, replayed):
        if other_s is not None and _raised_by(d, other_s):
            continue
        differing |= {w.window_id for w in about[d.subject_kind, d.subject]}
        key = _key(d, [*standing, *stored.decisions])
        if key is None:
            missed.append(d)
        else:
            found.setdefault(key, []).append(d)
    items: list[AlarmSpan | DecisionMade] = [*stored.alarms, *stored.decisions]
    items += [d for d in standing if (d.subject_kind, d.subject) in about]
    keys = sorted({*found, *map(_key_of, items)})
    marks = {key: _told(of_it, about[key[2], key[3]], found_s) for key, of_it in found.items()}
    return Findings(tuple(Mark(key, marks.get(key)) for key in keys), frozenset(differing), tuple(missed))


def _raised_by(d: Difference, at_s: float) -> bool:
    """Whether an alarm that differs was raised at a time or before, as it was or as it would be."""
    sides = (side for side in (d.before, d.after) if side is not None)
    return d.what == "alarm" and any(side["raised_s"] <= at_s for side in sides)


def _only(found: Replayed, about: Mapping[Subject, Any], from_s: float) -> Replayed:
    def counts(item: AlarmSpan | DecisionMade) -> bool:
        return item.rule_id not in OF_ARRIVAL and (item.subject_kind, item.subject) in about

    return Replayed(
        from_s=from_s,
        to_s=found.to_s,
        alarms=tuple(a for a in found.alarms if counts(a)),
        decisions=tuple(d for d in found.decisions if counts(d) and d.at_s >= from_s),
    )


def _key(d: Difference, decisions: Iterable[DecisionMade]) -> Key | None:
    """Return what a difference is written beside: a decision that was not made, beside the one that stood."""
    if d.before is not None:
        return _keyed(d.what, d, float(d.before["raised_s" if d.what == "alarm" else "at_s"]))
    if d.what == "alarm":
        return None
    same = (d.rule_id, d.subject_kind, d.subject)
    stood = [x.at_s for x in decisions if (x.rule_id, x.subject_kind, x.subject) == same and x.at_s <= d.at_s]
    return _keyed("decision", d, max(stood)) if stood else None


def _keyed(what: What, of: Difference | AlarmSpan | DecisionMade, at_s: float) -> Key:
    return what, of.rule_id, of.subject_kind, of.subject, at_s


def _key_of(item: AlarmSpan | DecisionMade) -> Key:
    if isinstance(item, AlarmSpan):
        return _keyed("alarm", item, item.raised_s)
    return _keyed("decision", item, item.at_s)


def _told(found: Sequence[Difference], windows: Sequence[LateWindow], found_s: float) -> Json:
    return {
        "found_at": iso(found_s),
        "text": "; ".join(_words(d) for d in found),
        "windows": sorted(w.window_id for w in windows),
        "late": [_late(w.span) for w in windows],
        "instead": [{"change": d.change, **_plain(d)} for d in found],
    }


def _late(span: LateSpan) -> Json:
    return {
        "devices": list(span.devices),
        "from": iso(span.from_s),
        "to": iso(span.to_s),
        "readings": span.readings,
    }


def _plain(d: Difference) -> dict[str, Any]:
    """Return what would have been without words, which may name a home; times as ISO 8601."""
    values = {
        k: v
        for k, v in (d.after or {}).items()
        if k not in ("title", "reason", *_WHOSE) and v not in ((), [])
    }
    return {
        k.removesuffix("_s") if k in _TIMES else k: iso(v) if k in _TIMES else v for k, v in values.items()
    }


_WHOSE = ("rule_id", "subject_kind", "subject")
_TIMES = ("at_s", "raised_s", "cleared_s", "call_out_s")


def _words(d: Difference) -> str:
    return _alarm_words(d) if d.what == "alarm" else _decision_words(d)


def _alarm_words(d: Difference) -> str:
    if d.after is None or d.before is None:
        return "not raised"
    if d.change == "severity":
        return f"{d.after['severity']} instead of {d.before['severity']}"
    # Behind the alarm's title, which may name a home.
    return d.text.removeprefix(f"{d.after['title']}: ")


def _decision_words(d: Difference) -> str:
    if d.after is None:
        return "not decided"
    then = _made(d.after)
    if d.change == "only_after":
        return f"{then} {iso(d.at_s)}"
    if d.change == "time":
        return (
            f"{then} already {iso(d.after['at_s'])}"
            if d.after["at_s"] < d.at_s
            else f"{then} only {iso(d.after['at_s'])}"
        )
    return then if d.before is None else f"{then} instead of {_made(d.before)}"


def _made(d: Json) -> str:
    """Return a decision in words."""
    if d["outcome"] == "treat":
        n, kg = len(d["segments"]), d["salt_kg"]
        return f"{'plough and ' if d.get('plough') else ''}treat {n} {'stretch' if n == 1 else 'stretches'} at {d['passes']} × {d['rate_g_m2']:g} g/m² ({kg:.0f} kg)"
    if d["outcome"] == "collect":
        return f"collect {len(d['bins'])} bins"
    return str(d["outcome"]).replace("_", " ")


def from_then_on(
    stored: Replayed, standing: Sequence[DecisionMade], other_s: float | None
) -> tuple[Replayed, tuple[DecisionMade, ...]]:
    """Return what is left to be compared, and what stood before it, where another catalogue decided until ``other_s``."""
    if other_s is None:
        return stored, tuple(standing)
    return (
        structs.replace(
            stored, from_s=other_s + 1.0, decisions=tuple(d for d in stored.decisions if d.at_s > other_s)
        ),
        (*standing, *(d for d in stored.decisions if d.at_s <= other_s)),
    )
