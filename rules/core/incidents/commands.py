"""What people ask of an incident; whether it is allowed: :mod:`rules.core.incidents.obey`. Pure."""

from __future__ import annotations

import msgspec

TEXT_MOST, NAME_MOST, HREF_MOST, TASKS_MOST = 1000, 100, 500, 200
LINK_KINDS = ("order", "route", "round", "document", "what_if", "alarm", "other")
AHEAD_S = 31 * 86_400.0
"""A task is due within a month [s]."""


class IncidentRefusedError(ValueError):
    """A command is not allowed now; the text is for whoever asked."""


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """What every command says: by whom, as what, through what, and what makes it one request."""

    by: str
    role: str = "operations"
    via: str = "api"
    request_id: str | None = None


class Open(Command, frozen=True, kw_only=True):
    """Take up a proposal, or with ``incident_id`` None make an incident that nobody proposed."""

    incident_id: int | None = None
    reason: str = ""
    title: str = ""
    place: str = ""
    latitude_deg: float | None = None
    longitude_deg: float | None = None


class About(Command, frozen=True, kw_only=True):
    """A command about an incident that is there; ``seen``: the version that whoever asks has looked at, None: any."""

    incident_id: int
    seen: int | None = None


class Claim(About, frozen=True, kw_only=True):
    """Have it in hand oneself."""


class HandOver(About, frozen=True, kw_only=True):
    """Give it to somebody."""

    to: str
    to_role: str = ""
    note: str = ""


class AddTask(About, frozen=True, kw_only=True):
    """Have something done; ``due_s``: by when [s since 1970]."""

    text: str
    who: str = ""
    due_s: float | None = None


class DoneTask(About, frozen=True, kw_only=True):
    """Say that a task is done."""

    number: int
    note: str = ""


class Note(About, frozen=True, kw_only=True):
    """Write something into its log."""

    text: str


class AddLink(About, frozen=True, kw_only=True):
    """Tie an order, a round, a document or a what-if to it."""

    kind: str
    ref: str
    title: str
    href: str = ""


class Contain(About, frozen=True, kw_only=True):
    """Say that it gets no worse."""

    reason: str


class Close(About, frozen=True, kw_only=True):
    """Say that it is over, or of a proposal that it was none; ``even_so``: though tasks are open."""

    reason: str
    even_so: bool = False


class Reopen(About, frozen=True, kw_only=True):
    """Say that it is not contained, or not over, after all."""

    reason: str


class Merge(About, frozen=True, kw_only=True):
    """Make it a part of another."""

    into: int
    reason: str


class Place(About, frozen=True, kw_only=True):
    """Say where it is [°], and in words; what goes wrong near there belongs to it from now on."""

    latitude_deg: float
    longitude_deg: float
    place: str = ""


class SplitOff(About, frozen=True, kw_only=True):
    """Make some of its signals an incident of their own, which its maker has in hand."""

    keys: tuple[str, ...]
    reason: str
    title: str = ""
