"""A loop that sleeps long wakes at once for a message, a signal or another thread; and not for nothing."""

from __future__ import annotations

import random
import signal
import socket
import threading
import time
from itertools import pairwise

from devices.agent.publisher import Limits, Publisher
from devices.agent.systemd import Notifier
from devices.agent.waker import Waker


def waited_s(waker: Waker, *args: object, **kwargs: object) -> float:
    began_s = time.monotonic()
    waker.wait(*args, **kwargs)  # type: ignore[arg-type]
    return time.monotonic() - began_s


def test_another_thread_ends_a_wait() -> None:
    waker = Waker()
    threading.Timer(0.05, waker.wake).start()
    assert waited_s(waker, 20.0) < 10
    assert waited_s(waker, 0.05) >= 0.04, "once"
    waker.close()
    waker.wake()
    assert waited_s(waker, 0.01) < 5, "closed: no error, and no busy loop"


def test_a_signal_ends_a_wait() -> None:
    waker = Waker()
    caught: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, _: caught.append(number))
    try:
        waker.wake_on_signals()
        signal.setitimer(signal.ITIMER_REAL, 0)
        threading.Timer(0.05, lambda: signal.raise_signal(signal.SIGUSR1)).start()
        assert waited_s(waker, 20.0) < 10
        assert caught == [signal.SIGUSR1]
    finally:
        waker.close()
        signal.signal(signal.SIGUSR1, before)
    assert signal.set_wakeup_fd(-1) == -1


def test_a_socket_ends_a_wait() -> None:
    waker = Waker()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.send(b"x")
        assert waited_s(waker, 20.0, ours) < 10
        ours.recv(1)
        assert waited_s(waker, 20.0, ours, writes=True) < 10
    waker.close()


def publisher(**limits: object) -> Publisher:
    made = Publisher(Limits(**limits), random.Random(1))  # type: ignore[arg-type]
    made.connected(65_535)
    return made


def test_nothing_waits_nothing_wakes() -> None:
    made = publisher()
    assert made.wake_s() is None
    made.add((1, 0), "reading")
    parcel = made.take(5.0)
    assert parcel is not None
    made.sent(1, parcel.keys, 5.0)
    assert made.wake_s() is not None
    assert 65.0 <= (made.wake_s() or 0.0) <= 95.0, "its resend timer"


def test_a_full_window_waits_for_the_broker_and_not_in_a_circle() -> None:
    made = publisher(batch=1, window=1, interval_s=0.2)
    for seq in range(5):
        made.add((1, seq), "reading")
    parcel = made.take(5.0)
    assert parcel is not None
    made.sent(1, parcel.keys, 5.0)
    assert (made.wake_s() or 0.0) >= 65.0
    made.puback(1, 0, 5.0)
    assert made.wake_s() == 5.2


def test_the_watchdog_is_fed_in_time_by_a_loop_that_sleeps_as_long_as_it_may() -> None:
    fed: list[float] = []
    notifier = Notifier({"WATCHDOG_USEC": "120000000"})
    notifier._send = lambda message: fed.append(now_s)  # type: ignore[method-assign]
    now_s = 0.0
    while now_s < 1000.0:
        notifier.alive(now_s)
        now_s += notifier.patience_s * 0.999  # a timer may also wake early
    assert max(b - a for a, b in pairwise(fed)) < 120.0
    assert len(fed) < 20
