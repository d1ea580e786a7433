"""Whether a message that waited is still news, by how its alarm stands when it is about to go out. Pure.

A message waits for quiet hours to end, for others to be one with, for a channel that is out of
order, for a retry. Meanwhile somebody may have taken its alarm in hand, or it is over.

* What asks somebody to acknowledge (:data:`ASKS`) is not sent once the alarm is acknowledged,
  shelved or closed: that is a person's word, and counts for critical alarms too.
* Nor is it once the alarm has cleared. **Critical is another matter**: a fire that burnt out unseen
  still wants somebody to go there. Whoever has not certainly heard of it as critical is told, with "(over by now)" in the first
  line, unless a person has acknowledged, shelved or closed it.
* That an alarm is over hears who may have heard that it was up, nobody else.
* An assignment is sent while it stands, with "(over by now)" where the alarm has cleared.
* Tests, and what is for programs, always go out: an event says what happened at its time, and who
  counts events must have all of them.

Whatever brings an alarm back (given back, off the shelf, worse) makes messages of its own, so
that what was suppressed need not come back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from msgspec.structs import replace

from rules.core.notify.model import Notification
from rules.core.notify.words import FIRST_LINE, shorten

ASKS = frozenset({"raised", "severity", "escalated", "repeated", "unshelved", "flapping"})
"""Kinds of notice that ask for an acknowledgement."""
OVER = " (over by now)"

Code = Literal["acknowledged", "shelved", "closed", "cleared", "calm", "reassigned", "not_told", "digest"]
Fate = Literal["send", "over"]


@dataclass(frozen=True, slots=True)
class Suppressed:
    """Not to be sent. ``code`` is for counting, ``why`` for people."""

    code: Code
    why: str


@dataclass(frozen=True, slots=True)
class AlarmNow:
    """An alarm as it stands when a message about it is about to go out.

    Attributes:
        told: whether the message's recipient may have heard that the alarm is up: an attempt was made
            of which it is not certain that it failed.
        told_critical: whether a message that said that it is critical has certainly gone out to that recipient.
        waits: whether something that says so still waits for that recipient.
    """

    severity: str = "warning"
    active: bool = True
    acknowledged_by: str | None = None
    shelved: bool = False
    closed: bool = False
    flapping: bool = False
    assignee: str | None = None
    told: bool = False
    told_critical: bool = False
    waits: bool = False


def fate(message: Notification, now: AlarmNow | None) -> Fate | Suppressed:
    """Return what becomes of a message: ``send``, ``over`` (send it marked, :func:`over_by_now`), or why not.

    Args:
        message: as it waits.
        now: its alarm; None where it is about none.
    """
    if now is None or message.kind == "test" or message.recipient.startswith("webhook:"):
        return "send"
    critical = "critical" in (message.severity, now.severity)
    if message.kind in ASKS:
        return _asks(message, now)
    if message.kind == "cleared":
        return _cleared(now, critical)
    if message.kind == "assigned":
        return _assigned(message.key, now)
    return "send"


def _in_hand(now: AlarmNow) -> Suppressed | None:
    """Return the person's word that ends the asking, where there is one."""
    if now.closed:
        return Suppressed("closed", "its alarm is closed")
    if now.acknowledged_by is not None:
        return Suppressed("acknowledged", f"{now.acknowledged_by} has acknowledged its alarm")
    return Suppressed("shelved", "its alarm is shelved") if now.shelved else None


def _asks(message: Notification, now: AlarmNow) -> Fate | Suppressed:
    in_hand = _in_hand(now)
    if in_hand is not None:
        return in_hand
    if not now.active:
        return "over" if _is_unheard_fire(message, now) else Suppressed("cleared", "its alarm has cleared")
    if message.kind == "flapping" and not now.flapping:
        return Suppressed("calm", "its alarm no longer comes and goes")
    return "send"


def _is_unheard_fire(message: Notification, now: AlarmNow) -> bool:
    """Whether somebody has yet to learn that it was critical: who read of a warning, or may have, knows too little.

    What is only just being sent, or of which nobody knows, does not count: to hear of a fire twice is better than never.
    """
    if message.severity == "critical":
        return not now.told_critical
    return now.severity == "critical" and not now.told


def _cleared(now: AlarmNow, critical: bool) -> Fate | Suppressed:
    will_be_told = critical and now.waits and _in_hand(now) is None
    if now.told or will_be_told:
        return "send"
    return Suppressed("not_told", "its recipient was not told that the alarm was up")


def _assigned(key: str, now: AlarmNow) -> Fate | Suppressed:
    if now.closed:
        return Suppressed("closed", "its alarm is closed")
    # By the notice's own words: where nobody has the assignee's name the duty officer is told.
    if f":assigned:person:{now.assignee}:" not in key:
        return Suppressed("reassigned", "its alarm is assigned to somebody else")
    return "send" if now.active else "over"


def over_by_now(message: Notification) -> Notification:
    """Return the message with a first line that says that its alarm is over."""
    return replace(message, title=shorten(message.title, FIRST_LINE - len(OVER)) + OVER)


NOTHING_LEFT = Suppressed("digest", "nothing in it is news any more")
