"""A lorry's card: its way as a driver reads it, one entry a turn, a change of the spreader, or a load."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from rules.core.cab import turns
from rules.core.cab.codec import OnRoads
from rules.core.fleet.plan import Leg, Loading, Trip

Side = Literal["both lanes", "this lane", "this carriageway", "the whole width"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry.

    Attributes:
        number: from 1.
        first, last: steps of the trip that it is about.
        at_s: when [s after the start of the plan]; ``at_m``: how far along [m].
        text: what to do, in words.
        spread: what to spread, in words; empty where the spreader is off.
        g_m2: rate; None: off, or a load.
        length_m: to the next entry.
        salt_kg: that it takes.
        longitude_deg, latitude_deg: where it begins.
        loads: whether salt is loaded.
    """

    number: int
    first: int
    last: int
    at_s: float
    at_m: float
    text: str
    spread: str
    g_m2: float | None
    length_m: float
    salt_kg: float
    longitude_deg: float
    latitude_deg: float
    loads: bool


@dataclass(frozen=True)
class Card:
    """A lorry's card.

    Attributes:
        entries: in driving order; the last is the way home's end.
        treated_m, empty_m: driven with the spreader on and off [m].
        salt_kg: that it spreads; ``loads``: how often it loads on the way.
        begins_s, last_s, back_s: out, last stretch treated, back [s after the start of the plan].
        due_s: the earliest time by which something of it must be treated; None: none is set.
        late: passes that the plan has late.
        line: the whole way, (longitude, latitude) [°].
    """

    lorry: str
    entries: tuple[Entry, ...]
    treated_m: float
    empty_m: float
    salt_kg: float
    loads: int
    begins_s: float
    last_s: float
    back_s: float
    due_s: float | None
    late: tuple[str, ...]
    line: tuple[tuple[float, float], ...]

    def entry_at(self, step: int) -> int:
        """Return the place in ``entries`` of the one that a step belongs to."""
        return next(
            (n for n, e in enumerate(self.entries) if e.first <= step <= e.last), len(self.entries) - 1
        )


def card_of(on: OnRoads, lorry: str) -> Card:
    """Return a lorry's card; without entries where it has nothing to drive."""
    return _Writer(on, on.trips[lorry]).card()


@dataclass(frozen=True)
class _Group:
    """Steps of one entry."""

    first: int
    steps: tuple[Leg | Loading, ...]


