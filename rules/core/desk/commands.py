"""What people ask of an alarm: whether it is allowed now, and the line of the log that it makes. Pure.

Nobody is told here: the desk follows the line up as it follows the engine's (``plan.follow``).
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import singledispatch
from typing import Any

from rules.core.alarm_spec import Escalation
from rules.core.desk import model as m
from rules.core.desk.standing import applied

STANDING = ("escalate", "renotify", "held")
"""Timers that run until somebody has the alarm in hand."""
ALL = (*STANDING, "unshelve", "close")


class DeskRefusedError(ValueError):
    """A command is not allowed now; the text is for whoever asked."""


def obey(alarm: m.DeskAlarm, command: m.Command, now_s: float, escalation: Escalation) -> m.Turn:
    """Return what a command makes of an alarm.

    Args:
        alarm: as it is.
        command: what is asked, and by whom.
        now_s: the town's time [s since 1970].
        escalation: of the alarm's rule.

    Raises:
        DeskRefusedError: it is not allowed now, in words for whoever asked.
    """
    if not command.by.strip():
        raise DeskRefusedError("who asks for it is missing: give a name")
    return _obey(command, alarm, now_s, escalation)


@singledispatch
def _obey(command: Any, alarm: m.DeskAlarm, now_s: float, escalation: Escalation) -> m.Turn:
    raise TypeError(f"{type(command).__name__} is no command of the alarm desk")


@_obey.register
def _acknowledge(command: m.Acknowledge, alarm: m.DeskAlarm, now_s: float, escalation: Escalation) -> m.Turn:
    if alarm.acknowledged:
        raise DeskRefusedError(f"{alarm.acknowledged_by} has already acknowledged alarm {alarm.alarm_id}.")
    _still_open(alarm)
    turn = _turn(alarm, command, "acknowledged", now_s, {"note": command.note}, STANDING)
    closing = () if alarm.active else (m.Timer(alarm.alarm_id, "close", now_s + escalation.auto_close_s),)
    return m.Turn(alarm=turn.alarm, entries=turn.entries, drop_timers=turn.drop_timers, set_timers=closing)


@_obey.register
def _unacknowledge(command: m.Unacknowledge, alarm: m.DeskAlarm, now_s: float, _: Escalation) -> m.Turn:
    if not alarm.acknowledged:
        raise DeskRefusedError(f"Nobody has acknowledged alarm {alarm.alarm_id}.")
    _still_open(alarm)
    if not alarm.active:
        raise DeskRefusedError(f"Alarm {alarm.alarm_id} has cleared: nobody needs to take it in hand again.")
    return _turn(alarm, command, "unacknowledged", now_s, {"note": command.note})


@_obey.register
def _assign(command: m.Assign, alarm: m.DeskAlarm, now_s: float, _: Escalation) -> m.Turn:
    _still_open(alarm)
    to = command.to.strip()
    if not to:
        raise DeskRefusedError("whom to assign it to is missing: give a name")
    return _turn(alarm, command, "assigned", now_s, {"to": to})


@_obey.register
def _comment(command: m.Comment, alarm: m.DeskAlarm, now_s: float, _: Escalation) -> m.Turn:
    text = command.text.strip()
    if not text:
        raise DeskRefusedError("the comment is empty")
    return _turn(alarm, command, "commented", now_s, {"text": text})


@_obey.register
def _shelve(command: m.Shelve, alarm: m.DeskAlarm, now_s: float, escalation: Escalation) -> m.Turn:
    _still_open(alarm)
    if not alarm.active:
        raise DeskRefusedError(f"Alarm {alarm.alarm_id} has cleared: there is nothing to shelve.")
    if alarm.shelved_until_s is not None:
        raise DeskRefusedError(
            f"Alarm {alarm.alarm_id} is shelved until {utc(alarm.shelved_until_s)} already: unshelve it first."
        )
    if not command.reason.strip():
        raise DeskRefusedError("why it is shelved is missing: give a reason")
    most_s = now_s + escalation.shelve_most_s
    if not now_s < command.until_s <= most_s:
        raise DeskRefusedError(
            f"Shelving until {utc(command.until_s)} is not allowed: it must lie after {utc(now_s)} and not "
            f"after {utc(most_s)}."
        )
    detail = {"until_s": command.until_s, "reason": command.reason.strip()}
    turn = _turn(alarm, command, "shelved", now_s, detail, STANDING)
    timer = m.Timer(alarm.alarm_id, "unshelve", command.until_s)
    return m.Turn(alarm=turn.alarm, entries=turn.entries, drop_timers=turn.drop_timers, set_timers=(timer,))


@_obey.register
def _unshelve(command: m.Unshelve, alarm: m.DeskAlarm, now_s: float, _: Escalation) -> m.Turn:
    if not alarm.shelved:
        raise DeskRefusedError(f"Alarm {alarm.alarm_id} is not shelved.")
    return _turn(alarm, command, "unshelved", now_s, {}, ("unshelve",))


@_obey.register
def _close(command: m.Close, alarm: m.DeskAlarm, now_s: float, _: Escalation) -> m.Turn:
    _still_open(alarm)
    if not command.reason.strip():
        raise DeskRefusedError("why it is closed is missing: give a reason")
    if alarm.active and command.verdict == "true":
        raise DeskRefusedError(
            f"Alarm {alarm.alarm_id} is still active: it can be closed when it has cleared, or now as a "
            "false alarm or a test. To be left in peace until then, shelve it."
        )
    detail = {"reason": command.reason.strip(), "verdict": command.verdict}
    return _turn(alarm, command, "closed", now_s, detail, ALL)


def _still_open(alarm: m.DeskAlarm) -> None:
    if alarm.closed:
        by = alarm.closed_by or "the desk"
        raise DeskRefusedError(f"Alarm {alarm.alarm_id} is closed (by {by}); only comments can be added.")


def _turn(
    alarm: m.DeskAlarm,
    command: m.Command,
    what: str,
    now_s: float,
    detail: dict[str, Any],
    drop_timers: tuple[str, ...] = (),
) -> m.Turn:
    entry = m.Entry(
        alarm_id=alarm.alarm_id,
        at_s=now_s,
        actor="person",
        what=what,
        by=command.by.strip(),
        via=command.via,
        detail={key: value for key, value in detail.items() if value != ""},
        request_id=command.request_id,
    )
    return m.Turn(alarm=applied(alarm, entry), entries=(entry,), drop_timers=drop_timers)


def utc(at_s: float) -> str:
    """Return a time for a person: ``2026-01-09 21:40 UTC``."""
    return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%d %H:%M} UTC"
