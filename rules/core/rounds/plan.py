"""A day's rounds as they are planned, kept and shown.

Times are whole seconds after ``day_s``, local midnight of the service day [s since 1970].
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, pairwise
from typing import Literal

import msgspec

from rules.core.rounds.model import Candidate, Lock, LorryNow, Place

StopKind = Literal["start", "bin", "tip", "break", "end"]


class Stop(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that a lorry does at a place, and the way to it.

    Attributes:
        kind: ``start`` where the lorry is when the plan takes it up, ``end`` at its depot.
        ref: the bin's, tip's or depot's id; of a break the same as of the stop where it is taken.
        place: where.
        arrive_s: when the lorry is there; from then to ``begins_s`` it waits.
        begins_s, ends_s: emptying, unloading or the break.
        trip: number of the trip, from 0; a tip ends one.
        load_kg, load_l: on board afterwards.
        drive_s, metres: of the way here [s, m].
        arcs: the streets of the way here, as numbers of the network's arcs, in order: the first may be the one on
            which the lorry stands, the last the one on which it stops.
    """

    kind: StopKind
    ref: str
    place: Place
    arrive_s: int
    begins_s: int
    ends_s: int
    trip: int = 0
    load_kg: float = 0.0
    load_l: float = 0.0
    drive_s: int = 0
    metres: int = 0
    arcs: tuple[int, ...] = ()


class LorryRound(msgspec.Struct, frozen=True, kw_only=True):
    """What one lorry does on the day.

    Attributes:
        lorry_id: of the fleet.
        stops: in order; the first is ``start``, the last ``end``. Empty where it stays in its depot.
        overtime_s: beyond the shift.
        cost_gbp: of the lorry, its way, its crew and the overtime.
    """

    lorry_id: str
    stops: tuple[Stop, ...] = ()
    overtime_s: int = 0
    cost_gbp: float = 0.0

    @property
    def bins(self) -> tuple[str, ...]:
        """Bins in the order in which they are emptied."""
        return tuple(s.ref for s in self.stops if s.kind == "bin")

    @property
    def trips(self) -> tuple[tuple[Stop, ...], ...]:
        """The stops, parted after each tip."""
        return tuple(tuple(group) for _, group in groupby(self.stops, key=lambda s: s.trip))

    @property
    def begins_s(self) -> int | None:
        """When it sets out; None where it stays."""
        return self.stops[0].begins_s if self.stops else None

    @property
    def ends_s(self) -> int | None:
        """When it is back; None where it stays."""
        return self.stops[-1].ends_s if self.stops else None

    @property
    def metres(self) -> int:
        """Of the whole round [m]."""
        return sum(s.metres for s in self.stops)

    @property
    def drive_s(self) -> int:
        """Driving time [s]."""
        return sum(s.drive_s for s in self.stops)

    @property
    def break_s(self) -> int:
        """Time of breaks [s]."""
        return sum(s.ends_s - s.begins_s for s in self.stops if s.kind == "break")

    @property
    def lifted_kg(self) -> float:
        """Emptied into it [kg]."""
        return sum(b.load_kg - a.load_kg for a, b in self._lifts)

    @property
    def lifted_l(self) -> float:
        """Emptied into it, as loose waste [l]."""
        return sum(b.load_l - a.load_l for a, b in self._lifts)

    @property
    def _lifts(self) -> list[tuple[Stop, Stop]]:
        return [(a, b) for a, b in pairwise(self.stops) if b.kind == "bin"]


class NotCollected(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate that no lorry empties.

    Attributes:
        code: ``not_worth`` (a may-go whose prize is less than its way), ``no_room`` (a must-go for which neither time
            nor room is left), ``stranded`` (no lorry's streets lead to it and on), ``no_lorry`` (none takes its
            stream, or its load), ``window``, ``skipped``.
        why: in words.
    """

    bin_id: str
    must: bool
    code: str
    why: str
    p_overflow: float = 0.0


class Costs(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan comes to.

    Attributes:
        lorries_gbp: of all lorries' rounds.
        left_gbp: prizes of what is not collected: rho times the chance of an overflow, and of each must-go not met.
    """

    lorries_gbp: float
    left_gbp: float

    @property
    def total_gbp(self) -> float:
        """What a planner makes small."""
        return self.lorries_gbp + self.left_gbp


class MadeFrom(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan was made from.

    Attributes:
        candidates: all of them, also those that no lorry empties.
        now: lorries that the plan takes up on their way.
        locks: what crews and dispatchers have fixed.
        planner, seed, iterations: how.
        roads: stamp of the network, by which ``Stop.arcs`` are numbered.
        after: words on the plan that this one takes the place of; empty for the day's first.
        closed: stretches that nobody may drive while it counts, and why.
    """

    candidates: tuple[Candidate, ...]
    now: tuple[LorryNow, ...] = ()
    locks: tuple[Lock, ...] = ()
    planner: str = ""
    seed: int = 0
    iterations: int = 0
    roads: str = ""
    after: str = ""
    closed: dict[str, str] = {}


class RoundPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A day's rounds.

    Attributes:
        day: local date, ``2026-06-13``; ``day_s``: its midnight [s since 1970].
        rounds: of each lorry of the fleet, in its order; of one that stays without stops.
        not_collected: every candidate that is in no round, with the reason; must-go bins first.
        notes: in words, what whoever reads the plan should know: musts not met, a warm start that stayed.
    """

    day: str
    day_s: int
    rounds: tuple[LorryRound, ...]
    not_collected: tuple[NotCollected, ...]
    costs: Costs
    made_from: MadeFrom
    notes: tuple[str, ...] = ()

    @property
    def lorry_of(self) -> dict[str, str]:
        """By bin, the lorry that empties it."""
        return {bin_id: r.lorry_id for r in self.rounds for bin_id in r.bins}

    @property
    def missed(self) -> tuple[NotCollected, ...]:
        """Must-go bins that are not met."""
        return tuple(n for n in self.not_collected if n.must)

    @property
    def metres(self) -> int:
        """Of all rounds [m]."""
        return sum(r.metres for r in self.rounds)

    def stops_of(self, bin_id: str) -> Iterator[tuple[LorryRound, Stop]]:
        """Yield where a bin is emptied."""
        for r in self.rounds:
            yield from ((r, s) for s in r.stops if s.kind == "bin" and s.ref == bin_id)
