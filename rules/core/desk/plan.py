"""What follows of a line in an alarm's log, and of a timer that rings. Pure.

An escalation begins with everybody whose ``after_s`` is 0; then one timer at a time leads to
the next step, and after the last one repeats it. Whatever stops an escalation deletes its
timer; a timer that rings all the same finds the alarm taken in hand and does nothing.
While an alarm is held back (:mod:`rules.core.desk.holding`) its escalation does not begin,
and one that has begun stands still.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal

from rules.core.alarm_spec import Escalation, rank
from rules.core.desk import model as m
from rules.core.desk.commands import ALL, STANDING
from rules.core.desk.holding import LOOK_AGAIN_S
from rules.core.desk.standing import applied

Why = Literal["raised", "severity", "escalated", "repeated", "cleared", "assigned", "flapping", "unshelved"]


def follow(
    alarm: m.DeskAlarm, entry: m.Entry, now_s: float, escalation: Escalation, held_by: str | None = None
) -> m.Turn:
    """Return what follows of a line that nobody has followed up yet.

    Args:
        alarm: as it is now: this line and later ones have already changed it.
        entry: the line; its ``log_id`` makes the keys of notices.
        now_s: the town's time [s since 1970].
        escalation: of the alarm's rule.
        held_by: the rule whose alarm holds this one back; None where none does.
    """
    planned = _FOLLOW.get(entry.what)
    if planned is None:
        return m.Turn(alarm=alarm)
    return planned(_Draft(alarm, now_s, escalation, str(entry.log_id), held_by), entry)


def ring(
    alarm: m.DeskAlarm, timer: m.Timer, now_s: float, escalation: Escalation, held_by: str | None = None
) -> m.Turn:
    """Return what a timer that is due brings about; one that came too late does nothing.

    Raises:
        ValueError: no timer of the desk has that name.
    """
    if timer.name not in _RING:
        raise ValueError(
            f"alarm {timer.alarm_id}: timer {timer.name!r} is unknown; allowed: {', '.join(_RING)}"
        )
    draft = _Draft(alarm, now_s, escalation, f"{timer.name}@{timer.due_s:.3f}", held_by)
    return _RING[timer.name](draft, timer)


class _Draft:
    """A turn as it grows; every change of the alarm is one of the entries."""

    def __init__(
        self, alarm: m.DeskAlarm, now_s: float, escalation: Escalation, cause: str, held_by: str | None
    ) -> None:
        self.alarm, self.now_s, self.escalation, self._cause = alarm, now_s, escalation, cause
        self.held_by = held_by
        self._entries: list[m.Entry] = []
        self._timers: list[m.Timer] = []
        self._notices: list[m.Notice] = []
        self._dropped: tuple[str, ...] = ()

    @property
    def urgent(self) -> bool:
        """Whether somebody is to be told until one takes it in hand."""
        return self.alarm.waiting and rank(self.alarm.severity) >= rank(self.escalation.least_severity)

    @property
    def unseen(self) -> bool:
        """Whether it was critical and is over before anybody could be told: somebody is to go there all the same."""
        a = self.alarm
        taken = a.closed or a.acknowledged or a.shelved
        return a.severity == "critical" and not (a.active or a.told or taken or self.held_by is not None)

    @property
    def unseen_worse(self) -> bool:
        """Whether it became critical and is over before anybody heard of that: who heard of less knows too little."""
        a = self.alarm
        heard = (a.heard or {}).values()
        elsewhere = a.closed or a.shelved or self.held_by is not None
        return a.severity == "critical" and not (a.active or elsewhere or "critical" in heard)

    def log(self, what: str, **detail: Any) -> None:
        entry = m.Entry(alarm_id=self.alarm.alarm_id, at_s=self.now_s, actor="desk", what=what, detail=detail)
        self._entries.append(entry)
        self.alarm = applied(self.alarm, entry)

    def tell(self, to: str, why: Why, **detail: Any) -> None:
        key = f"{self.alarm.alarm_id}:{self._cause}:{why}:{to}"
        self.log("told", to=to, kind=why, key=key, **detail)
        self._notices.append(
            m.Notice(
                alarm_id=self.alarm.alarm_id,
                key=key,
                kind=why,
                to=to,
                severity=self.alarm.severity,
                at_s=self.now_s,
            )
        )

    def wake(self, name: str, due_s: float) -> None:
        self._timers.append(m.Timer(self.alarm.alarm_id, name, due_s))

    def drop(self, names: Iterable[str]) -> None:
        self._dropped = (*self._dropped, *names)

    def turn(self) -> m.Turn:
        return m.Turn(
            alarm=self.alarm,
            entries=tuple(self._entries),
            set_timers=tuple(self._timers),
            drop_timers=self._dropped,
            notices=tuple(self._notices),
        )


def _begin(draft: _Draft, why: Why, *, is_over: bool = False) -> m.Turn:
    """Tell those who are told at once, and set the timer for the next step; ``is_over``: tell, though nothing waits."""
    draft.drop(STANDING)
    if draft.urgent and draft.held_by is not None:
        draft.log("held_back", by=draft.held_by)
        draft.wake("held", draft.now_s + LOOK_AGAIN_S)
    elif draft.urgent or draft.unseen or is_over:
        first = [step for step in draft.escalation.steps if step.after_s == 0]
        for number, step in enumerate(first, start=1):
            draft.tell(step.to, why, step=number)
        if draft.urgent:
            _next(draft, len(first), draft.now_s)
    return draft.turn()


def _next(draft: _Draft, taken: int, begun_s: float) -> None:
    """Set the timer for what comes after ``taken`` steps of an escalation that began at ``begun_s``."""
    chain = draft.escalation
    if taken < len(chain.steps):
        draft.wake("escalate", begun_s + chain.steps[taken].after_s)
    elif taken - len(chain.steps) < chain.renotify_most:
        draft.wake("renotify", draft.now_s + chain.renotify_s)


def _raised(draft: _Draft, _: m.Entry) -> m.Turn:
    return _begin(draft, "raised")


def _severity(draft: _Draft, entry: m.Entry) -> m.Turn:
    """More severe than when somebody took it, or than it was: everybody is told again."""
    alarm = draft.alarm
    # As it is now: a later line may have taken it down again.
    worst = min(rank(entry.detail["severity"]), rank(alarm.severity))
    if alarm.closed or not (alarm.active or draft.unseen_worse) or worst <= rank(entry.detail["before"]):
        return draft.turn()
    known = alarm.acknowledged_severity
    if known is not None and rank(alarm.severity) <= rank(known):
        return draft.turn()
    if alarm.acknowledged:
        draft.log("taken_back", by=alarm.acknowledged_by, before=known, severity=alarm.severity)
    if alarm.shelved:
        draft.log("unshelved", reason="severity")
    draft.drop(("unshelve",))
    return _begin(draft, "severity", is_over=not alarm.active)


def _flapping(draft: _Draft, entry: m.Entry) -> m.Turn:
    if entry.detail["begins"] and draft.urgent and draft.held_by is None:
        for to in draft.alarm.told:
            draft.tell(to, "flapping")
    return draft.turn()


def _cleared(draft: _Draft, _: m.Entry) -> m.Turn:
    alarm = draft.alarm
    draft.drop(ALL)
    if alarm.closed:
        return draft.turn()
    if alarm.shelved:
        draft.log("unshelved", reason="cleared")
    for to in alarm.told:
        draft.tell(to, "cleared")
    if alarm.acknowledged or rank(alarm.severity) <= rank("warning"):
        draft.wake("close", draft.now_s + draft.escalation.auto_close_s)
    return draft.turn()


def _unacknowledged(draft: _Draft, _: m.Entry) -> m.Turn:
    return _begin(draft, "raised")


def _unshelved(draft: _Draft, _: m.Entry) -> m.Turn:
    return _begin(draft, "unshelved")


def _assigned(draft: _Draft, entry: m.Entry) -> m.Turn:
    to = entry.detail["to"]
    if to != entry.by and draft.alarm.assignee == to and not draft.alarm.closed:
        draft.tell(f"person:{to}", "assigned")
    return draft.turn()


_FOLLOW: dict[str, Callable[[_Draft, m.Entry], m.Turn]] = {
    "raised": _raised,
    "severity": _severity,
    "flapping": _flapping,
    "cleared": _cleared,
    "unacknowledged": _unacknowledged,
    "unshelved": _unshelved,
    "assigned": _assigned,
}


def _escalate(draft: _Draft, timer: m.Timer) -> m.Turn:
    """Take the newest step that is due; those that a standstill made late are only named."""
    steps, taken = draft.escalation.steps, draft.alarm.step
    if not draft.urgent or not 0 < taken < len(steps):
        return draft.turn()
    if draft.held_by is not None:
        draft.wake("escalate", draft.now_s + LOOK_AGAIN_S)
        return draft.turn()
    begun_s = timer.due_s - steps[taken].after_s
    reached = [n for n in range(taken, len(steps)) if begun_s + steps[n].after_s <= draft.now_s]
    newest = reached[-1] if reached else taken
    if newest > taken:
        draft.log("skipped", to=[step.to for step in steps[taken:newest]])
    draft.tell(steps[newest].to, "escalated", step=newest + 1, after_s=steps[newest].after_s)
    _next(draft, newest + 1, begun_s)
    return draft.turn()


def _renotify(draft: _Draft, _: m.Timer) -> m.Turn:
    chain, taken = draft.escalation, draft.alarm.step
    if draft.urgent and draft.held_by is not None:
        draft.wake("renotify", draft.now_s + LOOK_AGAIN_S)
    elif draft.urgent and 0 <= taken - len(chain.steps) < chain.renotify_most:
        draft.tell(chain.steps[-1].to, "repeated", step=taken + 1)
        _next(draft, taken + 1, draft.now_s)
    return draft.turn()


def _held(draft: _Draft, _: m.Timer) -> m.Turn:
    """Begin after all, where nothing holds it back any more."""
    if draft.urgent and draft.held_by is not None:
        draft.wake("held", draft.now_s + LOOK_AGAIN_S)
        return draft.turn()
    return _begin(draft, "raised")


def _unshelve(draft: _Draft, _: m.Timer) -> m.Turn:
    if not draft.alarm.shelved:
        return draft.turn()
    draft.log("unshelved", reason="time")
    return _begin(draft, "unshelved")


def _close(draft: _Draft, _: m.Timer) -> m.Turn:
    if not draft.alarm.active and not draft.alarm.closed:
        draft.log("closed", reason="time")
    return draft.turn()


_RING: dict[str, Callable[[_Draft, m.Timer], m.Turn]] = {
    "escalate": _escalate,
    "renotify": _renotify,
    "held": _held,
    "unshelve": _unshelve,
    "close": _close,
}
