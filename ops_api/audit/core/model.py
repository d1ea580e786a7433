"""One line of the audit: who did what, to what, with what outcome. No names, no addresses."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is written down of one act or look.

    Attributes:
        at_us: microseconds since the epoch.
        actor_kind, actor_id: ``nobody`` and ``failed`` of a sign-in that failed; ``staff`` and an account, ``resident``, ``program`` and a key, ``team`` whose password was given,
            ``nobody``, ``cli`` and a login.
        roles: those held, sorted, by commas.
        via: ``web``, ``rest`` or ``cli``.
        action: ``POST /api/v1/alarms/{alarm_id}/close``, or a command.
        object: what it was done to, as ``home:12`` or ``alarm:40``; never a code that opens something.
        reason: the purpose that was given, where one is asked for.
        outcome: HTTP status, or ``done`` and ``refused``.
        source: the network it came from; what is kept of it is a mark that is no address.
        request_id: of the request, to find it in the logs.
        detail: a JSON object.
    """

    at_us: int
    actor_kind: str
    actor_id: str
    roles: str
    via: str
    action: str
    object: str
    reason: str = ""
    outcome: str
    source: str
    request_id: str
    detail: str = "{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A sign-in that failed, a wrong code, a key that is none.

    Attributes:
        at_us, via, action, outcome, source, request_id: as of :class:`Entry`.
        why: ``wrong``, ``wait``, ``code`` and so on: a word of ours.
        about: what it was at, where that is known: ``team:winter``; empty: not known here.
        name: the account's that was typed. It is written down only where there is such an account, and then as its number.
        key: the public part of a key, likewise.
        mark: of what was typed, where it is neither: the same for the same text, and nobody can tell which.
    """

    at_us: int
    via: str
    action: str
    outcome: str
    source: str
    request_id: str
    why: str
    about: str = ""
    name: str = ""
    key: str = ""
    mark: str = ""
