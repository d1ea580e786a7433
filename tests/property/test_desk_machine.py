"""The life of an alarm under any order of conditions, people, timers and clock jumps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from rules.core.alarm_spec import SEVERITIES, rank
from rules.core.desk import model as m
from rules.core.desk.commands import DeskRefusedError, obey
from rules.core.desk.plan import follow, ring
from rules.core.desk.standing import applied, replayed
from rules.core.desk.timers import net_timers
from tests.fakes.desk_alarms import CHAIN, NOW_S, alarm

FIRST = alarm(severity="warning")
STEPS = {step.to for step in CHAIN.steps}
OVER = {"raised", "severity", "unshelved"}
"""As what somebody is told of an alarm that was critical and is over before anybody heard of that."""
URGING = {"raised", "severity", "escalated", "repeated", "unshelved", "flapping"}
PEOPLE = st.sampled_from(["ada", "bob", "cy"])
COMMANDS: st.SearchStrategy[m.Command] = st.one_of(
    st.builds(m.Acknowledge, by=PEOPLE, note=st.sampled_from(["", "on my way"])),
    st.builds(m.Unacknowledge, by=PEOPLE),
    st.builds(m.Assign, by=PEOPLE, to=PEOPLE),
    st.builds(m.Comment, by=PEOPLE, text=st.just("seen")),
    st.builds(m.Unshelve, by=PEOPLE),
    st.builds(m.Close, by=PEOPLE, reason=st.just("done"), verdict=st.sampled_from(["true", "false_alarm", "test"])),
)  # fmt: skip


def in_hand(a: m.DeskAlarm) -> bool:
    """Whether somebody has it, or has put it away. One that is over and that nobody took is in nobody's hand."""
    return a.acknowledged or a.shelved or a.closed


