"""When a connection is read: pauses of the session and rests of a busy connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from ingest.mqtt_gate import REST_S, ReadGate


class Timers:
    """The part of an event loop that the gate uses; ``fire`` ends a rest."""

    def __init__(self) -> None:
        self.waiting: list[Timer] = []

    def call_later(self, delay_s: float, act: Callable[[], None]) -> Timer:
        assert delay_s == REST_S
        timer = Timer(act)
        self.waiting.append(timer)
        return timer

    def fire(self) -> None:
        due, self.waiting = self.waiting, []
        for timer in due:
            if not timer.cancelled:
                timer.act()


class Timer:
    def __init__(self, act: Callable[[], None]) -> None:
        self.act = act
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class Transport:
    """Reads or not, and refuses to be told the same twice, as real ones may."""

    def __init__(self) -> None:
        self.reading = True

    def pause_reading(self) -> None:
        assert self.reading
        self.reading = False

    def resume_reading(self) -> None:
        assert not self.reading
        self.reading = True


def gate() -> tuple[ReadGate, Timers, Transport]:
    timers, transport = Timers(), Transport()
    made = ReadGate(cast("asyncio.AbstractEventLoop", timers))
    made.attach(cast("asyncio.Transport", transport))
    return made, timers, transport


def test_a_quiet_connection_never_rests() -> None:
    it, _, transport = gate()
    for second in range(1, 5):
        it.note_data(float(second))
        assert transport.reading


def test_a_busy_connection_rests_after_each_read_and_is_read_again() -> None:
    it, timers, transport = gate()
    it.note_data(1.0)
    for read in range(1, 4):
        it.note_data(1.0 + read * REST_S / 2)
        assert not transport.reading
        timers.fire()
        assert transport.reading


def test_a_rest_does_not_end_a_pause_nor_a_pause_a_rest() -> None:
    it, timers, transport = gate()
    it.note_data(1.0)
    it.note_data(1.001)
    it.pause()
    timers.fire()
    assert not transport.reading
    it.resume()
    assert transport.reading
    it.note_data(1.002)
    it.pause()
    it.resume()
    assert not transport.reading  # it still rests
    it.wake()
    assert transport.reading


def test_nothing_is_asked_of_a_transport_that_is_gone() -> None:
    it, timers, transport = gate()
    it.note_data(1.0)
    it.note_data(1.001)
    it.close()
    timers.fire()
    it.pause()
    it.resume()
    assert not transport.reading  # as it was left
