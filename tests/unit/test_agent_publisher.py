"""Decisions of the publisher that a person should be able to read."""

from __future__ import annotations

import random

import pytest

from devices.agent.publisher import Limits, Publisher
from devices.agent.resend import ResendPolicy, UsualLatency


def publisher(**limits) -> Publisher:
    made = Publisher(Limits(**limits), random.Random(1))
    made.connected(65_535)
    return made


def seqs(made: Publisher, now_s: float) -> list[int] | None:
    parcel = made.take(now_s)
    return None if parcel is None else [seq for _, seq in parcel.keys]


def test_a_backlog_goes_newest_first_every_second_message() -> None:
    p = publisher(batch=3, window=99)
    for seq in range(12):
        p.add((1, seq), "reading")
    got = []
    for turn in range(4):
        parcel = p.take(turn)
        assert parcel is not None
        got.append([seq for _, seq in parcel.keys])
        p.sent(turn, parcel.keys, turn)
    assert got == [[9, 10, 11], [0, 1, 2], [6, 7, 8], [3, 4, 5]]


def test_a_backlog_is_paced_and_a_live_reading_is_not() -> None:
    p = publisher(batch=2, window=99, interval_s=0.2)
    for seq in range(5):
        p.add((1, seq), "reading")
    p.sent(1, p.take(0.0).keys, 0.0)
    assert p.take(0.1) is None
    assert p.wake_s() == 0.2
    p.sent(2, p.take(0.2).keys, 0.2)
    assert seqs(p, 0.25) == [2]


def test_the_diary_is_sent_first_and_alone() -> None:
    p = publisher()
    for seq, channel in enumerate(["reading", "diary", "reading"]):
        p.add((1, seq), channel)
    first = p.take(0.0)
    assert first is not None
    assert (first.channel, first.keys) == ("diary", ((1, 1),))
    assert seqs(p, 0.0) == [0, 2]


def test_window_and_the_brokers_receive_maximum() -> None:
    p = publisher(batch=1, window=4, interval_s=0.0)
    p.connected(receive_maximum=2)
    for seq in range(4):
        p.add((1, seq), "reading")
    for mid in (1, 2):
        p.sent(mid, p.take(mid).keys, mid)
    assert p.take(3.0) is None
    p.puback(1, 0, 3.0)
    assert p.take(3.0) is not None


def test_at_most_so_many_sent_but_not_receipted() -> None:
    p = publisher(batch=4, window=99, unreceipted=6, interval_s=0.0)
    for seq in range(10):
        p.add((1, seq), "reading")
    for mid in (1, 2):
        p.sent(mid, p.take(0).keys, 0)
        p.puback(mid, 0, 0)
    assert p.take(1.0) is None
    p.receipt(1, [(6, 9), (0, 1)], 1.0)
    assert p.unreceipted == 4
    assert len(p.take(1.0).keys) == 4


@pytest.mark.parametrize("code", [0x10, 0x80, 0x87, 0x97])
def test_refused_means_not_delivered_and_waits(code: int) -> None:
    p = publisher()
    p.add((1, 0), "reading")
    p.sent(1, p.take(0.0).keys, 0.0)
    assert p.puback(1, code, 0.0) is False
    assert p.waiting == 1
    held_until = p.wake_s()
    assert held_until is not None
    assert held_until > 0
    assert p.take(held_until - 1e-6) is None
    assert seqs(p, 120.0) == [0]


def test_the_resend_timer_never_comes_early_and_doubles() -> None:
    p = publisher(resend=ResendPolicy(floor_s=60.0))
    p.add((1, 0), "reading")
    now, waits = 0.0, []
    for mid in range(8):
        parcel = p.take(now)
        assert parcel is not None
        p.sent(mid, parcel.keys, now)
        p.puback(mid, 0, now)
        due = p.wake_s()
        assert due is not None
        p.expire(due - 1e-6)
        assert p.take(due - 1e-6) is None
        p.expire(due)
        waits.append(due - now)
        now = due
    base = [min(60.0 * 2**n, 3600.0) for n in range(8)]
    assert all(b <= w <= 1.5 * b for b, w in zip(base, waits, strict=True)), waits


def test_the_timer_follows_a_slow_server() -> None:
    policy, rng = ResendPolicy(), random.Random(1)
    assert policy.wait_s(0, None, rng) < 91
    assert policy.wait_s(0, 30.0, rng) >= 300
    assert policy.wait_s(50, 30.0, rng) <= 5400
    latency = UsualLatency()
    latency.observe(1.0)
    latency.observe(2.0)
    assert latency.mean_s == pytest.approx(1.1)


def test_given_up_entries_are_not_sent() -> None:
    p = publisher()
    for seq in range(3):
        p.add((1, seq), "reading")
    p.forget([(1, 1), (9, 9)])
    assert seqs(p, 0.0) == [0, 2]
    assert p.unreceipted == 2


def test_a_gap_lets_several_readings_share_a_message() -> None:
    p = publisher(gap_s=0.5)
    p.add((1, 0), "reading")
    p.sent(1, p.take(10.0).keys, 10.0)
    for seq in (1, 2, 3):
        p.add((1, seq), "reading")
    assert p.take(10.4) is None
    assert p.wake_s() == 10.5
    assert seqs(p, 10.5) == [1, 2, 3]
