"""Frame counters to runs: joins, resets, 16 bits, what comes late, what comes twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from ingest.core.lorawan.envelope import parse
from ingest.core.lorawan.events import Uplink
from ingest.core.lorawan.numbering import Run, assign, is_late
from tests.fakes import lorawan as fake


def uplink(f_cnt: int, minutes: float, session: str = "s") -> Uplink:
    event = parse("chirpstack_v4", "", fake.chirp_up(f_cnt=f_cnt))
    assert isinstance(event, Uplink)
    return replace(event, f_cnt=f_cnt, session=session, at=fake.NOW + timedelta(minutes=minutes))


class Book:
    """Runs as the database keeps them."""

    def __init__(self) -> None:
        self.runs: list[Run] = []
        self.heard: dict[int, list[datetime]] = {}

    def take(self, up: Uplink) -> tuple[int, int]:
        assert up.at is not None
        known = self.heard.setdefault(up.f_cnt, [])
        run, before = assign(self.runs, up, up.at, known if is_late(self.runs, up, up.at) else ())
        known.append(up.at)
        if before is not None:
            self.runs.remove(before)
        self.runs.append(run)
        return run.boot, up.f_cnt


def boots(*ups: Uplink) -> list[int]:
    book = Book()
    found = [book.take(up)[0] for up in ups]
    first = min(found)
    return [boot - first for boot in found]


def test_one_run_while_the_counter_goes_up() -> None:
    assert boots(uplink(0, 0), uplink(1, 10), uplink(5, 50)) == [0, 0, 0]


def test_a_join_begins_a_run() -> None:
    assert boots(uplink(7, 0), uplink(0, 10, "t"), uplink(1, 20, "t")) == [0, 600, 600]


def test_a_counter_that_goes_back_begins_a_run() -> None:
    """Activated by personalisation and reset; 65535 to 0 of a device with 16 bits looks the same."""
    assert boots(uplink(65_535, 0), uplink(0, 10), uplink(1, 20), uplink(0, 30)) == [0, 600, 600, 1800]


def test_the_same_counter_soon_is_the_same_frame_and_later_a_reset() -> None:
    assert boots(uplink(0, 0), uplink(0, 0.9)) == [0, 0]
    assert boots(uplink(0, 0), uplink(0, 1.1)) == [0, 66]


def test_what_comes_late_falls_into_its_own_run() -> None:
    ups = [uplink(0, 0), uplink(1, 10), uplink(2, 20), uplink(0, 30), uplink(1, 40)]
    book = Book()
    straight = [book.take(up) for up in ups]
    late = Book()
    for up in (ups[0], ups[2], ups[3], ups[4]):
        late.take(up)
    assert late.take(ups[1]) == straight[1]


def test_what_was_before_all_joins_its_run() -> None:
    """Set aside until its sensor was bound, and played again after newer frames were stored."""
    assert boots(uplink(5, 50), uplink(3, 30)) == [0, 0]
    # Higher counters before lower ones: another run.
    assert len(set(boots(uplink(5, 50), uplink(9, 30)))) == 2


def test_two_runs_never_have_the_same_boot() -> None:
    book = Book()
    one, other = book.take(uplink(3, 0, "a")), book.take(uplink(3, 0, "b"))
    assert one[0] != other[0]


RESET = (
    uplink(10, 0),
    uplink(15, 500),
    uplink(25, 550),
    uplink(0, 610),
    uplink(15, 800),
    uplink(20, 1000),
    uplink(25, 1100),
)
"""A device that was reset at 600, of which what was heard between the first and the last two came after these."""


@pytest.mark.parametrize(
    "order", [(0, 5, 1, 2, 3, 4, 6), (0, 5, 1, 4, 2, 3, 6), (0, 5, 6, 4, 1, 3, 2), (0, 6, 4, 3, 2, 1, 5)]
)
def test_a_reset_within_a_delay_gives_no_two_frames_one_number(order: tuple[int, ...]) -> None:
    book = Book()
    numbers = [book.take(RESET[n]) for n in order]
    assert len(set(numbers)) == len(RESET), numbers


def test_a_late_frame_that_comes_by_two_ways_keeps_its_number() -> None:
    book = Book()
    numbers = {n: book.take(RESET[n]) for n in (0, 5, 1, 4, 2, 3, 6)}
    for n, up in enumerate(RESET):
        assert up.at is not None
        assert book.take(replace(up, at=up.at + timedelta(seconds=0.3))) == numbers[n]


def test_two_network_servers_clocks_may_differ_a_little() -> None:
    one, other = uplink(1, 10), uplink(2, 9.9)
    assert boots(uplink(0, 0), one, other) == [0, 0, 0]
