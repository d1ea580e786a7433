"""What a notification says: the numbers that matter in the first line, then why, then what to do.

Whoever calls this has taken the names of homes out of title and reason.
"""

from __future__ import annotations

import re

import msgspec

from rules.core.notify.model import Message

FIRST_LINE = 120
"""Characters: what a lock screen shows, and less than one SMS."""

_LEAST_TITLE = 40
_SENTENCE = re.compile(r"(?<=[.!?])\s+")

HEADS = {
    "raised": "{severity}: {title}",
    "severity": "Now {severity}: {title}",
    "escalated": "{severity}, nobody has answered: {title}",
    "repeated": "{severity}, still not answered: {title}",
    "cleared": "Over: {title}",
    "assigned": "Yours, {severity}: {title}",
    "flapping": "Comes and goes, {severity}: {title}",
    "unshelved": "Off the shelf, {severity}: {title}",
    "test": "Test, nothing to do: {title}",
}
"""First lines by kind of notice."""

TASKS = {
    "duty_officer": "Acknowledge it, or hand it to somebody: until then the next in line is told.",
    "gritting_officer": "Open the route's plan, confirm or change the treatment, and acknowledge.",
    "housing_officer": "Look at the home's history before you call, and acknowledge.",
    "waste_officer": "Check the round and whether a crew is near, and acknowledge.",
    "engineer": "See whether the device, its power or its network failed, and acknowledge.",
}
"""What is asked of a role; the duty officer's for any other."""

_NOTHING_TO_DO = {"cleared": "Nothing is to be done.", "test": "This is only a test of the channel."}


class AlarmText(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an alarm when it is put into words.

    Attributes:
        reason: sentences, those with the figures first.
        link: where to look and to acknowledge; empty: none.
    """

    alarm_id: int
    title: str
    reason: str
    severity: str
    subject: str = ""
    rule_id: str = ""
    link: str = ""


def message(kind: str, alarm: AlarmText, role: str = "") -> Message:
    """Return the message of a kind of notice for people with ``role``.

    Raises:
        KeyError: an unknown kind.
    """
    shown = alarm.severity.upper() if alarm.severity == "critical" else alarm.severity.capitalize()
    form = HEADS[kind]
    severity = shown if form.startswith("{severity}") or shown.isupper() else alarm.severity
    title = first_line(form, severity, alarm.title, alarm.reason)
    task = _NOTHING_TO_DO.get(kind) or TASKS.get(role, TASKS["duty_officer"])
    place = f"Alarm {alarm.alarm_id}" + (f": {alarm.link}" if alarm.link else "")
    body = "\n".join(filter(None, (one_line(alarm.reason), task, place)))
    return Message(title=title, body=body, data={"rule_id": alarm.rule_id, "subject": alarm.subject})


def first_line(form: str, severity: str, title: str, reason: str) -> str:
    """Return ``form`` with title and the reason's figures, in at most 120 characters.

    The title gives way to the figures, but for its first 40 characters.
    """
    title, figures = one_line(title), _figures(reason)
    if not figures or figures.rstrip(".") in title:
        return shorten(form.format(severity=severity, title=title), FIRST_LINE)
    room = FIRST_LINE - len(form.format(severity=severity, title="")) - len(figures) - 2
    head = form.format(severity=severity, title=shorten(title, max(room, _LEAST_TITLE)))
    return shorten(f"{head} {figures}" if head.endswith((".", "…")) else f"{head}. {figures}", FIRST_LINE)


def _figures(reason: str) -> str:
    """Return the first sentence that has a figure in it, else the first one."""
    sentences = _SENTENCE.split(one_line(reason))
    return next((s for s in sentences if any(c.isdigit() for c in s)), sentences[0])


def shorten(text: str, most: int) -> str:
    """Return ``text`` in at most ``most`` characters, cut after a word where one ends late enough."""
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    whole = cut.rsplit(" ", 1)[0]
    return (whole if len(whole) > most // 2 else cut).rstrip(" ,;:") + "…"


def one_line(text: str) -> str:
    """Return ``text`` without line breaks and control characters: it ends in subjects of mails."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
