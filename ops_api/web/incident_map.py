"""The map of an incident, drawn as SVG: roads, and what goes wrong on them. Pure; works without a script."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rules.core.alarm_spec import rank
from rules.core.incidents.model import Incident, Signal

WIDTH, HEIGHT = 640.0, 400.0
AROUND_M, LEAST_M = 1.5, 250.0
"""So much more than what it reaches is shown, and at least so much to each side [m]."""
METRES = 111_195.0
LETTERS = {"bins": "B", "roads": "R", "devices": "D", "platform": "P", "reports": "?"}


@dataclass(frozen=True, slots=True)
class Box:
    """What is shown [°]."""

    south: float
    west: float
    north: float
    east: float

    def at(self, latitude_deg: float, longitude_deg: float) -> tuple[float, float]:
        """Return a place in the picture."""
        x = (longitude_deg - self.west) / (self.east - self.west) * WIDTH
        y = (self.north - latitude_deg) / (self.north - self.south) * HEIGHT
        return round(x, 1), round(y, 1)


@dataclass(frozen=True, slots=True)
class Road:
    """A stretch of road: its line, its class, its street's name."""

    points: str
    look: str
    street: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A place where something is wrong: how bad, whether it is over, and a letter for its service."""

    x: float
    y: float
    severity: str
    is_over: bool
    letter: str
    says: str


@dataclass(frozen=True, slots=True)
class Name:
    """A street's name, written once."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """All of it; ``says``: the same in words."""

    roads: tuple[Road, ...]
    marks: tuple[Mark, ...]
    names: tuple[Name, ...]
    says: str
    width: float = WIDTH
    height: float = HEIGHT


def box_of(incident: Incident) -> Box | None:
    """Return what is to be shown of an incident; None: it has no place."""
    lat, lon = incident.latitude_deg, incident.longitude_deg
    if lat is None or lon is None or abs(lat) > 85.0:
        return None
    up_m = max(incident.reach_m * AROUND_M, LEAST_M)
    side_m = up_m * WIDTH / HEIGHT
    d_lat, d_lon = up_m / METRES, side_m / (METRES * math.cos(math.radians(lat)))
    return Box(lat - d_lat, lon - d_lon, lat + d_lat, lon + d_lon)


def picture(
    box: Box,
    roads: Sequence[Mapping[str, Any]],
    signals: Sequence[Signal],
    pin: tuple[float, float] | None = None,
) -> Picture:
    """Return the map. ``roads``: rows of the query ``incident_roads``; ``pin``: where a person says that it is [°]."""
    placed = [s for s in signals if s.latitude_deg is not None and s.longitude_deg is not None]
    order = sorted(placed, key=lambda s: (s.ended_s is None, rank(s.severity), s.key))
    marks = tuple(_mark(box, s) for s in order)
    if pin is not None:
        marks = (Mark(*box.at(*pin), "pin", False, "+", "Where a person says that it is"), *marks)
    words = "; ".join(dict.fromkeys(m.says for m in reversed(marks)))
    return Picture(
        roads=tuple(_road(box, r) for r in roads),
        marks=marks,
        names=_names(box, roads),
        says=f"Map of the streets around it. {words}." if words else "Map of the streets around it.",
    )


def _road(box: Box, row: Mapping[str, Any]) -> Road:
    points = " ".join("{},{}".format(*box.at(lat, lon)) for lon, lat in row["line"])
    return Road(points, str(row["road_class"]).lower(), str(row["street"]))


def _mark(box: Box, s: Signal) -> Mark:
    assert s.latitude_deg is not None, "only placed ones are drawn"
    assert s.longitude_deg is not None
    x, y = box.at(s.latitude_deg, s.longitude_deg)
    over = ", over" if s.ended_s is not None else ""
    says = f"{s.title}{f', {s.street}' if s.street else ''}{over}"
    return Mark(x, y, s.severity, s.ended_s is not None, LETTERS.get(s.service, "!"), says)


def _names(box: Box, roads: Sequence[Mapping[str, Any]]) -> tuple[Name, ...]:
    """Return the streets' names, each at the middle of its stretch that is nearest to the middle of the picture."""
    best: dict[str, tuple[float, float, float]] = {}
    for row in roads:
        lon, lat = row["line"][len(row["line"]) // 2]
        (x, y), street = box.at(lat, lon), str(row["street"])
        away = math.hypot(x - WIDTH / 2, y - HEIGHT / 2)
        if 40 < x < WIDTH - 40 and 14 < y < HEIGHT - 8 and away < best.get(street, (math.inf, 0, 0))[0]:
            best[street] = (away, x, y)
    chosen: list[Name] = []
    for street, (_, x, y) in sorted(best.items(), key=lambda kv: kv[1]):
        # Two names on one place are none.
        if all(abs(y - n.y) > 16 or abs(x - n.x) > 110 for n in chosen):
            chosen.append(Name(x, round(y - 5, 1), street))
    return tuple(chosen[:14])
