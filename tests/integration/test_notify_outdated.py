"""What is no news any more when it would go out is not sent: one behaviour for both outboxes, and the whole way."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from cityops.clock import ManualClock
from rules.core.desk.model import Acknowledge
from rules.core.notify.model import Contact, Notification, Person, Sent, Shift
from rules.core.notify.outdated import AlarmNow
from rules.notify.channels.memory import MemoryChannel
from rules.notify.memory_outbox import MemoryOutbox
from rules.notify.metrics import NotifyMetrics
from rules.notify.worker import ChannelWorker, Limits
from tests.integration.test_desk_tells import ADA, Night, night
from tests.integration.test_notify_outbox import Bench, T, bench, database, note

pytestmark = pytest.mark.storage
__all__ = ["bench", "database", "night"]

SET = (
    "update alarm set severity = %(severity)s, cleared_at = case when %(active)s then null else now() end,"
    " acknowledged_by = %(acknowledged_by)s, acknowledged_at = case when %(acknowledged_by)s::text is not null then now() end,"
    " shelved_until = case when %(shelved)s then now() end, closed_at = case when %(closed)s then now() end,"
    " flapping = %(flapping)s, assignee = %(assignee)s where alarm_id = %(alarm_id)s"
)
ADD = (
    "insert into alarm (rule_id, rule_version, subject_kind, subject, severity, raised_at, title, reason)"
    " select 'winter.ice', 1, 'route', 'r' || n, 'major', now(), 't', 'r' from generate_series(1, %s) n"
)


class Desk:
    """Alarms 1 to 9 beside a bench's outbox, and what a channel's worker gets."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.outbox = bench, bench.outbox
        self.codes: Counter[str] = Counter()

    async def begin(self) -> Desk:
        if self.bench.conn is not None:
            await self.bench.conn.execute(ADD, (9,))
        for number in range(1, 10):
            await self.stands(number, severity="major")
        return self

    async def stands(self, alarm_id: int, **now: Any) -> None:
        found = AlarmNow(**{"severity": "major", **now})
        if self.bench.conn is None:
            assert isinstance(self.outbox, MemoryOutbox)
            self.outbox.alarms[alarm_id] = found
            return
        fields = {name: getattr(found, name) for name in AlarmNow.__dataclass_fields__}
        await self.bench.conn.execute(SET, fields | {"alarm_id": alarm_id})

    async def taken(self, now_s: float = T, channel: str = "sms", limit: int = 50) -> list[tuple[str, bool]]:
        """Claim; return keys and whether they say that it is over."""
        return [(c.notification.key, c.over) for c in await self.claimed(now_s, channel, limit)]

    async def claimed(self, now_s: float = T, channel: str = "sms", limit: int = 50) -> list[Any]:
        await self.outbox.bundle(channel, now_s, self.note)
        return list(await self.outbox.claim(channel, "w", 30.0, limit, now_s, self.note))

    async def sent(
        self, verdict: Any = "sent", now_s: float = T, next_s: float | None = None, **more: Any
    ) -> list[str]:
        found = await self.claimed(now_s, **more)
        for one in found:
            await self.outbox.record(one, Sent(verdict=verdict), now_s, next_s)
        return [c.notification.title for c in found]

    def note(self, code: str) -> None:
        self.codes[code] += 1


def waits(key: str, alarm_id: int, kind: str = "raised", **more: Any) -> Notification:
    values = {
        "gather_from_s": T,
        "not_before_s": T + 300,
        "kind": kind,
        "alarm_id": alarm_id,
        "title": f"{kind} {alarm_id}",
    }
    return note(key, "warning", **values | more)


async def test_what_a_person_has_in_hand_or_is_over_is_not_asked_for(bench: Bench) -> None:
    desk = await Desk(bench).begin()
    await desk.stands(2, acknowledged_by="Ada")
    await desk.stands(3, shelved=True)
    await desk.stands(4, active=False)
    await desk.stands(5, active=False, closed=True)
    await desk.stands(6, severity="critical", active=False)
    await desk.stands(7, severity="critical", acknowledged_by="Ada")
    await desk.stands(8, flapping=False)
    await desk.stands(9, active=False, assignee="amira")
    await bench.outbox.put(
        [note(str(n), alarm_id=n) for n in range(1, 8)]
        + [note("calm", alarm_id=8, kind="flapping"), note("x:assigned:person:amira:amira:sms", alarm_id=9, kind="assigned"),
           note("test", kind="test"), note("hook", alarm_id=4, recipient="webhook:1")]
    )  # fmt: skip
    assert sorted(await desk.taken()) == [
        ("1", False), ("6", True), ("hook", False), ("test", False), ("x:assigned:person:amira:amira:sms", True),
    ]  # fmt: skip
    states = await bench.states()
    dropped = sorted(key for key, state in states.items() if state == "suppressed")
    assert dropped == ["2", "3", "4", "5", "7", "calm"]
    assert desk.codes == {"acknowledged": 2, "shelved": 1, "cleared": 1, "closed": 1, "calm": 1}
    assert (await bench.why())["2"] == "Ada has acknowledged its alarm"
    assert await desk.taken() == [], "suppressed stays suppressed"


