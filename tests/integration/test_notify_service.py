"""The sender: crashes between sending and recording, channels that hang or fail, others that don't wait."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from psycopg_pool import AsyncConnectionPool
from pydantic import SecretStr

from cityops.clock import ManualClock, SystemClock
from cityops.errors import TransientError
from rules.core.notify.model import Notification, Sent
from rules.core.notify.signing import key_of, verify
from rules.notify.channels.apprise_channel import AppriseChannel
from rules.notify.channels.govuk_notify import GovukNotifyChannel
from rules.notify.channels.memory import MemoryChannel
from rules.notify.channels.webhook import WebhookChannel
from rules.notify.memory_outbox import MemoryOutbox
from rules.notify.metrics import NotifyMetrics
from rules.notify.outbox import PostgresOutbox
from rules.notify.ports import Channel, Claimed
from rules.notify.service import NotifyService
from rules.notify.worker import REPEAT, ChannelWorker, Limits
from tests.fakes.notify_server import Asked, serving
from tests.integration.test_notify_channels import KEY, SECRET

NOW = datetime(2026, 12, 1, 4, tzinfo=UTC)
T = NOW.timestamp()
DEADLINE_S = 60
UNLOCKED = "select key from notification where state = 'sending' and channel = 'hung' for update skip locked"


def note(key: str, channel: str, severity: str = "major", **more: Any) -> Notification:
    values: dict[str, Any] = {
        "key": key, "recipient": "amira", "channel": channel, "address": "", "kind": "raised", "severity": severity,
        "title": "t", "body": "b", "not_before_s": T, "expires_s": T + 7200,
    }  # fmt: skip
    return Notification(**values | more)


class Forgetful(MemoryOutbox):
    """The process dies between sending and recording, the first time."""

    died = False

    async def record(self, claimed: Claimed, sent: Sent, now_s: float, next_s: float | None) -> None:
        if not self.died:
            self.died = True
            raise TransientError("killed")
        await super().record(claimed, sent, now_s, next_s)


def worker(channel: Channel, outbox: MemoryOutbox, clock: ManualClock, **limits: Any) -> ChannelWorker:
    return ChannelWorker(channel, outbox, clock, "w", Limits(**limits), NotifyMetrics())


async def crashed_then_restarted(channel: Channel, n: Notification, address: str = "") -> Forgetful:
    """Send, die, start again after the lease."""
    outbox, clock = Forgetful({(n.recipient, n.channel): address}), ManualClock(NOW)
    await outbox.put([n])
    first = worker(channel, outbox, clock, record_again_s=())
    await first.turn()
    with pytest.raises(TransientError):
        await first.settle()
    assert outbox.rows[0].state == "sending"
    clock.advance(Limits().lease_s)
    second = worker(channel, outbox, clock)
    await second.turn()
    await second.settle()
    return outbox


@pytest.mark.parametrize(
    ("severity", "times", "state"), [("critical", 2, "sent"), ("major", 2, "sent"), ("warning", 1, "unknown")]
)
async def test_after_a_crash_apprise_repeats_what_is_severe_and_says_so(
    severity: str, times: int, state: str
) -> None:
    with serving() as server:
        channel = AppriseChannel("chat", SecretStr(f"json://127.0.0.1:{server.port}/"))
        outbox = await crashed_then_restarted(channel, note("a", "chat", severity))
    assert outbox.rows[0].state == state
    assert len(server.asked) == times
    assert [REPEAT.encode() in a.body for a in server.asked] == [False, True][:times]


@pytest.mark.parametrize(("had_it", "sends", "state"), [(True, 1, "delivered"), (False, 2, "sent")])
async def test_after_a_crash_govuk_notify_is_asked(had_it: bool, sends: int, state: str) -> None:
    held: list[dict[str, str]] = []

    def answer(asked: Asked) -> tuple[int, Any]:
        if asked.method == "POST" and had_it:
            held.append({"status": "delivered", "created_at": "2026-12-01T04:00:00Z"})
        return 200, {"notifications": held} if asked.method == "GET" else {}

    with serving() as server:
        server.answer = answer  # type: ignore[method-assign]
        url = f"http://127.0.0.1:{server.port}"
        channel = GovukNotifyChannel("govuk_sms", "sms", SecretStr(KEY), "t", url)
        outbox = await crashed_then_restarted(channel, note("a", "govuk_sms"), "+447700900123")
    assert outbox.rows[0].state == state
    assert [a.method for a in server.asked].count("POST") == sends


async def test_after_a_crash_a_webhook_is_repeated_with_the_same_id() -> None:
    with serving() as server:
        channel = WebhookChannel({"crm": SecretStr(SECRET)}, "urn:x", SystemClock(), frozenset({"127.0.0.1"}))
        address = f"http://127.0.0.1:{server.port}/#secret=crm"
        outbox = await crashed_then_restarted(channel, note("a", "webhook", "info"), address)
    assert outbox.rows[0].state == "delivered"
    first, second = server.asked
    assert first.body == second.body
    now_s = SystemClock().now().timestamp()
    assert verify([key_of(SECRET)], first.headers, first.body, now_s) == "a"
    assert verify([key_of(SECRET)], second.headers, second.body, now_s) == "a"


async def test_after_a_crash_a_receiver_that_knows_repeats_has_it_once() -> None:
    channel = MemoryChannel(knows_repeats=True)
    outbox = await crashed_then_restarted(channel, note("a", "memory", "info"))
    assert outbox.rows[0].state == "sent"
    assert [n.title for n in channel.sent] == ["t"]


async def test_a_database_that_is_away_for_a_moment_makes_nothing_come_twice() -> None:
    channel, outbox = MemoryChannel(), Forgetful()
    await outbox.put([note("a", "memory")])
    w = worker(channel, outbox, ManualClock(NOW), record_again_s=(0.01,))
    await w.turn()
    await w.settle()
    assert outbox.died
    assert (outbox.rows[0].state, len(channel.sent)) == ("sent", 1)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not true():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def running(outbox: Any, *channels: Channel, **limits: Any) -> AsyncIterator[NotifyService]:
    used = Limits(**{"timeout_s": 0.1, "per_minute": 60_000.0, **limits})
    service = NotifyService(outbox, channels, SystemClock(), "w", limits=used, poll_s=0.05)
    stop = asyncio.Event()
    task = asyncio.create_task(service.run(stop))
    try:
        yield service
    finally:
        stop.set()
        async with asyncio.timeout(DEADLINE_S):
            await task


def now_note(key: str, channel: str, **more: Any) -> Notification:
    now_s = SystemClock().now().timestamp()
    return note(key, channel, **{"not_before_s": now_s, "expires_s": now_s + 7200, **more})


async def test_a_hanging_channel_delays_no_other_and_is_named(db_dsn: str) -> None:
    """Both threads of one channel sleep for good; the other sends as if nothing were wrong."""
    gate = threading.Event()

    def hang(_: Notification) -> Sent:
        gate.wait(DEADLINE_S * 2)
        return Sent(verdict="sent")

    hung, good = MemoryChannel("hung", hang), MemoryChannel("good")
    async with AsyncConnectionPool(db_dsn, min_size=1, max_size=4, open=False) as pool:
        outbox = PostgresOutbox(pool)
        await outbox.put([now_note(f"h{i}", "hung", severity="info") for i in range(4)])
        try:
            async with running(outbox, hung, good, timeout_s=8.0) as service:
                await until(lambda: service.workers["hung"].threads.busy == 2)
                async with pool.connection() as conn:
                    held = await (await conn.execute(UNLOCKED)).fetchall()
                assert len(held) == 2, "claimed, committed and not locked while it is being sent"
                await outbox.put([now_note(f"g{i}", "good", severity="info") for i in range(50)])
                service.wake()
                await until(lambda: len(good.sent) > 0)
                assert service.workers["hung"].threads.hung < 2, "sent while nothing was given up yet"
                await until(lambda: len(good.sent) == 50)
                assert hung.sent == []
                await until(lambda: service.workers["hung"].threads.stuck)
                await until(lambda: service.ready()["outbox"])
                assert service.ready() == {"outbox": True, "channel hung": False, "channel good": True}
                await outbox.put([now_note("last", "good")])
                await until(lambda: len(good.sent) == 51)
                assert _count(service, "cityops_notify_given_up_total", channel="hung") == 2
                gate.set()
                await until(lambda: service.workers["hung"].threads.busy == 0)
                assert service.workers["hung"].threads.hung == 0
        finally:
            gate.set()


async def test_what_is_urgent_leaves_a_stuck_channel() -> None:
    gate = threading.Event()

    def hang(_: Notification) -> Sent:
        gate.wait(DEADLINE_S * 2)
        return Sent(verdict="sent")

    hung, good = MemoryChannel("hung", hang), MemoryChannel("good")
    outbox = MemoryOutbox()
    await outbox.put([now_note(f"h{i}", "hung", severity="info") for i in range(2)])
    try:
        async with running(outbox, hung, good) as service:
            await until(lambda: service.workers["hung"].threads.stuck)
            await outbox.put([now_note("c", "hung", severity="critical", fallback=("good",))])
            await until(lambda: [n.key for n in good.sent] == ["c>good"])
    finally:
        gate.set()


def _count(service: NotifyService, name: str, **labels: str) -> float:
    value = service.metrics.registry.get_sample_value(name, labels)
    return 0.0 if value is None else value


async def test_a_failing_channel_is_tried_again_paused_and_left() -> None:
    outbox, clock = MemoryOutbox(), ManualClock(NOW)
    channel = MemoryChannel("bad", lambda _: Sent(verdict="retry", error="busy"))
    await outbox.put([note(f"n{i}", "bad", "warning") for i in range(9)])
    w = worker(channel, outbox, clock, per_minute=6000.0)
    for _ in range(20):
        await w.turn()
        await w.settle()
    assert not w.healthy
    attempts = sum(r.attempts for r in outbox.rows)
    assert 5 <= attempts <= 6  # two at a time
    clock.advance(31)
    assert w.healthy
    channel.answer = None
    for _ in range(20):
        await w.turn()
        await w.settle()
        clock.advance(60)
    assert {r.state for r in outbox.rows} == {"sent"}


async def test_a_webhook_that_fails_does_not_pause_those_of_others() -> None:
    def answer(n: Notification) -> Sent:
        return Sent(verdict="retry" if n.recipient == "webhook:1" else "delivered")

    outbox, clock = MemoryOutbox(), ManualClock(NOW)
    hooks = worker(MemoryChannel("webhook", answer, knows_repeats=True), outbox, clock)
    await outbox.put([note(f"dead {i}", "webhook", recipient="webhook:1") for i in range(8)])
    for _ in range(4):
        await hooks.turn()
        await hooks.settle()
    await outbox.put([note("good", "webhook", recipient="webhook:2")])
    await hooks.turn()
    await hooks.settle()
    assert outbox.rows[-1].state == "delivered"


async def test_a_channel_that_raises_does_not_stop_the_sender() -> None:
    def broken(_: Notification) -> Sent:
        raise ValueError("https://token@host failed for +447700900123")

    outbox = MemoryOutbox()
    await outbox.put([now_note("a", "bad", severity="info"), now_note("b", "good")])
    good = MemoryChannel("good")
    async with running(outbox, MemoryChannel("bad", broken), good):
        await until(lambda: len(good.sent) == 1 and outbox.rows[0].state == "unknown")
    assert outbox.rows[0].error == "ValueError in the channel"


async def test_what_nobody_serves_is_refused_and_goes_on() -> None:
    outbox, good = MemoryOutbox(), MemoryChannel("good")
    await outbox.put([now_note("a", "fax", fallback=("good",))])
    async with running(outbox, good):
        await until(lambda: [n.key for n in good.sent] == ["a>good"])
    assert (outbox.rows[0].state, outbox.rows[0].error) == ("failed", "no channel 'fax' is configured")


async def test_delivery_is_asked_for_until_it_is_known_or_too_late() -> None:
    outbox, clock = MemoryOutbox(), ManualClock(NOW)
    channel = MemoryChannel("sms", tells=True)
    await outbox.put([note("a", "sms"), note("b", "sms"), note("c", "sms", fallback=("mail",))])
    w = worker(channel, outbox, clock)
    for _ in range(3):
        await w.turn()
        await w.settle()
    channel.states["b"] = Sent(verdict="delivered")
    channel.states["c"] = Sent(verdict="refused", error="permanent-failure")

    async def states(after_s: float) -> Sequence[str]:
        clock.advance(after_s)
        await w.turn()
        await w.settle()
        return [r.state for r in outbox.rows]

    assert await states(1) == ["sent", "sent", "sent"]
    assert await states(30) == ["sent", "delivered", "failed", "pending"]
    assert (await states(900))[0] == "unknown"
    assert outbox.rows[3].notification.channel == "mail"


async def test_the_rate_holds() -> None:
    outbox, clock = MemoryOutbox(), ManualClock(NOW)
    channel = MemoryChannel("sms")
    await outbox.put([note(f"n{i}", "sms") for i in range(30)])
    w = worker(channel, outbox, clock, per_minute=60.0)
    for _ in range(30):
        await w.turn()
        await w.settle()
    assert len(channel.sent) == 10
    assert await w.pause_s(5.0) == pytest.approx(1.0)
    clock.advance(5)
    for _ in range(30):
        await w.turn()
        await w.settle()
    assert len(channel.sent) == 15


async def test_a_database_that_fails_is_waited_for() -> None:
    class Flaky(MemoryOutbox):
        failures = 3

        async def claim(self, *args: Any) -> Sequence[Claimed]:
            if self.failures:
                self.failures -= 1
                raise TransientError("gone")
            return await super().claim(*args)

    outbox, good = Flaky(), MemoryChannel("good")
    await outbox.put([now_note("a", "good")])
    async with running(outbox, good) as service:
        await until(lambda: len(good.sent) == 1)
        await until(lambda: service.ready() == {"outbox": True, "channel good": True})
    assert outbox.failures == 0
    assert _count(service, "cityops_notify_retries_total") == 3
    assert _count(service, "cityops_notify_attempts_total", channel="good", verdict="sent") == 1