class _Writer:
    def __init__(self, on: OnRoads, trip: Trip) -> None:
        self.on, self.trip, self.network = on, trip, on.network
        self.late = set(on.plan.late)

    def card(self) -> Card:
        legs = [s for s in self.trip.steps if isinstance(s, Leg)]
        treated = [leg for leg in legs if leg.job is not None]
        length = {True: 0.0, False: 0.0}
        for leg in legs:
            length[leg.job is not None] += self.network.arcs[leg.arc].length_m
        due = [self.on.jobs[leg.job].due_s for leg in treated if leg.job is not None]
        return Card(
            self.trip.lorry_id, tuple(self._entries()), length[True], length[False],
            sum(self.on.jobs[leg.job].salt_kg for leg in treated if leg.job is not None),
            sum(isinstance(s, Loading) for s in self.trip.steps),
            self.trip.steps[0].begins_s if self.trip.steps else 0.0,
            max((leg.ends_s for leg in treated), default=0.0), self.trip.ends_s,
            min((d for d in due if d < float("inf")), default=None),
            tuple(leg.job for leg in treated if leg.job in self.late), tuple(self._line(legs)),
        )  # fmt: skip

    def _line(self, legs: Sequence[Leg]) -> Iterator[tuple[float, float]]:
        last: tuple[float, float] | None = None
        for leg in legs:
            for point in self.network.line(leg.arc):
                if point != last:
                    yield point
                last = point

    def _groups(self) -> list[_Group]:
        groups: list[list[tuple[int, Leg | Loading]]] = []
        for n, step in enumerate(self.trip.steps):
            if groups and self._joins([s for _, s in groups[-1]], step):
                groups[-1].append((n, step))
            else:
                groups.append([(n, step)])
        return [_Group(g[0][0], tuple(s for _, s in g)) for g in groups]

    def _joins(self, before: Sequence[Leg | Loading], step: Leg | Loading) -> bool:
        """Whether a step goes on as the ones before: the same street and salt, and no turn."""
        last = before[-1]
        if isinstance(last, Loading) or isinstance(step, Loading) or self._salt(last) != self._salt(step):
            return False
        if self._round(last.arc) != self._round(step.arc):
            return False
        if self._round(step.arc):
            return True
        same = turns.street_of(self.network, last.arc) == turns.street_of(self.network, step.arc)
        bend_deg = abs(self.network.turn_deg(last.arc, step.arc))
        straight = bend_deg <= self.on.settings.straight_deg or not self._forks(step.arc)
        straight &= not self._forks(step.arc) or turns.fork_side(self.network, last.arc, step.arc) is None
        return same and straight and not self.network.turns_round(last.arc, step.arc)

    def _round(self, arc: int) -> bool:
        return turns.is_roundabout(self.network, arc)

    def _salt(self, leg: Leg) -> tuple[float, Side] | None:
        if leg.job is None:
            return None
        segment = self.network.segments[self.network.arcs[leg.arc].segment]
        return self.on.rate_of[segment.segment_id], self._side(leg)

    def _side(self, leg: Leg) -> Side:
        assert leg.job is not None
        arc = self.network.arcs[leg.arc]
        segment = self.network.segments[arc.segment]
        if self.network.sides(leg.arc) == 2 or (segment.carriageway == "dual" and segment.one_way):
            return "this carriageway"
        width_m = (
            self.on.jobs[leg.job].salt_kg * 1000.0 / (self.on.rate_of[segment.segment_id] * arc.length_m)
        )
        if width_m < segment.width_m - 0.1:
            return "this lane"
        return "the whole width" if segment.one_way else "both lanes"

    def _entries(self) -> Iterator[Entry]:
        at_m, last = 0.0, self._comes_from
        groups = self._groups()
        for number, group in enumerate(groups, 1):
            entry = self._entry(number, group, last, at_m)
            yield entry
            at_m += entry.length_m
            final = group.steps[-1]
            last = final.arc if isinstance(final, Leg) else None
        if groups:
            yield self._home(len(groups) + 1, at_m)

    @cached_property
    def _comes_from(self) -> int | None:
        lorry = next(v for v in self.on.fleet.lorries if v.lorry_id == self.trip.lorry_id)
        return lorry.after

    def _entry(self, number: int, group: _Group, last: int | None, at_m: float) -> Entry:
        first = group.steps[0]
        ends = group.first + len(group.steps) - 1
        if isinstance(first, Loading):
            place = self.network.nodes[first.node]
            text = (
                f"Load salt at {self._place(first.node)}: {round((first.ends_s - first.begins_s) / 60)} min"
            )
            return Entry(
                number, group.first, ends, first.begins_s, at_m, text, "", None, 0.0, 0.0, place.longitude_deg,
                place.latitude_deg, True,
            )  # fmt: skip
        legs = [s for s in group.steps if isinstance(s, Leg)]
        salt = self._salt(first)
        point = self.network.line(first.arc)[0]
        return Entry(
            number, group.first, ends, first.begins_s, at_m, self._text(first, group.first, ends, last),
            "" if salt is None else self._spread(legs, *salt), None if salt is None else salt[0],
            sum(self.network.arcs[leg.arc].length_m for leg in legs),
            sum(self.on.jobs[leg.job].salt_kg for leg in legs if leg.job is not None), point[0], point[1], False,
        )  # fmt: skip

    def _text(self, leg: Leg, first: int, ends: int, last: int | None) -> str:
        here = self._round(leg.arc)
        if (ring := self._ring(first)) and not here:
            return turns.towards(
                turns.roundabout_words(self.network, ring, leg.arc), self._towards(leg.arc, ends)
            )
        if here and last is not None:
            return "Go on round the roundabout" if self._round(last) else "Enter the roundabout"
        at = self._crossing(self.network.arcs[leg.arc].tail, turns.street_of(self.network, leg.arc))
        words = turns.turn_words(self.network, last, leg.arc, self.on.settings, self._forks(leg.arc), at)
        return turns.towards(words, self._towards(leg.arc, ends))

    def _towards(self, arc: int, ends: int) -> str:
        """Return the next street with another name on the way after step ``ends``; empty before a load and at the end."""
        here = turns.street_of(self.network, arc)
        for step in self.trip.steps[ends + 1 :]:
            if isinstance(step, Loading):
                break
            name = turns.street_of(self.network, step.arc)
            if name not in (here, turns.UNNAMED) and not self._round(step.arc):
                return name
        return ""

    def _ring(self, step: int) -> tuple[int, ...]:
        """Return the arcs of a roundabout driven just before a step, whatever is spread on each of them."""
        arcs: list[int] = []
        for before in reversed(self.trip.steps[:step]):
            if isinstance(before, Loading) or not self._round(before.arc):
                break
            arcs.append(before.arc)
        return tuple(reversed(arcs))

    def _forks(self, arc: int) -> bool:
        """Whether more than two roads meet where an arc begins."""
        return len(self.on.meeting[self.network.arcs[arc].tail]) > 2

    def _spread(self, legs: Sequence[Leg], g_m2: float, side: Side) -> str:
        street = turns.street_of(self.network, legs[0].arc)
        start = self._crossing(self.network.arcs[legs[0].arc].tail, street)
        end = self._crossing(self.network.arcs[legs[-1].arc].head, street)
        way = f" from {start} to {end}" if start != end else f" to {end}"
        return f"Spread {g_m2:g} g/m², {side},{way}"

    def _crossing(self, node: int, street: str) -> str:
        return turns.crossing(self.network, self.on.meeting.get(node, ()), street)

    def _place(self, node: int) -> str:
        return "the depot" if any(v.depot == node for v in self.on.fleet.lorries) else "the barn"

    def _home(self, number: int, at_m: float) -> Entry:
        steps = self.trip.steps
        final = steps[-1]
        node = final.node if isinstance(final, Loading) else self.network.arcs[final.arc].head
        place = self.network.nodes[node]
        return Entry(
            number, len(steps), len(steps), final.ends_s, at_m, f"Back at {self._place(node)}", "", None, 0.0, 0.0,
            place.longitude_deg, place.latitude_deg, False,
        )  # fmt: skip
