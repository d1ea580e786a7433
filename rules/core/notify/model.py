"""People, their channels, and what goes to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

Verdict = Literal["sent", "delivered", "retry", "refused", "unknown"]
"""sent: the channel took it; delivered: it says so; refused: never, like this; unknown: nobody can tell."""


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """One way to reach a person. ``channel``: a configured channel's name."""

    channel: str
    address: str
    least_severity: str = "info"


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who can be told. Quiet hours as minutes since local midnight; None: none.

    Attributes:
        contacts: in the order in which to try them.
    """

    person: str
    label: str
    roles: tuple[str, ...] = ()
    time_zone: str = "Europe/London"
    quiet_from_min: int | None = None
    quiet_to_min: int | None = None
    contacts: tuple[Contact, ...] = ()


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """``person`` is on call for ``role`` from ``from_s`` until before ``to_s`` [s since 1970]."""

    role: str
    person: str
    from_s: float
    to_s: float


class Notification(msgspec.Struct, frozen=True, kw_only=True):
    """A message to one recipient over one channel, as it waits in the outbox.

    Attributes:
        key: unique; a notification planned twice is there once.
        recipient: a person, ``team:<channel>`` or ``webhook:<number>``.
        address: as planned; the outbox holds none, and looks it up again when the message is sent.
        fallback: channels to try where this one refuses.
        gather_from_s: it waits until ``not_before_s`` for others to the same recipient, to be one
            message with them; it could have been sent from then on [s since 1970]. None: it waits for none.
    """

    key: str
    recipient: str
    channel: str
    address: str
    kind: str
    severity: str
    title: str
    body: str
    not_before_s: float
    expires_s: float
    alarm_id: int | None = None
    log_id: int | None = None
    data: Mapping[str, Any] = {}
    fallback: tuple[str, ...] = ()
    gather_from_s: float | None = None


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an attempt. ``reference``: the channel's own name for it."""

    verdict: Verdict
    reference: str = ""
    error: str = ""
    retry_after_s: float | None = None


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What is said: ``title`` is the first line, at most 120 characters, with the numbers that matter.

    ``data``: the same for programs.
    """

    title: str
    body: str
    data: Mapping[str, Any] = {}


class Hook(msgspec.Struct, frozen=True, kw_only=True):
    """A program that is told by CloudEvents.

    Attributes:
        types: the events it wants, e.g. ``cityops.alarm.raised``; none means all.
        secret_name: of the setting that holds its secret.
    """

    webhook_id: int
    url: str
    secret_name: str
    types: tuple[str, ...] = ()
