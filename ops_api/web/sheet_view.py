"""The driver's route sheet: decision, salt to load, and the roads in driving order."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ops_api.web import words
from ops_api.web.brand import Brand
from ops_api.web.winter_view import RouteRow, route_row

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """Consecutive stretches of one street driven alike."""

    number: int
    street: str
    treat: bool
    length: str
    from_km: str
    note: str


@dataclass(frozen=True, slots=True)
class SheetView:
    """The page's content; ``plan`` is the drive as an SVG path, ``spread`` its treated part."""

    route: RouteRow
    depot: str
    date: str
    headline: str
    salt: str
    drive: str
    steps: tuple[Step, ...]
    plan: str
    spread: str
    depot_at: tuple[float, float] | None
    plan_width: int
    plan_height: int


def salt_kg(legs: Sequence[Row], widths_m: Mapping[str, float], rate_g_m2: float) -> float:
    """Return the salt that the treated legs take [kg]: length x width x rate."""
    area_m2: float = sum(
        leg["length_m"] * widths_m.get(str(leg["segment_id"]), 0.0) for leg in legs if leg.get("treat")
    )
    return area_m2 * rate_g_m2 / 1000


def _steps(legs: Sequence[Row], bridges: set[str]) -> tuple[Step, ...]:
    groups: list[list[Row]] = []
    for leg in legs:
        last = groups[-1][-1] if groups else None
        if last is not None and (last["street"], last.get("treat")) == (leg["street"], leg.get("treat")):
            groups[-1].append(leg)
        else:
            groups.append([leg])
    steps, driven_m = [], 0.0
    for number, group in enumerate(groups, start=1):
        length_m = sum(leg["length_m"] for leg in group)
        bridge = any(str(leg["segment_id"]) in bridges for leg in group)
        steps.append(
            Step(
                number=number,
                street=str(group[0]["street"]),
                treat=bool(group[0].get("treat")),
                length=distance(length_m),
                from_km=f"{words.number(driven_m / 1000, 1)} km",
                note="Bridge" if bridge else "",
            )
        )
        driven_m += length_m
    return tuple(steps)


def distance(length_m: float) -> str:
    """Return metres below a kilometre (rounded to 10 m), kilometres above."""
    return f"{round(length_m / 10) * 10} m" if length_m < 995 else f"{words.number(length_m / 1000, 1)} km"


class PlanFit:
    """Equirectangular fit of longitudes and latitudes into a box, north up."""

    def __init__(self, points: Sequence[Sequence[float]], width: int, height: int, margin: int = 12) -> None:
        lons, lats = [p[0] for p in points], [p[1] for p in points]
        self.west, self.north = min(lons), max(lats)
        # A degree of longitude is shorter than one of latitude by the cosine of the latitude.
        self.squeeze = _cos_deg((min(lats) + max(lats)) / 2)
        span_x = max((max(lons) - self.west) * self.squeeze, 1e-9)
        span_y = max(self.north - min(lats), 1e-9)
        self.scale = min((width - 2 * margin) / span_x, (height - 2 * margin) / span_y)
        self.dx = (width - span_x * self.scale) / 2
        self.dy = (height - span_y * self.scale) / 2

    def at(self, point: Sequence[float]) -> tuple[float, float]:
        """Return where a position (longitude, latitude) [°] is [px]."""
        x = self.dx + (point[0] - self.west) * self.squeeze * self.scale
        y = self.dy + (self.north - point[1]) * self.scale
        return round(x, 1), round(y, 1)

    def path(self, points: Sequence[Sequence[float]]) -> str:
        """Return a line as the data of an SVG path."""
        return "".join(f"{'ML'[i > 0]}{x} {y}" for i, (x, y) in enumerate(self.at(p) for p in points))


def _cos_deg(angle: float) -> float:
    return math.cos(math.radians(angle))


def view(
    route: Row,
    segments: Sequence[Row],
    depot: Row | None,
    *,
    now: datetime,
    brand: Brand,
    size: tuple[int, int] = (640, 420),
) -> SheetView:
    """Return the sheet of one route.

    Args:
        route: row of ``routes``.
        segments: rows of ``segments``, at least those of the route.
        depot: its row of ``depots``.
        now: the time it is in the town.
        brand: name and time zone.
        size: width and height of the plan [px].
    """
    state = route["state"] or {}
    drive = state.get("drive") or {}
    legs: Sequence[Row] = drive.get("legs") or ()
    by_id = {str(s["segment_id"]): s for s in segments}
    row = route_row(route, {k: str(s["street"]) for k, s in by_id.items()}, brand, now)
    rate = state.get("spread_rate_g_m2")
    geometry = drive.get("geometry") or []
    treated = [
        s["geometry"]
        for s in (by_id.get(str(leg["segment_id"])) for leg in legs if leg.get("treat"))
        if s and s["geometry"]
    ]
    plan = PlanFit([*geometry, *(p for line in treated for p in line)], *size) if geometry else None
    passes = int(state.get("passes") or 1)
    kg = None if rate is None else passes * salt_kg(legs, {k: s["width_m"] for k, s in by_id.items()}, rate)
    return SheetView(
        route=row,
        depot=str(route["depot"]),
        date=words.long_date(now, brand.time_zone),
        headline=_headline(row),
        salt="–" if kg is None or row.outcome != "treat" else f"{words.number(kg / 1000, 2)} t",
        drive=f"{words.number(drive.get('km'), 1)} km, {words.number(drive.get('minutes'))} minutes"
        if legs
        else "–",
        steps=_steps(legs, {k for k, s in by_id.items() if s["bridge"]}),
        plan=plan.path(geometry) if plan else "",
        spread="".join(plan.path(line) for line in treated) if plan else "",
        depot_at=plan.at((depot["longitude_deg"], depot["latitude_deg"])) if plan and depot else None,
        plan_width=size[0],
        plan_height=size[1],
    )


def _headline(row: RouteRow) -> str:
    if row.outcome != "treat":
        return f"{row.status_name}: nothing to spread on this route now"
    by = "" if row.treat_by == "–" else f", finished by {row.treat_by}"
    return f"Spread {row.rate}{by}"
