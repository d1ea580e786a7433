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
