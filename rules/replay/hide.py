"""Homes by their numbers: a home's code is its resident's secret, its label may be an address."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import structs

from rules.core.replayed import AlarmSpan, Replayed


def hide_homes(found: Replayed, homes: Iterable[tuple[str, str, int]]) -> Replayed:
    """Return a replay in which homes are told by number; ``homes``: code, label and number of each.

    Of a home that is not among them no words are told: they may hold its address.
    """
    by_code = {code: (label, number) for code, label, number in homes}
    return structs.replace(found, alarms=tuple(_hidden(a, by_code) for a in found.alarms))


def _hidden(alarm: AlarmSpan, by_code: dict[str, tuple[str, int]]) -> AlarmSpan:
    if alarm.subject_kind != "home":
        return alarm
    if alarm.subject not in by_code:
        return structs.replace(alarm, subject="home ?", title="Home ?", reason="")
    label, number = by_code[alarm.subject]
    name = f"home {number}"
    # Of the title only what follows the label, which may have been another one when it was raised.
    what = alarm.title[alarm.title.rfind(": ") :] if ": " in alarm.title else ""

    def said(text: str) -> str:
        text = text.replace(alarm.subject, name)
        return text.replace(label, name.capitalize()) if label else text

    return structs.replace(alarm, subject=name, title=f"Home {number}{said(what)}", reason=said(alarm.reason))