async def test_over_hears_who_may_have_heard_of_it_over_whatever_channel(bench: Bench) -> None:
    desk = await Desk(bench).begin()
    raised = {"sent": 1, "unknown": 2, "refused": 3}
    for verdict, number in raised.items():
        await bench.outbox.put([note(f"r{number}", "warning", alarm_id=number)])
        await desk.sent(verdict)
    await bench.outbox.put([note("r4", alarm_id=4), note("r5", alarm_id=5, fallback=())])
    await desk.claimed()  # being sent, or its sender is dead
    assert await desk.sent(channel="mail") == ["t"], "the one that was refused went over to mail"
    for number in range(1, 7):
        await desk.stands(number, active=False)
    await bench.outbox.put([note(f"c{n}", "warning", alarm_id=n, kind="cleared") for n in range(1, 7)])
    assert [key for key, _ in await desk.taken()] == ["c1", "c2", "c3", "c4", "c5"]
    assert (await bench.states())["c6"] == "suppressed", "of that one nobody was told"
    await bench.outbox.put([note("m1", alarm_id=1), note("m7", alarm_id=7)])
    assert await bench.outbox.hand_over("sms", "paused", T) == 1, "an outage hands over only what is news"
    states = await bench.states()
    assert (states["m1"], states["m7"], states["m7>mail"]) == ("suppressed", "failed", "pending")
    # The dead sender's lease ends: not sent again, and whoever may have had it hears that it is over.
    assert [key for key, _ in await desk.taken(T + 31)] == ["c1", "c2", "c3", "c4", "c5"]
    assert [(await bench.states())[k] for k in ("r4", "r5")] == ["suppressed"] * 2
    assert [key for key, _ in await desk.taken(T + 62)] == ["c1", "c2", "c3", "c4", "c5"]


async def test_who_read_of_a_warning_or_may_have_read_still_learns_that_it_burnt(bench: Bench) -> None:
    desk = await Desk(bench).begin()
    warned = {"1": "sent", "2": "sent"}
    for key, verdict in warned.items():
        await bench.outbox.put([note(f"warned {key}", "warning", alarm_id=int(key))])
        await desk.sent(verdict)
    await bench.outbox.put([note("doubt 3", "critical", alarm_id=3)])
    await desk.sent("unknown", next_s=T + 5)
    await bench.outbox.put([note("told 4", "critical", alarm_id=4)])
    await desk.sent()
    for number in (1, 2, 3, 4):
        await desk.stands(number, severity="critical", active=False)
    await bench.outbox.put(
        [note("burns 1", "critical", alarm_id=1, kind="severity"), note("again 2", "warning", alarm_id=2),
         note("again 4", "critical", alarm_id=4, kind="repeated")]
    )  # fmt: skip
    assert sorted(await desk.taken(T + 10)) == [("burns 1", True), ("doubt 3", True)]
    states = await bench.states()
    assert [states[k] for k in ("again 2", "again 4")] == ["suppressed"] * 2


async def test_a_bundle_has_only_what_is_news_also_when_it_waits_itself(bench: Bench) -> None:
    desk = await Desk(bench).begin()
    await bench.outbox.put([waits(f"r{n}", n) for n in range(1, 6)] + [waits("c5", 5, "cleared")])
    await desk.stands(5, active=False)
    [title] = await desk.sent("retry", T + 300, T + 310)
    assert title.startswith("4 alarms: 4 warning."), "5 came and went: neither is said"
    assert [(await bench.states())[k] for k in ("r5", "c5")] == ["suppressed"] * 2
    await desk.stands(4, acknowledged_by="Ada")
    [title] = await desk.sent("refused", T + 310)
    assert title.startswith("3 alarms: 3 warning."), "said anew when it is tried again"
    await desk.stands(3, active=False)
    await bench.outbox.put([note("c3", alarm_id=3, kind="cleared"), note("c2", alarm_id=2, kind="cleared")])
    assert await desk.taken(T + 311) == [], "no attempt arrived: of none of them anybody knows"
    [title] = await desk.sent("sent", T + 311, channel="mail")
    assert title.startswith("2 alarms: 2 warning."), "and over the next channel"
    await bench.outbox.put([note("c1", alarm_id=1, kind="cleared")])
    assert [key for key, _ in await desk.taken(T + 312)] == ["c1"], "who read the bundle hears of its end"
    await desk.stands(4, active=False, acknowledged_by="Ada")
    await bench.outbox.put([note("c4", alarm_id=4, kind="cleared")])
    assert await desk.taken(T + 313) == [], "but not of what was taken out of it before"
    assert desk.codes == {"cleared": 2, "not_told": 4, "acknowledged": 1}


