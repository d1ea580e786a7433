"""The rooms of a home now: what each frog measured last, and when. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ops_api.web import home_words, words
from ops_api.web.brand import Brand
from ops_api.web.home_facts import Fact, facts_of

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RoomNow:
    """A room, to read and to choose.

    Attributes:
        device: its frog.
        name: the room's.
        chosen: whether the chart is of it.
        facts: its figures; none before the first reading.
        heard: how long ago that was, in words; ``at``: the time of the clock.
        quiet: whether that is too long ago.
    """

    device: str
    name: str
    chosen: bool
    facts: tuple[Fact, ...]
    heard: str
    at: str
    quiet: bool


def rooms_now(
    rooms: Sequence[Row], chosen: Row | None, state: Row, now: datetime, brand: Brand
) -> tuple[RoomNow, ...]:
    """Return the rooms in their order.

    Args:
        rooms: rows of ``queries.rooms``.
        chosen: the one that the chart is of.
        state: the rules' state of the home; it is about one room.
        now: the time it is in the town.
        brand: its time zone.
    """
    return tuple(
        RoomNow(
            device=r["name"],
            name=home_words.room_name(r),
            chosen=chosen is not None and r["name"] == chosen["name"],
            facts=() if r["ts"] is None else facts_of(r, state, about_wall=_is_about(state, r, rooms)),
            heard=words.ago(r["ts"], now),
            at="" if r["ts"] is None else words.day_and_clock(r["ts"], brand.time_zone, now),
            quiet=home_words.is_quiet(r, now),
        )
        for r in rooms
    )


def _is_about(state: Row, room: Row, rooms: Sequence[Row]) -> bool:
    """Whether the state speaks of this room: one that names no device does so of an only room."""
    return state.get("device") == room["name"] or (state.get("device") is None and len(rooms) == 1)
