"""How a device comes back and empties its backlog: spread by chance, newest first one in two, nothing twice too soon."""

from __future__ import annotations

import random

from hypothesis import example, given, settings
from hypothesis import strategies as st

from cityops.runtime.backoff import Backoff
from devices.agent.broker import Reconnect
from devices.agent.paho_link import RECONNECT
from devices.agent.publisher import Limits, Publisher
from devices.agent.resend import ResendPolicy


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 400), st.integers(2, 50))
def test_every_second_message_of_a_backlog_has_the_newest_that_waits(
    seed: int, waiting: int, batch: int
) -> None:
    made = Publisher(
        Limits(batch=batch, window=10_000, unreceipted=10_000, interval_s=0.0), random.Random(seed)
    )
    for seq in range(waiting):
        made.add((1, seq), "reading")
    made.connected(65_535)
    left, newest = set(range(waiting)), []
    for mid in range(waiting + 1):
        parcel = made.take(float(mid))
        if parcel is None:
            break
        seqs = [seq for _, seq in parcel.keys]
        assert seqs == sorted(seqs)
        assert set(seqs) <= left, "sent twice"
        if len(left) > batch:
            newest.append(max(seqs) == max(left))
            assert max(seqs) == max(left) or min(seqs) == min(left)
        left -= set(seqs)
        made.sent(mid, parcel.keys, float(mid))
    assert left == set()
    assert newest == [number % 2 == 0 for number in range(len(newest))]


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32), st.lists(st.floats(0.0, 200.0), min_size=1, max_size=40))
@example(85795, [0.0, 195.0, 60.0])
def test_full_jitter_up_to_five_minutes_and_a_new_beginning_after_a_good_minute(
    seed: int, ups: list[float]
) -> None:
    made = Reconnect(random.Random(seed), RECONNECT, first_within_s=60.0)
    assert 0.0 <= made.first(7.0) - 7.0 <= 60.0
    now_s, failures = 0.0, 0
    for up_s in ups:
        since_s, now_s = now_s, now_s + up_s
        made.up(since_s)
        failures = 0 if now_s - since_s >= 60.0 else failures  # by the clock: it may round a minute down
        pause_s = made.down(now_s) - now_s
        assert 0.0 <= pause_s <= min(300.0, 2.0**failures) + 1e-6
        failures += 1
        now_s += pause_s


def test_a_town_comes_back_spread_over_the_whole_pause() -> None:
    backoff = Backoff(1.0, 300.0)
    pauses = sorted(backoff.delay(12, random.Random(device)) for device in range(2000))
    assert pauses[0] < 3.0
    assert pauses[-1] > 297.0
    assert 135.0 < pauses[1000] < 165.0, "as many before the middle as after it"


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 60), st.none() | st.floats(0.0, 1000.0))
def test_the_wait_before_sending_again_is_long_doubles_and_has_an_end(
    seed: int, attempt: int, latency_s: float | None
) -> None:
    policy = ResendPolicy()
    wait_s = policy.wait_s(attempt, latency_s, random.Random(seed))
    base_s = max(60.0, 10.0 * (latency_s or 0.0))
    longest_s = min(base_s * 2.0 ** min(attempt, 30), max(base_s, 3600.0))
    assert base_s <= longest_s <= wait_s <= 1.5 * longest_s