async def test_of_a_storm_that_is_over_nothing_goes_out_and_what_is_still_so_does(bench: Bench) -> None:
    desk = await Desk(bench).begin()
    await desk.stands(1, active=False)
    await bench.outbox.put([note(f"n{i}", "major", alarm_id=1) for i in range(230)])
    await bench.outbox.put([note(f"w{i}", "warning", alarm_id=2) for i in range(3)])
    assert [key for key, _ in await desk.taken(limit=2)] == ["w0", "w1"]
    assert Counter((await bench.states()).values()) == {"suppressed": 230, "sending": 2, "pending": 1}
    await bench.outbox.put([waits("a", 3), waits("b", 3)])
    await desk.stands(3, active=False)
    left = [key for key, _ in await desk.taken(T + 300)]
    assert left == ["w0", "w1", "w2"], "and of a bundle of nothing else there is none"


async def test_the_sender_says_that_a_fire_is_over_by_now_and_counts_what_it_does_not_say() -> None:
    outbox, metrics = MemoryOutbox(), NotifyMetrics()
    outbox.alarms = {
        1: AlarmNow(severity="critical", active=False),
        2: AlarmNow(acknowledged_by="Ada"),
    }
    await outbox.put(
        [note("fire", "critical", alarm_id=1, title="CRITICAL: Bin 12: fire"), note("ice", alarm_id=2)]
    )
    channel, clock = MemoryChannel("sms"), ManualClock(datetime.fromtimestamp(T, UTC))
    worker = ChannelWorker(channel, outbox, clock, "w", Limits(), metrics)
    await worker.turn()
    await worker.settle()
    assert [n.title for n in channel.sent] == ["CRITICAL: Bin 12: fire (over by now)"]
    counted = metrics.registry.get_sample_value(
        "cityops_notify_suppressed_total", {"channel": "sms", "reason": "acknowledged"}
    )
    assert counted == 1


BEN = Person(
    person="ben", label="Ben", roles=("duty_officer",), quiet_from_min=0, quiet_to_min=1439,
    contacts=(Contact(channel="mail", address="b@x.org"),),
)  # fmt: skip


async def test_who_slept_reads_nothing_of_what_is_over_and_who_was_told_hears_it(night: Night) -> None:
    """Ada is on call and takes it; Ben was to be told in his quiet hours, and is on call when it is over."""
    now_s = night.clock.now().timestamp()
    turn_s = now_s + 3600
    await night.people.put_people([ADA, BEN])
    await night.people.put_shifts(
        "rota",
        [Shift(role="winter", person="ada", from_s=now_s - 60, to_s=turn_s),
         Shift(role="winter", person="ben", from_s=turn_s, to_s=turn_s + 86_400)],
    )  # fmt: skip
    await night.after(0)
    await night.after(660)
    assert [(who, kind) for who, kind, _ in await night.taken("sms")] == [
        ("ada", "raised"),
        ("ada", "escalated"),
    ]
    await night.desk.command(1, Acknowledge(by="Ada"), night.town_s)
    await night.after(7200)
    async with night.pool.connection() as conn:
        await conn.execute("update alarm set cleared_at = now()")
        await conn.execute(
            "insert into alarm_log (alarm_id, at, actor, what, detail) values (1, now(), 'engine', 'cleared', '{}')"
        )
    await night.after(0)
    assert [(who, kind) for who, kind, _ in await night.taken("sms")] == [("ada", "cleared")]
    async with night.pool.connection() as conn:
        waits = await conn.execute("select extract(epoch from max(not_before))::float8 from notification")
        [(end_s,)] = await waits.fetchall()
    await night.after(end_s - night.clock.now().timestamp())
    assert await night.taken("mail") == []
    async with night.pool.connection() as conn:
        found = await conn.execute(
            "select kind, state, suppressed_why from notification where recipient = 'ben' order by notification_id"
        )
        assert await found.fetchall() == [
            ("escalated", "suppressed", "Ada has acknowledged its alarm"),
            ("cleared", "suppressed", "its recipient was not told that the alarm was up"),
        ]
