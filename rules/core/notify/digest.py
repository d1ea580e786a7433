"""Several messages to one person over one channel as one: the worst first, numbers in the first line. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from rules.core.alarm_spec import SEVERITIES, rank
from rules.core.notify.model import Notification
from rules.core.notify.words import FIRST_LINE, one_line, shorten

LINES = 20
"""Alarms named one by one."""
ALARMS_MOST = 1000
"""Numbers of alarms given to programs."""
ENDED = "cleared"
DIGEST = "digest"
"""The kind of a message that says several."""

Numbered = tuple[int, Notification]


def gathers(severity: str, recipient: str, digest_s: float) -> bool:
    """Whether a message waits for others: below critical, and not for a program."""
    return digest_s > 0 and rank(severity) < rank("critical") and not recipient.startswith("webhook:")


def digest(found: Sequence[Numbered], now_s: float) -> Notification:
    """Return one message instead of several to the same recipient over the same channel.

    Of each alarm only the latest message counts: one that came and went meanwhile is over.

    Args:
        found: messages with their numbers in the outbox, at least one.
        now_s: when it is to be sent [s since 1970].
    """
    latest = _latest(found)
    worst = latest[0]
    first_id = min(number for number, _ in found)
    alarms = list(dict.fromkeys(n.alarm_id for n in latest if n.alarm_id is not None))
    severities = [n.severity for _, n in found]
    said = {"messages": len(found), "alarms": alarms[:ALARMS_MOST]}
    return replace(
        worst,
        key=f"digest:{worst.recipient}:{worst.channel}:{first_id}",
        kind=DIGEST,
        severity=max(severities, key=rank),
        title=_title(latest),
        body=_body(latest),
        data=said if len(latest) > 1 else {**worst.data, **said},
        alarm_id=alarms[0] if len(alarms) == 1 else None,
        log_id=None,
        not_before_s=now_s,
        expires_s=max(n.expires_s for _, n in found),
        gather_from_s=None,
    )


def _latest(found: Sequence[Numbered]) -> list[Notification]:
    """Return the latest message of each alarm, the worst first, those that are over last."""
    of: dict[object, Numbered] = {}
    for number, n in sorted(found, key=lambda f: f[0]):
        of[n.key if n.alarm_id is None else n.alarm_id] = (number, n)
    kept = sorted(of.values(), key=lambda f: (f[1].kind == ENDED, -rank(f[1].severity), f[0]))
    return [n for _, n in kept]


def _title(latest: Sequence[Notification]) -> str:
    if len(latest) == 1:
        return latest[0].title
    standing = [n for n in latest if n.kind != ENDED]
    counts = [(sum(n.severity == s for n in standing), s) for s in reversed(SEVERITIES)]
    parts = [f"{count} {severity}" for count, severity in counts if count > 0]
    if len(standing) < len(latest):
        parts.append(f"{len(latest) - len(standing)} over")
    head = f"{len(latest)} alarms: {', '.join(parts)}."
    return shorten(f"{head} {one_line(latest[0].title)}", FIRST_LINE)


def _body(latest: Sequence[Notification]) -> str:
    if len(latest) == 1:
        return latest[0].body
    lines = [_line(n) for n in latest[:LINES]]
    more = len(latest) - len(lines)
    if more > 0:
        lines.append(f"And {more} more.")
    return "\n".join(
        [*lines, "Acknowledge each, or hand it to somebody: until then the next in line is told."]
    )


def _line(n: Notification) -> str:
    alarm = "" if n.alarm_id is None else f" (alarm {n.alarm_id})"
    return f"{one_line(n.title)}{alarm}"
