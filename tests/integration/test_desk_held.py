"""While nothing is heard of the whole town nobody is told of silent devices: on both desks."""

from __future__ import annotations

import pytest

from rules.core.desk import model as m
from rules.core.desk.holding import LOOK_AGAIN_S
from rules.core.desk.standing import replayed
from tests.fakes.desk_alarms import alarm
from tests.integration.test_desk_store import Bench, bench, database

pytestmark = pytest.mark.storage
__all__ = ["bench", "database"]

TOWN = alarm(1, rule_id="platform.no_readings", subject_kind="town", subject="town", title="No readings")


def silent(number: int) -> m.DeskAlarm:
    return alarm(number, rule_id="device.silent", subject_kind="route", subject=f"r{number}", title="Silent")


async def test_what_is_still_so_when_the_silence_is_over_is_told_then(bench: Bench) -> None:
    await bench.raises(TOWN)
    await bench.until_done()
    await bench.raises(silent(2))
    await bench.raises(silent(3))
    await bench.until_done()
    assert await bench.outbox() == [("raised", "on_call:winter")], "of the town only"
    assert await bench.story(2) == [("engine", "raised"), ("desk", "held_back")]
    await bench.after(3 * LOOK_AGAIN_S)
    await bench.happens(3, "cleared", reason="It reports again.")
    await bench.until_done()
    await bench.happens(1, "cleared", reason="Readings are received again.")
    await bench.after(LOOK_AGAIN_S)
    told = [
        (e.alarm_id, e.detail["kind"])
        for n in (2, 3)
        for e in await bench.desk.timeline(n)
        if e.what == "told"
    ]
    assert told == [(2, "raised")], "of the other nobody ever hears"
    assert [(a, name) for a, name, _ in await bench.all_timers() if a != 1] == [(2, "escalate")]
    assert (await bench.story(2)).count(("desk", "held_back")) == 1, "waiting is no news"
    log = await bench.desk.timeline(2)
    assert replayed(silent(2), log) == await bench.ask(m.Comment(by="test", text="?"), 2)


async def test_an_escalation_under_way_stands_still_meanwhile_and_goes_on_afterwards(bench: Bench) -> None:
    await bench.raises(silent(1))
    await bench.until_done()
    await bench.raises(alarm(2, rule_id="platform.no_readings", subject_kind="town", subject="town"))
    await bench.until_done()
    await bench.after(700)
    await bench.after(1200)
    assert [e.detail["kind"] for e in await bench.desk.timeline(1) if e.what == "told"] == ["raised"]
    await bench.happens(2, "cleared", reason="Readings are received again.")
    await bench.after(LOOK_AGAIN_S)
    assert [e.detail["kind"] for e in await bench.desk.timeline(1) if e.what == "told"] == [
        "raised",
        "escalated",
    ]


async def test_other_alarms_are_told_all_the_same(bench: Bench) -> None:
    await bench.raises(TOWN)
    await bench.raises(alarm(2, rule_id="bins.fire", subject_kind="bin", subject="b1"))
    await bench.until_done()
    assert [kind for kind, _ in await bench.outbox()] == ["raised", "raised"]


async def test_a_silence_that_somebody_closed_as_false_holds_nothing_back(bench: Bench) -> None:
    await bench.raises(TOWN)
    await bench.until_done()
    await bench.ask(m.Close(by="Ada", reason="a test of the broker", verdict="false_alarm"), 1)
    await bench.raises(silent(2))
    await bench.until_done()
    assert "told" in [what for _, what in await bench.story(2)]


async def test_who_takes_a_held_alarm_in_hand_ends_its_waiting(bench: Bench) -> None:
    await bench.raises(TOWN)
    await bench.raises(silent(2))
    await bench.until_done()
    assert [(a, name) for a, name, _ in await bench.all_timers() if a == 2] == [(2, "held")]
    await bench.ask(m.Acknowledge(by="Ada"), 2)
    assert [a for a, _, _ in await bench.all_timers() if a == 2] == []


async def test_a_batch_between_the_clock_and_the_log_begins_no_escalation_in_the_past(bench: Bench) -> None:
    """Time goes by batches in a replay: read just before one, it is minutes behind what the batch raises."""
    service, before_s = bench.service(), bench.now_s
    bench.now_s += 540.0
    await bench.raises(alarm(1, raised_s=bench.now_s))
    bench.now_s += 60.0
    times = [before_s]

    async def town_now() -> float:
        return times.pop() if times else bench.now_s

    service._town_now = town_now
    assert await service.turn()
    assert await bench.timers() == {"escalate": before_s + 600.0 + 600.0}
    await bench.until_done()
    assert [e.detail["kind"] for e in await bench.desk.timeline(1) if e.what == "told"] == ["raised"]
