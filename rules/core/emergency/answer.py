"""The answer to "how do we get there": the way, how sure its time is, what is slippery on it, what else there is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

import msgspec

from rules.core.emergency.graph import WayGraph
from rules.core.emergency.parameters import SURFACES
from rules.core.emergency.places import part
from rules.core.emergency.search import Found, timed
from rules.core.emergency.surface import Conditions, Paces
from rules.core.psychrometrics import Floats


class StreetStep(msgspec.Struct, frozen=True, kw_only=True):
    """A street of a way, from where one turns into it.

    Attributes:
        metres, seconds: driven on it.
        surfaces: states of its stretches, the most slippery first; ``icy``: whether any may be icy; ``treated``:
            whether salt lies on all that may be.
        age_min: of the oldest that is known of them; None: of some nothing is.
        ice_pct: the highest chance of ice that is forecast; None: none is.
        against: whether it is driven against a one-way street.
    """

    street: str
    metres: float
    seconds: float
    surfaces: tuple[str, ...]
    icy: bool
    treated: bool
    age_min: float | None
    ice_pct: int | None
    against: bool = False


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """A way, from a station to the place.

    Attributes:
        station: its id.
        minutes: usual; ``fast_min`` to ``slow_min`` is where it lies in 8 of 10 cases, as far as the surface decides.
        dry_min: of the same way on dry roads.
        metres: of all of it; ``icy_m``: that may be icy; ``bare_m``: of these without salt; ``unsure_m``: of which
            nothing recent is known.
        streets: in driving order.
        line: (longitude, latitude) [°].
        segments: in driving order.
    """

    station: str
    minutes: float
    fast_min: float
    slow_min: float
    dry_min: float
    metres: float
    icy_m: float
    bare_m: float
    unsure_m: float
    streets: tuple[StreetStep, ...]
    line: tuple[tuple[float, float], ...]
    segments: tuple[str, ...]


@dataclass(frozen=True)
class Roads:
    """The roads as they are now for a kind of vehicle: graph, what is known, paces, when that is old [s]."""

    graph: WayGraph
    conditions: Conditions
    paces: Paces
    stale_s: float
    closed: Mapping[int, str]


@dataclass(frozen=True)
class _Driven:
    """An arc of a way: from which to which share, time and turn [s]."""

    arc: int
    segment: int
    begin: float
    end: float
    seconds: float
    metres: float


def way_of(roads: Roads, station: str, found: Found) -> Way:
    """Return a way in words and numbers."""
    driven = _driven(roads, found)
    usual, fast, slow, dry = (_total_s(roads, found, pace) for pace in _all_paces(roads))
    icy = [d for d in driven if roads.paces.icy[d.segment]]
    unsure = [d for d in driven if roads.conditions.age_s[d.segment] > roads.stale_s]
    network = roads.graph.network
    return Way(
        station=station, minutes=_min(usual), fast_min=_min(fast), slow_min=_min(slow), dry_min=_min(dry),
        metres=_m(driven), icy_m=_m(icy), bare_m=_m([d for d in icy if not roads.paces.treated[d.segment]]),
        unsure_m=_m(unsure), streets=tuple(_streets(roads, driven)), line=tuple(_line(roads.graph, driven)),
        segments=tuple(network.segments[s].segment_id for s, _ in groupby(d.segment for d in driven)),
    )  # fmt: skip


def _all_paces(roads: Roads) -> tuple[Floats, ...]:
    p = roads.paces
    return p.usual, p.fast, p.slow, p.usual * 0.0 + 1.0


def _total_s(roads: Roads, found: Found, pace: Floats) -> float:
    arc_s = roads.graph.dry_s * pace[roads.graph.segment_of]
    return sum(d + t for d, t in timed(roads.graph, found.arcs, found.first, found.last, arc_s))


def _driven(roads: Roads, found: Found) -> list[_Driven]:
    g = roads.graph
    arc_s = g.dry_s * roads.paces.usual[g.segment_of]
    rows = []
    last = len(found.arcs) - 1
    for n, (arc, (drive, turn)) in enumerate(
        zip(found.arcs, timed(g, found.arcs, found.first, found.last, arc_s), strict=True)
    ):
        begin, end = (found.first if n == 0 else 0.0), (found.last if n == last else 1.0)
        a = g.network.arcs[arc]
        rows.append(_Driven(arc, a.segment, begin, end, drive + turn, (end - begin) * a.length_m))
    return rows


def _streets(roads: Roads, driven: list[_Driven]) -> list[StreetStep]:
    segments, g = roads.graph.network.segments, roads.graph

    def named(d: _Driven) -> tuple[str, bool]:
        s = segments[d.segment]
        return s.street or s.ref or s.segment_id, d.arc in g.against

    return [_street(roads, name, against, list(part)) for (name, against), part in groupby(driven, named)]


def _street(roads: Roads, name: str, against: bool, part: list[_Driven]) -> StreetStep:
    c, p = roads.conditions, roads.paces
    rows = [d.segment for d in part]
    icy = [s for s in rows if p.icy[s]]
    codes = sorted({int(c.code[s]) for s in rows}, key=_slipperiness)
    ages = [float(c.age_s[s]) for s in rows]
    chances = [float(c.p_ice[s]) for s in rows if c.p_ice[s] == c.p_ice[s]]
    return StreetStep(
        street=name, metres=round(sum(d.metres for d in part)), seconds=round(sum(d.seconds for d in part), 1),
        surfaces=tuple(SURFACES[code] for code in codes), icy=bool(icy), treated=bool(icy) and all(bool(p.treated[s]) for s in icy),
        age_min=None if max(ages) == float("inf") else round(max(ages) / 60.0, 1),
        ice_pct=round(100.0 * max(chances)) if chances else None, against=against,
    )  # fmt: skip


def _slipperiness(code: int) -> int:
    return ("ice", "snow", "hoar", "unknown", "wet", "damp", "dry").index(SURFACES[code])


def _line(g: WayGraph, driven: list[_Driven]) -> list[tuple[float, float]]:
    points: list[tuple[float, float]] = []
    for d in driven:
        for x, y in part(g.network.line(d.arc), d.begin, d.end):
            point = (round(x, 6), round(y, 6))
            if not points or points[-1] != point:
                points.append(point)
    return points


def _m(driven: list[_Driven]) -> float:
    return round(sum(d.metres for d in driven))


def _min(seconds: float) -> float:
    return round(seconds / 60.0, 2)
