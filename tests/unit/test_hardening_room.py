"""Room for a new connection: the one that waited longest goes, and none that is busy."""

from __future__ import annotations

from ops_api.hardening.room import Room


class Connection:
    def __init__(self) -> None:
        self.ended = 0

    def end_quietly(self) -> None:
        self.ended += 1


def test_the_longest_waiting_goes_once_and_busy_ones_stay() -> None:
    room, some = Room(3), [Connection() for _ in range(5)]
    for connection in some:
        room.wait(connection)
    room.make(3)
    assert [c.ended for c in some] == [0, 0, 0, 0, 0]
    room.busy(some[0])
    room.wait(some[1])  # was answered, waits from now on
    room.make(4)
    room.make(4)
    assert [c.ended for c in some] == [0, 0, 1, 1, 0]
    room.busy(some[4])
    room.make(4)
    room.make(4)
    assert [c.ended for c in some] == [0, 1, 1, 1, 0]


def test_who_has_one_is_not_pushed_out_by_who_has_many() -> None:
    room, slow, many = Room(1), Connection(), [Connection() for _ in range(5)]
    room.wait(slow, "198.51.100.7")
    for connection in many:
        room.wait(connection, "203.0.113.9")
    for _ in range(4):
        room.make(2)
    assert [c.ended for c in many] == [1, 1, 1, 1, 0]
    assert slow.ended == 0
    room.make(2)  # of those that have as many the one that waited longest
    assert (slow.ended, many[4].ended) == (1, 0)
    room.busy(many[4])
    room.make(2)
    assert many[4].ended == 0
