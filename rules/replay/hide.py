"""Homes by their numbers: a home's code is its resident's secret, its label may be an address."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import structs

from rules.core.replayed import AlarmSpan, Replayed


def hide_homes(found: Replayed, homes: Iterable[tuple[str, str, int]]) -> Replayed:
    """Return a replay in which homes are told by number; ``homes``: code, label and number of each."""
    by_code = {code: (label, number) for code, label, number in homes}
    return structs.replace(found, alarms=tuple(_hidden(a, by_code) for a in found.alarms))


def _hidden(alarm: AlarmSpan, by_code: dict[str, tuple[str, int]]) -> AlarmSpan:
    if alarm.subject_kind != "home":
        return alarm
    label, number = by_code.get(alarm.subject, ("", 0))
    name = f"home {number}" if number else "home ?"

    def said(text: str) -> str:
        text = text.replace(alarm.subject, name)
        return text.replace(label, name.capitalize()) if label else text

    return structs.replace(alarm, subject=name, title=said(alarm.title), reason=said(alarm.reason))
