"""Moisture events of a room, with the diary's word beside them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np

from rules.core.analyst.days import AROUND_S, HOUR_S, begins_s, ends_s
from rules.core.analyst.hours import RoomHours, kept_one
from rules.core.analyst.model import EventRow, Series
from rules.core.analyst.outdoors import Outdoors
from rules.core.moisture_events.diary import Entry, match
from rules.core.moisture_events.drying import find_drying, look_back_s
from rules.core.moisture_events.find import find
from rules.core.moisture_events.model import Activity, Band, Event
from rules.core.moisture_events.parameters import DiaryParameters, MoistureParameters

Span = tuple[date, date, MoistureParameters, float]
"""Days, from and to, that have the same parameters and the same offset of local time from UTC [s]."""


def events_of(
    readings: Series, hours: RoomHours, outdoors: Outdoors, spans: Sequence[Span], zone: ZoneInfo
) -> list[Event]:
    """Return the events that begin within the days, and some hours before the first, in order of time.

    Args:
        readings: from :func:`rules.core.analyst.days.read_from_s` on.
        hours: of the room, as far back as is kept.
        outdoors: of the town.
        spans: the days, with their parameters.
        zone: of local days.
    """
    found: list[Event] = []
    for number, (first, last, p, offset_s) in enumerate(spans):
        from_s = begins_s(first, zone) - (AROUND_S if number == 0 else 0.0)
        to_s = ends_s(last, zone)
        quick = find(
            readings.at_s, readings.temperature_c, readings.humidity_pct, p, outdoors.as_outdoor(),
            local_offset_s=offset_s, from_s=from_s, until_s=to_s,
        )  # fmt: skip
        h = hours.part(from_s - look_back_s(p), np.inf)
        slow = find_drying(
            h.at_s + 0.5 * HOUR_S,
            h.room_c,
            h.humidity_pct,
            p,
            outdoors.as_outdoor(),
            from_s=from_s,
            until_s=to_s,
        )
        found += [*quick.events, *slow]
    return sorted(found, key=lambda e: e.start_s)


def spans_of(days: Sequence[date], parameters: Sequence[MoistureParameters], zone: ZoneInfo) -> list[Span]:
    """Return runs of days, which follow each other, that are worked out in one go with the same result."""
    spans: list[Span] = []
    for day, p in zip(days, parameters, strict=True):
        same = p, _offset_s(day, zone)
        if spans and spans[-1][2:] == same:
            spans[-1] = (spans[-1][0], day, *same)
        else:
            spans.append((day, day, *same))
    return spans


def told(
    rooms: Sequence[Sequence[Event]], diary: Sequence[tuple[int, Entry]], p: DiaryParameters
) -> list[list[int | None]]:
    """Return for each event of each room the number of the diary's entry that tells of it.

    An entry tells of one event of the home: the nearest, in whichever room it is.
    """
    places = {_key(e): (room, i) for room, events in enumerate(rooms) for i, e in enumerate(events)}
    every = [e for events in rooms for e in events]
    found: list[list[int | None]] = [[None] * len(events) for events in rooms]
    number = {id(entry): n for n, entry in diary}
    for entry, event in match([entry for _, entry in diary], every, p).pairs:
        room, i = places[_key(event)]
        found[room][i] = number[id(entry)]
    return found


def rows_of(events: Sequence[Event], entries: Sequence[int | None], from_s: float) -> tuple[EventRow, ...]:
    """Return the events that begin at ``from_s`` or later as they are kept."""
    return tuple(
        _row(event, entry) for event, entry in zip(events, entries, strict=True) if event.start_s >= from_s
    )


def as_event(row: EventRow, activity: Activity | None = None) -> Event:
    """Return a kept event as the core takes it; its level before is not kept, only the rise."""
    return Event(
        start_s=row.started_s,
        peak_s=row.peak_s,
        end_s=row.ended_s,
        baseline_g_m3=0.0,
        peak_g_m3=row.rise_g_m3,
        grams=Band(low=row.grams_low, middle=row.grams, high=row.grams_high),
        full=row.full_air,
        half_min=row.half_min,
        clear_min=row.clear_min,
        aired=row.aired,
        outdoor_explains=None if not row.outdoor_known else not row.of_household,
        rebound=not row.of_household and not row.outdoor_known,
        activity=row.activity if activity is None else activity,  # type: ignore[arg-type]
        confidence=row.confidence,
    )


def _key(e: Event) -> tuple[float, float, float, float]:
    return e.start_s, e.peak_s, e.peak_g_m3, e.grams.middle


def _offset_s(day: date, zone: ZoneInfo) -> float:
    offset = datetime.fromtimestamp(begins_s(day, zone), zone).utcoffset()
    return 0.0 if offset is None else offset.total_seconds()


def _row(e: Event, entry: int | None) -> EventRow:
    return EventRow(
        started_s=e.start_s,
        peak_s=e.peak_s,
        ended_s=float(np.round(e.end_s)),
        activity=e.activity,
        confidence=kept_one(e.confidence),
        rise_g_m3=kept_one(e.rise_g_m3),
        grams_low=kept_one(e.grams.low),
        grams=kept_one(e.grams.middle),
        grams_high=kept_one(e.grams.high),
        full_air=e.full,
        half_min=None if e.half_min is None else kept_one(e.half_min),
        clear_min=None if e.clear_min is None else kept_one(e.clear_min),
        aired=e.aired,
        of_household=e.of_the_household,
        outdoor_known=e.outdoor_explains is not None,
        diary_entry_id=entry,
    )
