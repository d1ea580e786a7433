"""What the watch sees, what it remembers, and what it wants written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from rules.core.conditions.condition import Condition
from rules.core.effects import AlarmEffect
from rules.core.watch.rules import WatchRules


@dataclass(frozen=True, slots=True)
class ChannelSeen:
    """A channel of the outbox.

    Attributes:
        failures: attempts in a row that failed, within the time looked at.
        waited_s: how long the message that is due longest has waited [s]; None where none is due.
    """

    channel: str
    failures: int
    waited_s: float | None


@dataclass(frozen=True, slots=True)
class QuarantinedSeen:
    """A device that is kept out.

    Attributes:
        since_s: from when on [s since 1970].
        is_copied: two showed themselves under its name; else a person keeps it out.
    """

    device: str
    since_s: float
    is_copied: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """The platform as it is. Times in s since 1970, of the wall clock.

    Attributes:
        now_s: when it was looked at.
        received_s: when readings were last received; None where none ever were.
        devices: how many are installed that reported at least once.
        cadence_s: interval of the most frequent of them [s]; None where there is none.
        waiting_since_s: when the oldest batch was received that the rules have not seen; None where
            they have seen all.
        gap_s: from when until when nothing was received, of the longest such time that the rules have not
            got over yet: the batch after it is one that they have not judged. None where they have judged all.
        quarantined: devices that are kept out.
        channels: those with messages or attempts.
        people: how many can be told.
        next_s: of each role, when somebody is next on call: now where somebody is; a role
            is absent where nobody is in the time looked at.
    """

    now_s: float
    received_s: float | None
    devices: int
    cadence_s: float | None
    waiting_since_s: float | None
    channels: tuple[ChannelSeen, ...]
    people: int
    next_s: Mapping[str, float]
    gap_s: tuple[float, float] | None = None
    quarantined: tuple[QuarantinedSeen, ...] = ()


class Memory(msgspec.Struct, frozen=True):
    """How far each condition is, by ``rule|kind|subject``; ``at_s``: the last look that changed one."""

    at_s: float = 0.0
    conditions: Mapping[str, Condition] = {}


@dataclass(frozen=True, slots=True)
class Watched:
    """What is watched for.

    Attributes:
        rules: with their figures.
        roles: that escalations call whoever is on call for, each with the escalations that do.
        catalogue_id: the copy that the rules are from; None where copies are not kept.
    """

    rules: WatchRules
    roles: Mapping[str, tuple[str, ...]]
    catalogue_id: int | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """What follows of a look: the memory is the same object where nothing changed."""

    memory: Memory
    effects: tuple[AlarmEffect, ...]
