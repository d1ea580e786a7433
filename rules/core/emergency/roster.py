"""Where emergency vehicles stand, as an authority writes it down (TOML): stations and what is in each."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec

from devices.registry import Depot, RoadNode

STAND_IN = "No stations are written down: the depots stand in for them (`cityops ops stations FILE`)."


class Station(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A station: name, label, place [°, WGS 84] and the kinds of vehicle in it; none: all."""

    id: str
    label: str
    latitude_deg: float
    longitude_deg: float
    vehicles: tuple[str, ...] = ()


class EmergencyRoster(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All stations."""

    station: tuple[Station, ...]

    def of(self, vehicle: str) -> tuple[Station, ...]:
        """Return the stations that have a kind of vehicle."""
        return tuple(s for s in self.station if not s.vehicles or vehicle in s.vehicles)


def checked(roster: EmergencyRoster, vehicles: Collection[str]) -> EmergencyRoster:
    """Return the roster itself; ValueError naming what is wrong and what is allowed."""
    ids = [s.id for s in roster.station]
    if not ids:
        raise ValueError("stations: there is none")
    for s in roster.station:
        if not s.id.strip() or ids.count(s.id) > 1:
            raise ValueError(f"station {s.id!r}: the id is empty or there twice")
        if not (-90.0 <= s.latitude_deg <= 90.0 and -180.0 <= s.longitude_deg <= 180.0):
            raise ValueError(f"station {s.id}: {s.latitude_deg}, {s.longitude_deg} is no place in degrees")
        for name in s.vehicles:
            if name not in vehicles:
                raise ValueError(f"station {s.id}: no vehicle {name!r}; there are {', '.join(vehicles)}")
    return roster


def stand_ins(depots: Iterable[Depot], nodes: Iterable[RoadNode]) -> EmergencyRoster:
    """Return depots as stations with all kinds of vehicle: where nobody has written any down."""
    at = {n.node_id: n for n in nodes}
    return EmergencyRoster(
        station=tuple(
            Station(
                id=d.depot_id, label=d.label, latitude_deg=at[d.node_id].latitude_deg,
                longitude_deg=at[d.node_id].longitude_deg,
            )
            for d in depots
            if d.node_id in at
        )
    )  # fmt: skip
