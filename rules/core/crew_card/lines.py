"""A lorry's round as its crew reads it: a line for each stop, with why it is on the list and the way there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from devices.registry import BinSite
from rules.core.cab.turns import street_of
from rules.core.network.network import Network
from rules.core.rounds.fleet import RoundFleet
from rules.core.rounds.model import Candidate, Place
from rules.core.rounds.plan import LorryRound, Stop, StopKind

WAY_STREETS = 6
"""A way through more streets is told by its first and its last ones: who drives knows the town."""
_DO = {"start": "Set out", "tip": "Unload", "break": "Break", "end": "Back in the yard"}


@dataclass(frozen=True, slots=True)
class Line:
    """A stop.

    Attributes:
        number: of a bin, from 1; empty for what is no bin.
        kind, ref, place, stop: as planned.
        title: address of a bin, or what is done.
        about: of a bin its street, stream and number; of a tip its hours.
        why: why the bin is on the list, in words.
        must: whether it has to be emptied.
        litres: that are expected in it; None: no bin.
        way: streets that lead here, in order; empty where the roads are no longer the plan's.
        at_m: driven so far [m].
    """

    number: str
    kind: StopKind
    ref: str
    place: Place
    title: str
    about: str
    why: str
    must: bool
    litres: float | None
    way: tuple[str, ...]
    at_m: int
    stop: Stop


def lines_of(
    round_: LorryRound,
    candidates: Sequence[Candidate],
    sites: Mapping[str, BinSite],
    fleet: RoundFleet,
    network: Network | None,
) -> tuple[Line, ...]:
    """Return a lorry's lines, one for each stop.

    Args:
        round_: of the lorry.
        candidates: that the plan was made from.
        sites: bins by id; one that was taken away keeps its number.
        fleet: of the plan: hours of tips.
        network: that ``Stop.arcs`` number; None: it has changed since.
    """
    known = {c.bin_id: c for c in candidates}
    hours = {t.id: (t.opens, t.closes) for t in fleet.tip}
    found, number, metres = [], 0, 0
    for stop in round_.stops:
        metres += stop.metres
        way = () if network is None else tuple(_streets(network, stop.arcs))
        if stop.kind == "bin":
            number += 1
            found.append(_bin(str(number), stop, known.get(stop.ref), sites.get(stop.ref), way, metres))
        else:
            title = _DO[stop.kind] + (f" at {stop.ref}" if stop.kind == "tip" else "")
            about = _open(hours.get(stop.ref)) if stop.kind == "tip" else ""
            found.append(
                Line("", stop.kind, stop.ref, stop.place, title, about, "", False, None, way, metres, stop)
            )
    return tuple(found)


def way_words(way: Sequence[str]) -> str:
    """Return a way as one says it; of a long one the ends."""
    if len(way) <= WAY_STREETS:
        return ", ".join(way)
    half = WAY_STREETS // 2
    return ", ".join((*way[:half], "…", *way[-half:]))


def line_of(round_: LorryRound, network: Network | None) -> list[tuple[float, float]]:
    """Return the way, (longitude, latitude) [°]: along the streets, or from stop to stop where they have changed."""
    points: list[tuple[float, float]] = []
    for stop in round_.stops:
        if network is not None:
            for arc in stop.arcs:
                points += network.line(arc)
        points.append((stop.place.longitude_deg, stop.place.latitude_deg))
    return [p for n, p in enumerate(points) if n == 0 or p != points[n - 1]]


def _bin(
    number: str, stop: Stop, c: Candidate | None, site: BinSite | None, way: tuple[str, ...], metres: int
) -> Line:
    title = stop.ref if site is None else site.label
    told = ([] if site is None else [site.street, site.stream]) + [stop.ref]
    about = " · ".join(dict.fromkeys(t for t in told if t and t not in title))
    return Line(
        number, stop.kind, stop.ref, stop.place, title, about, "" if c is None else c.why or c.code,
        c is not None and c.must, None if c is None else c.litres, way, metres, stop,
    )  # fmt: skip


def _streets(network: Network, arcs: Sequence[int]) -> Iterator[str]:
    last = ""
    for arc in arcs:
        if (name := street_of(network, arc)) != last:
            yield name
            last = name


def _open(hours: tuple[str, str] | None) -> str:
    if hours is None or hours == ("00:00", "24:00"):
        return ""
    return f"open {hours[0]} to {hours[1]}"
