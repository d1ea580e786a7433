"""Rounds, what they collect, changes of days, and the premises that they serve. Days are local."""

from __future__ import annotations

from datetime import date

import msgspec

UPRN_MOST = 999_999_999_999
"""A UPRN (unique property reference number) has 1 to 12 digits."""
MOVED_MOST_DAYS = 31
"""A collection is moved by so many days at most; further away it is another one."""


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """What a round collects, and on which days.

    Attributes:
        stream: ``refuse``, ``recycling``, ``garden``, ``food``, or another word of the council's.
        label: what people call it, e.g. ``Rubbish``.
        container: what they put out, e.g. ``black bin``.
        colour: of the container, a name of :data:`COLOURS`.
        rule: recurrence rule of RFC 5545, e.g. ``FREQ=WEEKLY;INTERVAL=2``.
        start: the first day; the rule goes on from it.
    """

    stream: str
    label: str
    container: str
    rule: str
    start: date
    colour: str = "grey"


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """Streets that a lorry collects from.

    Attributes:
        ends_min: when the round is over, in minutes after local midnight: before it nothing is missed yet.
        lorries: devices that drive it; empty: any may.
    """

    round_id: str
    label: str
    services: tuple[Service, ...]
    lorries: tuple[str, ...] = ()
    ends_min: int = 17 * 60


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A day's collections happen on another day, or not at all.

    Attributes:
        day: when they would be.
        to: when they are; None: not at all.
        reason: goes after "because of", e.g. ``the bank holiday``.
        round_id, stream: which alone; None: all of that day.
    """

    day: date
    to: date | None
    reason: str
    round_id: str | None = None
    stream: str | None = None


class Premises(msgspec.Struct, frozen=True, kw_only=True):
    """A household's place: it says nothing of who lives there."""

    uprn: int
    address: str
    rounds: tuple[str, ...]
    latitude_deg: float | None = None
    longitude_deg: float | None = None


class Collection(msgspec.Struct, frozen=True, kw_only=True):
    """One collection.

    Attributes:
        original: the day that the rule gives; with round and stream it is its identity.
        day: when it is; None: cancelled.
        reason: why that differs from ``original``; empty where it does not.
        sequence: how often its day has changed since it was first published.
        changed_s: when it last did, or else when its round was first published [s since 1970].
    """

    round_id: str
    service: Service
    original: date
    day: date | None
    reason: str = ""
    sequence: int = 0
    changed_s: float = 0.0

    @property
    def is_moved(self) -> bool:
        """Whether it is on another day than usual."""
        return self.day is not None and self.day != self.original


Key = tuple[str, str, date]
"""A collection's identity: round, stream and original day."""
COLOURS = ("black", "grey", "blue", "green", "brown", "red", "purple", "yellow", "orange", "white")
