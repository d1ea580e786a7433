"""A bin lorry: it drives from call to call on the streets and stops there.

A round is planned when it is given: legs and visits with times. Everything later is a look-up, so that where the lorry
is doesn't depend on how often anyone asks.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from firmware_sim.world.collection_streets import Place, Stretch, Travel
from firmware_sim.world.noise import bits, gauss5, key_of

DRIVING_M_S = 8.0
SERVICE_S = 60.0
UNLOADING_S = 900.0
SLOWEST = 2.0
"""Who would be early drives at most so many times slower, and waits before it leaves for what is left."""
LEGS_KEPT = 20


@dataclass(frozen=True, slots=True)
class Call:
    """A place that a lorry goes to.

    Attributes:
        what: ``bin``: empty it; ``tip``: unload; ``yard``: the round ends there; ``way``: only pass; ``break``: stand
            where it is.
        bin_id: of a bin.
        node_id: junction of the others.
        via: the way there as (segment id, node id from which it is driven); the shortest where it is left out.
        arrive_s: when it should be there [s since 1970]; it comes no sooner, and later where it must.
        service_s: how long it stops [s]; None is usual.
    """

    what: Literal["bin", "tip", "yard", "way", "break"]
    bin_id: str = ""
    node_id: int = -1
    via: tuple[tuple[str, int], ...] = ()
    arrive_s: float | None = None
    service_s: float | None = None


@dataclass(frozen=True, slots=True)
class Leg:
    """A stretch driven: times [s since 1970]."""

    start_s: float
    end_s: float
    stretch: Stretch


@dataclass(frozen=True, slots=True)
class Visit:
    """A call that is made: the lorry stands there from ``arrive_s`` to ``leave_s`` [s since 1970]."""

    call: Call
    arrive_s: float
    leave_s: float

    @property
    def done_s(self) -> float:
        """When the bin is on the lift, or the load on the tip [s since 1970]."""
        return (self.arrive_s + self.leave_s) / 2.0


class Lorry:
    """One lorry, which stands at its yard until it is given a round.

    Args:
        places: where bins are, by bin id.
    """

    def __init__(self, name: str, travel: Travel, yard: Place, places: dict[str, Place], seed: int) -> None:
        self.name, self.yard = name, yard
        self._travel, self._places = travel, places
        self._key = key_of(seed, name, "round")
        self._legs: list[Leg] = []
        self._starts: list[float] = []
        self._at = yard
        self.visits: list[Visit] = []
        self._taken = 0

    def follow(self, calls: Sequence[Call], from_s: float) -> list[Visit]:
        """Make these calls from a time on, in place of those not begun; return the visits to come.

        The stretch that it is on is driven to its end, and the stop at which it stands is made to its end. Without
        calls it stands there.

        Raises:
            KeyError: a bin, junction or street that there is not.
            ValueError: a place that no way leads to.
        """
        legs = [leg for leg in self._legs if leg.start_s < from_s][-LEGS_KEPT:]
        begun = [visit for visit in self.visits[self._taken :] if visit.arrive_s < from_s]
        begun = [*self.visits[: self._taken][-1:], *begun]
        self._taken = min(self._taken, 1)
        at = self._end(legs)
        time_s = max([from_s, *(leg.end_s for leg in legs), *(visit.leave_s for visit in begun)])
        new: list[Visit] = []
        for call in calls:
            place = at if call.what == "break" else self._place(call)
            driven = self._drive(call, at, place, time_s)
            legs += driven
            wanted_s = time_s if call.arrive_s is None else call.arrive_s
            arrive_s = driven[-1].end_s if driven else max(time_s, wanted_s)
            time_s = arrive_s + self._stop_s(call, arrive_s)
            new.append(Visit(call, arrive_s, time_s))
            at = place
        self._legs, self._starts = legs, [leg.start_s for leg in legs]
        self.visits = [*begun, *new]
        return new

    def _end(self, legs: Sequence[Leg]) -> Place:
        return Place(legs[-1].stretch.row, legs[-1].stretch.to_part) if legs else self._at

    def _place(self, call: Call) -> Place:
        return self._places[call.bin_id] if call.what == "bin" else self._travel.at_node(call.node_id)

    def _stop_s(self, call: Call, arrive_s: float) -> float:
        """Return how long a stop takes [s]: as the plan says, about, where it says so."""
        if call.what in ("way", "yard", "break"):
            return 0.0 if call.service_s is None else call.service_s
        usual_s = SERVICE_S if call.what == "bin" else UNLOADING_S
        wanted_s = usual_s if call.service_s is None else call.service_s
        return wanted_s * max(0.5, 1.0 + 0.2 * gauss5(bits(self._key, int(arrive_s)))[0])

    def _drive(self, call: Call, at: Place, place: Place, time_s: float) -> list[Leg]:
        """Return the legs to a place: later, then slower, where it should not be there sooner."""
        way = self._way(call, at, place)
        pace = max(0.7, 1.0 + 0.12 * gauss5(bits(self._key, int(time_s)))[1])
        lasts = [self._travel.length_m(s) / DRIVING_M_S * pace for s in way]
        whole_s = sum(lasts)
        if call.arrive_s is not None and 0.0 < whole_s < call.arrive_s - time_s:
            slower = min((call.arrive_s - time_s) / whole_s, SLOWEST)
            lasts = [s * slower for s in lasts]
            time_s = call.arrive_s - whole_s * slower
        legs: list[Leg] = []
        for stretch, lasts_s in zip(way, lasts, strict=True):
            legs.append(Leg(time_s, time_s + lasts_s, stretch))
            time_s += lasts_s
        return legs

    def _way(self, call: Call, at: Place, place: Place) -> list[Stretch]:
        """Return the way to a place: by the streets that the call names, else the shortest."""
        way: list[Stretch] = []
        for segment_id, from_node in call.via:
            one = self._travel.whole(segment_id, from_node)
            if one.row == at.row == place.row:
                continue  # it is on that street already, and so is the place
            entry = Place(one.row, one.from_part)
            if one.row != at.row or at.part in (one.from_part, one.to_part):
                way += self._travel.way(at, entry)
                at = entry
            to = (
                place.part
                if one.row == place.row and (segment_id, from_node) == call.via[-1]
                else one.to_part
            )
            way.append(Stretch(one.row, at.part, to))
            at = Place(one.row, to)
        return [s for s in [*way, *self._travel.way(at, place)] if s.from_part != s.to_part]

    def free_at_s(self) -> float | None:
        """Return when its last call is done [s since 1970]; None before the first."""
        return self.visits[-1].leave_s if self.visits else None

    def take_due(self, now_s: float) -> list[Visit]:
        """Return the visits that were done by a time [s since 1970], each once."""
        due = [v for v in self.visits[self._taken :] if v.done_s <= now_s]
        self._taken += len(due)
        return due

    def at(self, time_s: float) -> tuple[float, float, float]:
        """Return longitude, latitude [deg] and speed [m/s] at a time [s since 1970]."""
        i = bisect_right(self._starts, time_s) - 1
        if i < 0:
            return (*self._travel.point(self._at), 0.0)
        leg = self._legs[i]
        stretch, lasts_s = leg.stretch, leg.end_s - leg.start_s
        share = min(1.0, (time_s - leg.start_s) / lasts_s) if lasts_s > 0.0 else 1.0
        part = stretch.from_part + share * (stretch.to_part - stretch.from_part)
        speed = self._travel.length_m(stretch) / lasts_s if share < 1.0 else 0.0
        return (*self._travel.point(Place(stretch.row, part)), speed)
