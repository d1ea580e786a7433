"""What is told to whom, as its page shows it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ops_api.queries.notify_state import NotifyState
from ops_api.web import words
from ops_api.web.brand import Brand

Row = Mapping[str, Any]

FAILS_FROM = 5
"""Failures in a row from which on the sender leaves a channel alone for a while."""
WAITS_FROM_S = 300.0

STATES: Mapping[str, str] = {
    "pending": "waits",
    "sending": "is being sent",
    "sent": "sent",
    "delivered": "arrived",
    "failed": "failed",
    "unknown": "nobody can tell",
    "expired": "too late, not sent",
    "suppressed": "not sent",
    "bundled": "said in another message",
}
VERDICTS: Mapping[str, str] = {
    "sent": "sent",
    "delivered": "arrived",
    "retry": "failed, tried again",
    "refused": "refused",
    "unknown": "no answer",
}
_BAD = ("failed", "unknown", "expired")


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """A channel as shown; ``trouble`` is empty where it does what it should."""

    name: str
    trouble: str
    people: str
    due: str
    later: str
    sent: str
    failed: str
    last: str
    error: str


@dataclass(frozen=True, slots=True)
class DutyRow:
    """A role: who is on call now, and who is next."""

    role: str
    now: str
    next: str


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message as shown, with a line for each attempt."""

    number: int
    alarm_id: int | None
    title: str
    to: str
    when: str
    state: str
    severity: str
    bad: bool
    tries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotificationsView:
    """The page."""

    headline: str
    channels: tuple[ChannelRow, ...]
    duty: tuple[DutyRow, ...]
    messages: tuple[MessageRow, ...]


def view(state: NotifyState, *, now: datetime, brand: Brand) -> NotificationsView:
    """Return the page's content at a time of the wall clock."""
    channels = tuple(_channel(c, now, brand) for c in state.channels)
    return NotificationsView(
        headline=_headline(channels, state),
        channels=tuple(sorted(channels, key=lambda c: (c.trouble == "", c.name))),
        duty=tuple(_duty(d, now, brand) for d in state.on_call),
        messages=tuple(_message(m, now, brand) for m in state.messages),
    )


def _headline(channels: tuple[ChannelRow, ...], state: NotifyState) -> str:
    failing = [c.name for c in channels if c.trouble]
    if failing:
        return f"Not everybody is told: {words.joined(failing)} {'fails' if len(failing) == 1 else 'fail'}"
    waiting = sum(int(c["due"]) for c in state.channels)
    if waiting > 0:
        return f"{words.plural(waiting, 'message waits', 'messages wait')} to go out"
    if not state.messages and not any(c["people"] for c in state.channels):
        return "Nobody can be told of an alarm: nobody has a channel yet"
    return "Every message has gone out" if state.messages else "Nobody has been told of anything yet"


def _channel(c: Row, now: datetime, brand: Brand) -> ChannelRow:
    waited_s = 0.0 if c["due_since"] is None else (now - c["due_since"]).total_seconds()
    trouble = []
    if c["failures"] >= FAILS_FROM:
        trouble.append(f"{words.number(c['failures'])} attempts in a row failed")
    if waited_s >= WAITS_FROM_S:
        trouble.append(f"a message has waited for {words.duration(now - c['due_since'])}")
    lost = c["failed_24h"] + c["unknown_24h"]
    return ChannelRow(
        name=c["channel"],
        trouble=", ".join(trouble),
        people=words.number(c["people"]),
        due=words.number(c["due"]),
        later=words.number(c["later"]),
        sent=words.number(c["sent_24h"]),
        failed=words.number(lost),
        last="never" if c["last_sent_at"] is None else _when(c["last_sent_at"], now, brand),
        error=c["last_error"] or "",
    )


def _duty(d: Row, now: datetime, brand: Brand) -> DutyRow:
    on = [f"{s['label']} until {_when(s['to_at'], now, brand)}" for s in d["now"]]
    after = d["next"]
    return DutyRow(
        role=d["role"].replace("_", " "),
        now=words.joined(on) if on else "nobody",
        next="nobody in the next 14 days"
        if after is None
        else f"{after['label']} from {_when(after['from_at'], now, brand)}",
    )


def _message(m: Row, now: datetime, brand: Brand) -> MessageRow:
    kind, _, name = m["recipient"].partition(":")
    to = {"team": f"team {name}", "webhook": f"webhook {name}"}.get(kind, m["recipient"])
    ends = f" (…{m['address_ends']})" if m["address_ends"] else ""
    state = STATES[m["state"]]
    if m["state"] == "pending" and m["not_before"] > now:
        state = f"waits until {_when(m['not_before'], now, brand)}"
    if m["suppressed_why"] is not None:
        state = f"not sent: {m['suppressed_why']}"
    elif m["bundled_in"] is not None:
        state = f"said with others in message {m['bundled_in']}"
    return MessageRow(
        number=m["notification_id"],
        alarm_id=m["alarm_id"],
        title=m["title"],
        to=f"{to} over {m['channel']}{ends}",
        when=_when(m["created_at"], now, brand),
        state=state,
        severity=m["severity"],
        bad=m["state"] in _BAD,
        tries=tuple(_try(t, now, brand) for t in m["tries"]),
    )


def _try(t: Row, now: datetime, brand: Brand) -> str:
    said = f"{_when(t['at'], now, brand)}: {VERDICTS.get(t['verdict'], t['verdict'])}"
    return f"{said}: {t['error']}" if t["error"] else said


def _when(at: datetime, now: datetime, brand: Brand) -> str:
    return words.day_and_clock(at, brand.time_zone, now)
