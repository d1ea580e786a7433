"""Frame counters to runs: joins, resets, 16 bits, what comes late, what comes twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from ingest.core.lorawan.envelope import parse
from ingest.core.lorawan.events import Uplink
from ingest.core.lorawan.numbering import Run, assign
from tests.fakes import lorawan as fake


def uplink(f_cnt: int, minutes: float, session: str = "s") -> Uplink:
    event = parse("chirpstack_v4", "", fake.chirp_up(f_cnt=f_cnt))
    assert isinstance(event, Uplink)
    return replace(event, f_cnt=f_cnt, session=session, at=fake.NOW + timedelta(minutes=minutes))


class Book:
    """Runs as the database keeps them."""

    def __init__(self) -> None:
        self.runs: list[Run] = []

    def take(self, up: Uplink) -> tuple[int, int]:
        assert up.at is not None
        run, before = assign(self.runs, up, up.at)
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
