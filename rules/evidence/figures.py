"""A home's figures, worked out from its readings: piece by piece, so that a year takes no more memory than a month."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import date, datetime, timedelta

import numpy as np

from rules.core.evidence.contents import Home, Room
from rules.core.evidence.figures import (
    HomeFigures,
    RoomFigures,
    RoomHours,
    expected_readings,
    hours_in,
    room_figures,
)
from rules.core.evidence.hours import HourMeans, Silences
from rules.core.evidence.rows import SUSPECT_CLOCK, Digits, Reading, start_of
from rules.core.psychrometrics import Floats, vapour_pressure_pa
from rules.core.psychrometrics.shape import array
from rules.core.surface.band import assumed_factor
from rules.evidence.ports import EvidenceSource

PIECE = timedelta(days=28)
"""Of readings in memory at a time: some 8,000 of a box that reports every five minutes."""
SILENT_INTERVALS = 3
FROG, WEATHER = "frog", "weather"
AIR_C, AIR_PCT, WALL_C, OUTDOOR_C = "temperature_c", "humidity_pct", "wall_temperature_c", "air_temperature_c"


class FiguresFromReadings:
    """:class:`rules.evidence.ports.DampFigures` from raw readings."""

    def __init__(self, source: EvidenceSource) -> None:
        self._source = source

    async def of(self, home: Home, station: Room | None, from_day: date, to_day: date) -> HomeFigures:
        """Return a home's figures."""
        start, end = start_of(from_day), start_of(to_day + timedelta(days=1))
        outdoor = await self._outdoor(station, start, end)
        rooms = [await self._room(home, room, outdoor, start, end) for room in home.rooms]
        known = outdoor[0][~np.isnan(outdoor[0])]
        return HomeFigures(
            rooms=tuple(rooms),
            outdoor="" if station is None else f"weather station {station.label}",
            outdoor_mean_c=None if known.size == 0 else float(known.mean()),
            outdoor_hours=int(known.size),
        )

    async def _outdoor(self, station: Room | None, start: datetime, end: datetime) -> Floats:
        """Return temperature and vapour pressure outdoors, hour by hour."""
        hours = _hours(start, end, 2)
        if station is not None:
            fields = self._source.fields(WEATHER)
            async for rows in self._pieces(WEATHER, station, start, end):
                at_s, (air_c, air_pct) = columns(fields, sure(rows), (OUTDOOR_C, AIR_PCT))
                hours.add(at_s, air_c, array(vapour_pressure_pa(air_c, air_pct)))
        return hours.means()

    async def _room(
        self, home: Home, room: Room, outdoor: Floats, start: datetime, end: datetime
    ) -> RoomFigures:
        hours, fields = _hours(start, end, 4), self._source.fields(FROG)
        began, gone = there(room, start, end)
        silences = Silences(began, gone, SILENT_INTERVALS * room.cadence_s)
        count = doubtful = 0
        async for rows in self._pieces(FROG, room, start, end):
            trusted = sure(rows)
            count, doubtful = count + len(rows), doubtful + len(rows) - len(trusted)
            at_s, (air_c, air_pct, wall_c) = columns(fields, trusted, (AIR_C, AIR_PCT, WALL_C))
            hours.add(at_s, air_c, air_pct, array(vapour_pressure_pa(air_c, air_pct)), wall_c)
            silences.add(at_s)
        room_c, room_pct, room_pa, wall_c = hours.means()
        found = RoomHours(
            time_s=hours.times_s, room_c=room_c, room_pct=room_pct, room_pa=room_pa, wall_c=wall_c,
            outdoor_c=outdoor[0], outdoor_pa=outdoor[1],
        )  # fmt: skip
        return room_figures(
            room.label, room.device, found, assumed_factor(home.temperature_factor), readings=count, doubtful=doubtful,
            expected=expected_readings(began, gone, room.cadence_s), silences=silences.found(),
        )  # fmt: skip

    async def _pieces(
        self, kind: str, room: Room, start: datetime, end: datetime
    ) -> AsyncIterator[Sequence[Reading]]:
        for begin, stop in pieces(start, end):
            yield await self._source.readings(kind, room.device_id, begin, stop)


def pieces(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield a time in pieces of whole days."""
    while start < end:
        stop = min(start + PIECE, end)
        yield start, stop
        start = stop


def there(room: Room, start: datetime, end: datetime) -> tuple[float, float]:
    """Return from when and until when a box stood there within a time [s since 1970]; nothing is expected outside."""
    began = max(start, room.installed_at)
    gone = end if room.retired_at is None else min(end, room.retired_at)
    return began.timestamp(), max(began, gone).timestamp()


def sure(rows: Sequence[Reading]) -> list[Reading]:
    """Return the readings whose time is certain."""
    return [r for r in rows if r.quality & SUSPECT_CLOCK == 0]


def columns(
    fields: Sequence[Digits], rows: Sequence[Reading], names: Sequence[str]
) -> tuple[Floats, list[Floats]]:
    """Return times [s since 1970] and the named fields as columns; NaN where a reading has no value."""
    at_s = np.array([r.at.timestamp() for r in rows], dtype=np.float64)
    place = {f.name: i for i, f in enumerate(fields)}
    return at_s, [np.array([r.values[place[n]] for r in rows], dtype=np.float64) for n in names]


def _hours(start: datetime, end: datetime, quantities: int) -> HourMeans:
    return HourMeans(start.timestamp(), hours_in(start.timestamp(), end.timestamp()), quantities)


async def station_for(source: EvidenceSource, home: Home, from_day: date, to_day: date) -> Room | None:
    """Return the weather station that speaks for a home: the nearest that reported in the period."""
    known = {s.device_id: s for s in nearest_first(home, await source.stations())}
    there = await source.reporting(
        WEATHER, list(known), start_of(from_day), start_of(to_day + timedelta(days=1))
    )
    return known[there[0]] if there else None


def nearest_first(home: Home, stations: Sequence[Room]) -> list[Room]:
    """Return stations by their distance from the home; where a place is not known, last and by name."""
    places = [(r.latitude_deg, r.longitude_deg) for r in home.rooms]
    here = next(((a, b) for a, b in places if a is not None and b is not None), None)

    def distance(station: Room) -> tuple[float, str]:
        if here is None or station.latitude_deg is None or station.longitude_deg is None:
            return float("inf"), station.device
        east = (station.longitude_deg - here[1]) * float(np.cos(np.radians(here[0])))
        return float(np.hypot(station.latitude_deg - here[0], east)), station.device

    return sorted(stations, key=distance)
