"""What one line of its log makes of an alarm. Pure.

Every change of an alarm is a line of its log, so that the log, played from the beginning,
gives the alarm again: :func:`replayed` is that, and tests hold the desk to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec.structs import replace

from rules.core.desk.model import DeskAlarm, Entry


def applied(alarm: DeskAlarm, entry: Entry) -> DeskAlarm:
    """Return the alarm after a line of its log; lines that change nothing leave it as it is."""
    change = _CHANGES.get(entry.what)
    return alarm if change is None else change(alarm, entry)


def replayed(alarm: DeskAlarm, entries: Iterable[Entry]) -> DeskAlarm:
    """Return the alarm after its log, from the alarm as it was raised."""
    for entry in entries:
        alarm = applied(alarm, entry)
    return alarm


def _severity(alarm: DeskAlarm, entry: Entry) -> DeskAlarm:
    return replace(alarm, severity=entry.detail["severity"])


def _flapping(alarm: DeskAlarm, entry: Entry) -> DeskAlarm:
    return replace(alarm, flapping=bool(entry.detail["begins"]))


def _cleared(alarm: DeskAlarm, entry: Entry) -> DeskAlarm:
    return replace(alarm, cleared_s=entry.at_s)


def _acknowledged(alarm: DeskAlarm, entry: Entry) -> DeskAlarm:
    return replace(
        alarm, acknowledged_s=entry.at_s, acknowledged_by=entry.by, acknowledged_severity=alarm.severity
    )


def _unacknowledged(alarm: DeskAlarm, _: Entry) -> DeskAlarm:
    return replace(alarm, acknowledged_s=None, acknowledged_by=None, acknowledged_severity=None)


def _assigned(alarm: DeskAlarm, entry: Entry) -> DeskAlarm:
    return replace(alarm, assignee=entry.detail["to"])


def _shelved(alarm: DeskAlarm, entry: Entry) -> DeskAlarm:
    return replace(alarm, shelved_until_s=float(entry.detail["until_s"]))


def _unshelved(alarm: DeskAlarm, _: Entry) -> DeskAlarm:
    return replace(alarm, shelved_until_s=None)


def _closed(alarm: DeskAlarm, entry: Entry) -> DeskAlarm:
    return replace(
        alarm,
        closed_s=entry.at_s,
        closed_by=entry.by or None,
        verdict=entry.detail.get("verdict"),
        shelved_until_s=None,
    )


def _told(alarm: DeskAlarm, entry: Entry) -> DeskAlarm:
    to = entry.detail["to"]
    told = alarm.told if to in alarm.told else (*alarm.told, to)
    return replace(alarm, told=told, step=entry.detail.get("step", alarm.step))


_CHANGES: dict[str, Callable[[DeskAlarm, Entry], DeskAlarm]] = {
    "severity": _severity,
    "flapping": _flapping,
    "cleared": _cleared,
    "acknowledged": _acknowledged,
    "unacknowledged": _unacknowledged,
    "taken_back": _unacknowledged,
    "assigned": _assigned,
    "shelved": _shelved,
    "unshelved": _unshelved,
    "closed": _closed,
    "told": _told,
}
