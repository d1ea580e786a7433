"""What the desk knows of an alarm, what people can ask for, and what follows.

Three things about an alarm are independent: its condition (active or cleared: the engine's),
its acknowledgement, and its handling (open, shelved until, closed).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

Actor = Literal["engine", "desk", "person", "channel"]


class DeskAlarm(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm and how far its escalation is. Times in s since 1970, of the town.

    Attributes:
        subject, title, reason: as anybody may read them; a home is named by its number.
        acknowledged_severity: the severity it had when it was acknowledged.
        step: escalation steps taken since the escalation began, repetitions of the last one too.
        told: everybody who was ever told, as in an escalation step.
        heard: to whom messages of it went, and their worst severity; only where that it is over is being told.
    """

    alarm_id: int
    rule_id: str
    subject_kind: str
    subject: str
    severity: str
    raised_s: float
    cleared_s: float | None = None
    acknowledged_s: float | None = None
    acknowledged_by: str | None = None
    acknowledged_severity: str | None = None
    assignee: str | None = None
    shelved_until_s: float | None = None
    closed_s: float | None = None
    closed_by: str | None = None
    verdict: str | None = None
    flapping: bool = False
    step: int = 0
    told: tuple[str, ...] = ()
    heard: Mapping[str, str] | None = None
    title: str = ""
    reason: str = ""

    @property
    def active(self) -> bool:
        """Whether its condition holds."""
        return self.cleared_s is None

    @property
    def closed(self) -> bool:
        """Whether somebody has put it away."""
        return self.closed_s is not None

    @property
    def acknowledged(self) -> bool:
        """Whether somebody has it in hand."""
        return self.acknowledged_s is not None

    @property
    def shelved(self) -> bool:
        """Whether nobody is to be told for now."""
        return self.shelved_until_s is not None

    @property
    def waiting(self) -> bool:
        """Whether somebody still has to take it in hand."""
        return self.active and not (self.closed or self.acknowledged or self.shelved)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an alarm's log. ``what`` and ``detail``: docs/alarms.md.

    The engine writes raised, severity, member_joined, member_left, flapping, cleared and
    would_differ, with the effect's own fields in ``detail``.
    """

    alarm_id: int
    at_s: float
    actor: Actor
    what: str
    by: str = ""
    via: str = ""
    detail: Mapping[str, Any] = {}
    log_id: int | None = None
    request_id: str | None = None


class Timer(msgspec.Struct, frozen=True):
    """What is to be done with an alarm later: ``escalate``, ``renotify``, ``held``, ``unshelve``, ``close``."""

    alarm_id: int
    name: str
    due_s: float


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody is to be told something. ``to`` as in an escalation step; ``kind``: why.

    ``key`` is unique per alarm and reason, so that planning twice tells once.
    """

    alarm_id: int
    key: str
    kind: Literal[
        "raised", "severity", "escalated", "repeated", "cleared", "assigned", "flapping", "unshelved", "test"
    ]
    to: str
    severity: str
    at_s: float


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """What one command, log entry or timer makes of an alarm."""

    alarm: DeskAlarm
    entries: tuple[Entry, ...] = ()
    set_timers: tuple[Timer, ...] = ()
    drop_timers: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()


class Acknowledge(msgspec.Struct, frozen=True, kw_only=True, tag="acknowledge"):
    """Somebody has it in hand."""

    by: str
    via: str = "api"
    note: str = ""
    request_id: str | None = None


class Unacknowledge(msgspec.Struct, frozen=True, kw_only=True, tag="unacknowledge"):
    """Nobody has it in hand after all."""

    by: str
    via: str = "api"
    note: str = ""
    request_id: str | None = None


class Assign(msgspec.Struct, frozen=True, kw_only=True, tag="assign"):
    """Somebody is to see to it."""

    by: str
    to: str
    via: str = "api"
    request_id: str | None = None


class Comment(msgspec.Struct, frozen=True, kw_only=True, tag="comment"):
    """A remark for whoever reads the log."""

    by: str
    text: str
    via: str = "api"
    request_id: str | None = None


class Shelve(msgspec.Struct, frozen=True, kw_only=True, tag="shelve"):
    """Nobody is to be told until then."""

    by: str
    until_s: float
    reason: str
    via: str = "api"
    request_id: str | None = None


class Unshelve(msgspec.Struct, frozen=True, kw_only=True, tag="unshelve"):
    """Back from the shelf."""

    by: str
    via: str = "api"
    request_id: str | None = None


class Close(msgspec.Struct, frozen=True, kw_only=True, tag="close"):
    """Put away; while its condition holds only as a false alarm or a test."""

    by: str
    reason: str
    verdict: Literal["true", "false_alarm", "test"] = "true"
    via: str = "api"
    request_id: str | None = None


Command = Acknowledge | Unacknowledge | Assign | Comment | Shelve | Unshelve | Close
