"""Quiet hours: when somebody may be told.

Quiet hours are of the person's own clock. On the nights it is put forward or back they
begin and end when that clock says so: an end that the night skips comes an hour later by
the clock, one that it has twice counts each time.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from rules.core.notify.model import Person

DAY_MIN = 24 * 60


def is_quiet(person: Person, at_s: float) -> bool:
    """Whether ``at_s`` [s since 1970] is within the person's quiet hours, whatever the message."""
    begin, end = person.quiet_from_min, person.quiet_to_min
    if begin is None or end is None or begin == end:
        return False
    local = datetime.fromtimestamp(at_s, ZoneInfo(person.time_zone))
    minute = 60 * local.hour + local.minute
    return begin <= minute < end if begin < end else minute >= begin or minute < end


def not_before(person: Person, severity: str, now_s: float, *, break_for_critical: bool = True) -> float:
    """Return when the person may be told at the earliest [s since 1970], never before ``now_s``.

    Args:
        person: whose clock and quiet hours count.
        now_s: when it would be sent [s since 1970].
        severity: of the message.
        break_for_critical: whether critical breaks quiet hours.
    """
    if (severity == "critical" and break_for_critical) or not is_quiet(person, now_s):
        return now_s
    assert person.quiet_to_min is not None
    return min(
        at for at in _ends(person.quiet_to_min, ZoneInfo(person.time_zone), now_s) if not is_quiet(person, at)
    )


def _ends(minute: int, zone: ZoneInfo, now_s: float) -> list[float]:
    """Return the next times at which the clock shows ``minute``, after ``now_s``; of a repeated hour both."""
    today = datetime.fromtimestamp(now_s, zone).date()
    clock = time(*divmod(minute % DAY_MIN, 60))
    both = (
        datetime.combine(today + timedelta(days=days), clock, zone)
        .replace(fold=fold)
        .astimezone(UTC)
        .timestamp()
        for days in range(3)
        for fold in (0, 1)
    )
    return [at for at in both if at > now_s]