class Life(RuleBasedStateMachine):
    """One alarm: the engine and people write its log, the desk follows it at moments of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = NOW_S
        self.alarm = FIRST
        self.log: list[m.Entry] = []
        self.pending: list[m.Entry] = []
        self.timers: dict[tuple[int, str], m.Timer] = {}
        self.keys: list[str] = []
        self.told_while_in_hand: list[m.Notice] = []
        self.told_when_over: list[m.Notice] = []
        self.refusals: list[str] = []

    @initialize()
    def raised(self) -> None:
        self._happens("raised", severity=FIRST.severity, reason="Cold.")

    def _write(self, entries: Sequence[m.Entry]) -> None:
        for entry in entries:
            numbered = replace(entry, log_id=len(self.log) + 1)
            self.log.append(numbered)
            if entry.actor != "desk":
                self.pending.append(numbered)

    def _happens(self, what: str, **detail: Any) -> None:
        entry = m.Entry(alarm_id=1, at_s=self.now_s, actor="engine", what=what, detail=detail)
        self.alarm = applied(self.alarm, entry)
        self._write([entry])

    def _take(self, turn: m.Turn, fired: Sequence[m.Timer] = ()) -> None:
        is_in_hand = in_hand(self.alarm) and in_hand(turn.alarm)
        dropped, kept = net_timers([turn], fired)
        for key in dropped:
            self.timers.pop(key, None)
        self.timers.update(kept)
        self.alarm = turn.alarm
        self._write(turn.entries)
        self.keys += [n.key for n in turn.notices]
        urging = [n for n in turn.notices if n.kind in URGING]
        if is_in_hand:
            self.told_while_in_hand += urging
        if not turn.alarm.active:
            self.told_when_over += urging

    @precondition(lambda self: self.alarm.active)
    @rule(severity=st.sampled_from(SEVERITIES))
    def changes_severity(self, severity: str) -> None:
        if severity != self.alarm.severity:
            self._happens("severity", severity=severity, before=self.alarm.severity, reason="")

    @precondition(lambda self: self.alarm.active and len(self.log) > 8)
    @rule()
    def clears(self) -> None:
        self._happens("cleared", reason="Warm.")

    @precondition(lambda self: self.alarm.active)
    @rule()
    def flaps(self) -> None:
        self._happens("flapping", begins=not self.alarm.flapping, changes=4)

    @precondition(lambda self: self.alarm.waiting)
    @rule(by=PEOPLE)
    def somebody_takes_it(self, by: str) -> None:
        self.somebody_asks(m.Acknowledge(by=by))

    @precondition(lambda self: self.alarm.acknowledged and self.alarm.active)
    @rule(severity=st.sampled_from(("major", "critical")))
    def it_becomes_worse_in_hand(self, severity: str) -> None:
        self.changes_severity(severity)
        self.the_desk_follows()

    @rule(command=COMMANDS)
    def somebody_asks(self, command: m.Command) -> None:
        try:
            self._take(obey(self.alarm, command, self.now_s, CHAIN))
        except DeskRefusedError as error:
            self.refusals.append(str(error))

    @rule(by=PEOPLE, for_s=st.sampled_from([-1.0, 60.0, 3600.0, 43_200.0, 43_201.0]))
    def somebody_shelves(self, by: str, for_s: float) -> None:
        self.somebody_asks(m.Shelve(by=by, until_s=self.now_s + for_s, reason="salted"))
        if self.alarm.shelved_until_s is not None:
            assert self.alarm.shelved_until_s <= self.now_s + CHAIN.shelve_most_s

    @invariant()
    def refusals_are_in_words(self) -> None:
        assert all(len(text) > 15 for text in self.refusals)

    @rule()
    def the_desk_follows(self) -> None:
        while self.pending:
            entry = self.pending.pop(0)
            again = follow(self.alarm, entry, self.now_s, CHAIN)
            turn = follow(self.alarm, entry, self.now_s, CHAIN)
            assert again == turn
            self._take(turn)

    @rule()
    def timers_ring(self) -> None:
        for timer in sorted(
            (t for t in self.timers.values() if t.due_s <= self.now_s), key=lambda t: t.due_s
        ):
            self._take(ring(self.alarm, timer, self.now_s, CHAIN), [timer])

    @rule(by_s=st.sampled_from([1.0, 300.0, 600.0, 1200.0, 7200.0, 1_000_000.0]))
    def time_goes_by(self, by_s: float) -> None:
        self.now_s += by_s

    @invariant()
    def the_log_gives_the_alarm_again(self) -> None:
        assert replayed(FIRST, self.log) == self.alarm

    @invariant()
    def nobody_is_urged_while_somebody_has_it_in_hand(self) -> None:
        assert self.told_while_in_hand == []

    @invariant()
    def of_what_is_over_nobody_is_urged_but_where_it_was_critical_unheard(self) -> None:
        assert all(n.severity == "critical" and n.kind in OVER for n in self.told_when_over)

    @invariant()
    def nobody_is_told_the_same_twice(self) -> None:
        assert len(self.keys) == len(set(self.keys))

    @invariant()
    def timers_run_only_for_what_they_are_for(self) -> None:
        names = {name for _, name in self.timers}
        now = self.alarm
        assert not {"escalate", "renotify"} <= names
        # What the engine wrote a moment ago the desk has not seen yet.
        if self.pending:
            return
        if names & {"escalate", "renotify"}:
            assert now.waiting
        assert ("unshelve" in names) == now.shelved
        if "close" in names:
            assert not now.active
            assert not now.closed

    @invariant()
    def what_somebody_has_in_hand_is_no_worse_than_it_was_then(self) -> None:
        now = self.alarm
        if self.pending or not now.active or now.closed or now.acknowledged_severity is None:
            return
        assert rank(now.severity) <= rank(now.acknowledged_severity)

    @invariant()
    def an_alarm_that_waits_is_escalated_to_the_end(self) -> None:
        """Urgent, followed, and nobody has it: a timer runs, or everybody was told to the last repetition."""
        if (
            self.pending
            or not self.alarm.waiting
            or not self.log
            or rank(self.alarm.severity) < rank("warning")
        ):
            return
        running = {name for _, name in self.timers} & {"escalate", "renotify"}
        ended = self.alarm.step == len(CHAIN.steps) + CHAIN.renotify_most
        fell_below = any(e.what == "severity" and e.detail["severity"] == "info" for e in self.log)
        assert running or ended or fell_below


@pytest.mark.parametrize("is_taken", [True, False])
def test_what_became_critical_and_cleared_before_the_desk_looked_is_told(is_taken: bool) -> None:
    """Who took a warning, or heard of one, does not know of what it became: it is taken back and told, once."""
    life = Life()
    life.raised()
    life.the_desk_follows()
    for _ in range(9):
        life.somebody_asks(m.Comment(by="ada", text="seen"))
    if is_taken:
        life.somebody_asks(m.Acknowledge(by="ada"))
    life.the_desk_follows()
    life.changes_severity("critical")
    life.clears()
    life.the_desk_follows()
    assert [(n.kind, n.severity) for n in life.told_when_over] == [("severity", "critical")]
    assert [e.what for e in life.log].count("taken_back") == int(is_taken)
    life.nobody_is_urged_while_somebody_has_it_in_hand()
    life.the_log_gives_the_alarm_again()
    life.timers_run_only_for_what_they_are_for()


Life.TestCase.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)
TestLife = pytest.mark.timeout(400)(Life.TestCase)
