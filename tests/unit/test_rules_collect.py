"""A replay's alarms are as the tables have them: severities, members and flapping in their last state."""

from __future__ import annotations

from rules.core.effects import (
    AlarmEffect,
    ChangeSeverity,
    ClearAlarm,
    Flapping,
    Member,
    MemberJoined,
    MemberLeft,
    RaiseAlarm,
)
from rules.core.replayed import AlarmSpan
from rules.replay.collect import Collector

KEY = ("winter.ice", "route", "r1")


def member(name: str) -> Member:
    return Member("segment", name, "warning", 100.0, f"{name} is icy", {})


def collected(*effects: AlarmEffect) -> AlarmSpan:
    began = RaiseAlarm(
        "winter.ice", 2, "route", "r1", "warning", 100.0, "Ice on b", "b is icy", {}, True, (member("b"),)
    )
    collector = Collector({})
    collector.take([began])
    collector.take(effects)
    [alarm] = collector.result(0.0, 1000.0, 0).alarms
    return alarm


def test_members_come_and_go_and_the_alarm_is_called_as_it_was_last() -> None:
    alarm = collected(
        MemberJoined(*KEY, member("a"), "Ice on 2 stretches", "2 icy"),
        MemberJoined(*KEY, member("a")),
        MemberLeft(*KEY, "segment", "b", 200.0, "dry", "Ice on a", "a is icy"),
    )
    assert (alarm.members, alarm.title, alarm.reason) == (("a", "b"), "Ice on a", "a is icy")
    assert alarm.cleared_s is None


def test_the_last_severity_and_whether_it_flaps() -> None:
    up = collected(
        ChangeSeverity(*KEY, "major", "warning", 150.0, "colder", {}), Flapping(*KEY, 160.0, True, 3)
    )
    assert (up.severity, up.reason, up.flapping) == ("major", "colder", True)
    over = collected(
        Flapping(*KEY, 160.0, True, 3), Flapping(*KEY, 300.0, False, 3), ClearAlarm(*KEY, 300.0, "dry")
    )
    assert (over.flapping, over.cleared_s) == (False, 300.0)


def test_what_happens_to_an_alarm_that_is_not_known_is_passed_over() -> None:
    collector = Collector({})
    collector.take([MemberLeft(*KEY, "segment", "b", 200.0, "dry"), ClearAlarm(*KEY, 300.0, "dry")])
    assert collector.result(0.0, 1000.0, 0).alarms == ()
