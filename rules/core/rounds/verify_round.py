"""One lorry's round, checked stop by stop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rules.core.rounds.fleet import RoundFleet, RoundLorry
from rules.core.rounds.model import Candidate, LorryNow
from rules.core.rounds.plan import LorryRound, Stop
from rules.core.rounds.verify_way import PER_ARC_S, At, WayCheck

EPSILON = 1e-6

START_M = 2_000.0
"""A round may begin so far from where the lorry is: at the nearest junction that leads on."""


@dataclass(slots=True)
class _Day:
    """What a lorry has done so far: where it is, loads [kg, l], streams on board, counted for the break [s]."""

    at: At
    time_s: int
    kg: float
    litres: float
    counted_s: float
    on_board: set[str]
    drive_s: float = 0.0
    metres: float = 0.0
    break_s: int = 0
    may_be_late: bool = False


@dataclass(frozen=True)
class RoundCheck:
    """What a round is checked against.

    Attributes:
        fleet, lorry, now: as written down, and where the plan takes the lorry up.
        way: its ways.
        told_late: whether the plan says that it comes home after its hours or to a closed tip: one on its way that empties
            nothing any more can't do otherwise.
        junctions: by id of a depot or tip the junction where some lorry was; filled on the way: it is one for all.
    """

    fleet: RoundFleet
    lorry: RoundLorry
    now: LorryNow | None
    way: WayCheck
    junctions: dict[str, int]
    told_late: bool = False

    def problems(self, round_: LorryRound, bins: Mapping[str, Candidate]) -> Iterator[str]:
        """Yield what is wrong with a round, in words."""
        if not round_.stops:
            yield from self._stays(round_)
            return
        first, last = round_.stops[0], round_.stops[-1]
        if first.kind != "start" or last.kind != "end":
            yield f"begins with {first.kind} and ends with {last.kind}"
            return
        if self.now is not None and self.now.out:
            yield "drives, though it is out of service"
        yield from self._start(first)
        day = self._begin(first, round_)
        for number, stop in enumerate(round_.stops[1:], 1):
            for p in self._stop(day, stop, bins):
                yield f"stop {number} ({stop.kind} {stop.ref}) {p}"
            if stop.kind in {"start", "end"} and stop is not last:
                yield f"stop {number} is {stop.kind} in the middle"
        yield from self._end(day, round_)

    def _stays(self, round_: LorryRound) -> Iterator[str]:
        if round_.cost_gbp or round_.overtime_s:
            yield "stays, but costs something"
        if (
            self.now is not None
            and not self.now.out
            and (self.now.place or self.now.load_kg or self.now.load_l)
        ):
            yield "stays where it is, on its way or with load on board"

    def _fresh(self) -> bool:
        n = self.now
        return n is None or (n.place is None and n.began_s is None and not n.load_kg and not n.load_l)

    def _start(self, stop: Stop) -> Iterator[str]:
        earliest = max(self._began_s(), 0 if self.now is None else self.now.at_s)
        if stop.ends_s < earliest:
            yield f"starts at {stop.ends_s} s, before {earliest} s"
        if (self.now is None or self.now.place is None) and stop.ref != self.lorry.depot:
            yield f"starts at {stop.ref}, not at its depot {self.lorry.depot}"
        if self.now is not None and self.now.place is not None:
            away = self.way.apart_m(self.now.place, stop.place)
            if away > START_M:
                yield f"starts {away:.0f} m from where the lorry is"
        for what, told, known in (
            ("kg", stop.load_kg, 0.0 if self.now is None else self.now.load_kg),
            ("l", stop.load_l, 0.0 if self.now is None else self.now.load_l),
        ):
            if not known - EPSILON <= told <= known + 1.0 + EPSILON:
                yield f"starts with {told} {what}, has {known} on board"

    def _began_s(self) -> int:
        """Start of the shift [s]."""
        if self.now is None or self._fresh():
            return self.lorry.start_s
        return self.now.at_s if self.now.began_s is None else self.now.began_s

    def _begin(self, stop: Stop, round_: LorryRound) -> _Day:
        arcs = next((s.arcs for s in round_.stops[1:] if s.arcs), ())
        rule = self.fleet.settings.break_
        counted = 0 if self.now is None or rule is None else self.now.worked_s
        if self.now is not None and rule is not None and rule[0] == "driving":
            counted = self.now.driven_s
        at = self._at_start(stop, arcs)
        return _Day(
            at,
            stop.ends_s,
            stop.load_kg,
            stop.load_l,
            counted,
            set(self.lorry.streams if stop.load_kg else ()),
            may_be_late=self.told_late and not self._fresh() and not round_.bins,
        )

    def _at_start(self, stop: Stop, arcs: tuple[int, ...]) -> At:
        if self.now is not None and self.now.place is not None:
            if not arcs:
                return At(stop.place)
            along, _ = self.way.on(arcs[0], stop.place)
            return At(stop.place, arc=arcs[0], along_m=along)
        network = self.way.facts.network
        node = network.arcs[arcs[0]].tail if arcs else self.junctions.get(stop.ref, -1)
        return At(stop.place, node=self.junctions.setdefault(stop.ref, node))

    # ---- stops

    def _stop(self, day: _Day, stop: Stop, bins: Mapping[str, Candidate]) -> Iterator[str]:
        if stop.kind == "break":
            yield from self._break(day, stop)
            return
        after = self._after(stop, bins)
        yield from self._where(stop, after)
        yield from (f"way {p}" for p in self.way.problems(day.at, stop.arcs, after))
        yield from self._way_takes(day, stop, after)
        if stop.arrive_s < day.time_s + stop.drive_s or not stop.arrive_s <= stop.begins_s <= stop.ends_s:
            yield f"is at {stop.arrive_s}, {stop.begins_s}, {stop.ends_s} s, the lorry leaves the last at {day.time_s} s"
        self._count(day, stop)
        yield from self._rule(day)
        day.at, day.time_s = after, stop.ends_s
        if stop.kind == "bin":
            yield from self._bin(day, stop, bins)
        if stop.kind == "tip":
            yield from self._tip(day, stop)
        if max(abs(stop.load_kg - day.kg), abs(stop.load_l - day.litres)) > 1e-3:
            yield f"leaves with {stop.load_kg} kg and {stop.load_l} l, not {day.kg} and {day.litres}"

    def _after(self, stop: Stop, bins: Mapping[str, Candidate]) -> At:
        network = self.way.facts.network
        if stop.kind == "bin" and stop.arcs and stop.ref in bins:
            along, _ = self.way.on(stop.arcs[-1], bins[stop.ref].place)
            return At(stop.place, arc=stop.arcs[-1], along_m=along)
        node = network.arcs[stop.arcs[-1]].head if stop.arcs else self.junctions.get(stop.ref, -1)
        return At(stop.place, node=self.junctions.setdefault(stop.ref, node))

    def _where(self, stop: Stop, after: At) -> Iterator[str]:
        if stop.kind == "bin" and after.arc is not None:
            _, off = self.way.on(after.arc, stop.place)
            if off > self.fleet.settings.attach_m + 1.0:
                yield f"is {off:.0f} m off its street"
            return
        places = {d.id: d.place for d in self.fleet.depot} if stop.kind == "end" else {}
        places |= {t.id: t.place for t in self.fleet.tip} if stop.kind == "tip" else {}
        if stop.kind != "bin" and places.get(stop.ref) != stop.place:
            yield "is not where that is"
        elif after.node is not None and not self.way.is_near(after.node, stop.place):
            yield f"is at node {after.node}, which is not near"

    def _way_takes(self, day: _Day, stop: Stop, after: At) -> Iterator[str]:
        time_s, metres = self.way.takes(day.at, stop.arcs, after)
        most = time_s + 1.1 + PER_ARC_S * len(stop.arcs)
        if not time_s - EPSILON <= stop.drive_s <= most:
            yield f"is planned to take {stop.drive_s} s of driving, takes {time_s:.1f} s"
        if abs(stop.metres - metres) > 1.0:
            yield f"is planned over {stop.metres} m, is {metres:.1f} m"
        day.drive_s += stop.drive_s
        day.metres += stop.metres

    def _bin(self, day: _Day, stop: Stop, bins: Mapping[str, Candidate]) -> Iterator[str]:
        one = bins.get(stop.ref)
        if one is None:
            return
        if not one.from_s <= stop.begins_s <= one.until_s:
            yield f"begins at {stop.begins_s} s, allowed from {one.from_s} to {one.until_s} s"
        if stop.ends_s - stop.begins_s < one.service_s:
            yield f"takes {stop.ends_s - stop.begins_s} s, needs {one.service_s} s"
        if one.stream not in self.lorry.streams:
            yield f"is {one.stream}, which the lorry does not take"
        lifted = stop.load_kg - day.kg, stop.load_l - day.litres
        if not (one.mass_kg <= lifted[0] + EPSILON < one.mass_kg + 1.0 + 2 * EPSILON):
            yield f"adds {lifted[0]} kg, the bin has {one.mass_kg}"
        if not (one.litres <= lifted[1] + EPSILON < one.litres + 1.0 + 2 * EPSILON):
            yield f"adds {lifted[1]} l, the bin has {one.litres}"
        day.kg, day.litres = stop.load_kg, stop.load_l
        day.on_board.add(one.stream)
        if day.kg > self.lorry.max_kg + EPSILON or day.litres > self.lorry.max_l + EPSILON:
            yield f"has {day.kg} kg and {day.litres} l on board, more than the lorry holds"

    def _tip(self, day: _Day, stop: Stop) -> Iterator[str]:
        tip = next((t for t in self.fleet.tip if t.id == stop.ref), None)
        if tip is None:
            return
        if stop.begins_s < tip.opens_s or (stop.begins_s > tip.closes_s and not day.may_be_late):
            yield f"begins at {stop.begins_s} s, it is open from {tip.opens_s} to {tip.closes_s} s"
        if stop.ends_s - stop.begins_s < tip.unload_s:
            yield f"unloads in {stop.ends_s - stop.begins_s} s, it takes {tip.unload_s} s"
        if tip.streams is not None and not day.on_board <= set(tip.streams):
            yield f"does not take {', '.join(sorted(day.on_board - set(tip.streams)))}"
        day.kg = day.litres = 0.0
        day.on_board.clear()

    # ---- breaks

    def _break(self, day: _Day, stop: Stop) -> Iterator[str]:
        rule = self.fleet.settings.break_
        takes = stop.ends_s - stop.begins_s
        if stop.begins_s < day.time_s or stop.arcs or stop.drive_s or stop.metres:
            yield "is no break: the lorry drives or is not there yet"
        if rule is not None and takes >= rule[2]:
            day.counted_s = 0
        day.break_s += takes
        day.time_s = stop.ends_s

    def _count(self, day: _Day, stop: Stop) -> None:
        rule = self.fleet.settings.break_
        if rule is not None:
            day.counted_s += stop.drive_s if rule[0] == "driving" else stop.ends_s - day.time_s

    def _rule(self, day: _Day) -> Iterator[str]:
        rule = self.fleet.settings.break_
        if rule is not None and day.counted_s > rule[1]:
            yield f"comes after {day.counted_s:.0f} s of {rule[0]} without a break, allowed are {rule[1]} s"

    # ---- the end

    def _end(self, day: _Day, round_: LorryRound) -> Iterator[str]:
        lorry, end = self.lorry, round_.stops[-1]
        if end.ref != lorry.home:
            yield f"ends at {end.ref}, not at {lorry.home}"
        if day.kg > 0.0 or day.litres > 0.0:
            yield f"ends with {day.kg} kg and {day.litres} l on board"
        shift_ends = self._began_s() + lorry.shift_s
        begins = round_.stops[0].ends_s
        if end.ends_s > shift_ends + lorry.overtime_s and not day.may_be_late:
            yield f"is back at {end.ends_s} s, must be at {shift_ends + lorry.overtime_s} s"
        overtime_s = max(0, end.ends_s - max(shift_ends, begins))
        if overtime_s != round_.overtime_s:
            yield f"has {overtime_s} s of overtime, claimed are {round_.overtime_s} s"
        hours = (end.ends_s - begins - day.break_s) / 3600.0
        own = (lorry.gbp_day if self._fresh() else 0.0) + lorry.gbp_km * day.metres / 1000.0
        own += lorry.gbp_h * hours + lorry.gbp_overtime_h * overtime_s / 3600.0
        if abs(own - round_.cost_gbp) > 0.01 + 0.01 * own:
            yield f"costs £{own:.2f}, claimed are £{round_.cost_gbp:.2f}"
