"""Homes' days, events and findings from readings: the same readings give the same rows, however they are cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

import numpy as np

from rules.core.analyst import honesty, walls
from rules.core.analyst.calibrate import applied, calibrated
from rules.core.analyst.days import AHEAD, LOOK_BACK_DAYS, begins_s, days_between, ends_s, hours_in
from rules.core.analyst.events import events_of, rows_of, spans_of, told
from rules.core.analyst.finding import findings_of
from rules.core.analyst.hours import RoomHours, hours_kept, hours_of, joined, kept_one, mean_or_none, plain
from rules.core.analyst.model import Day, HomeInput, HomeResult, RoomInput, RoomResult, Series
from rules.core.analyst.outdoors import Outdoors
from rules.core.analyst.rules import DampRules
from rules.core.analyst.settings import mould_settings, of_room
from rules.core.analyst.weeks import RoomWeeks
from rules.core.moisture_events.model import Event
from rules.core.psychrometrics import Floats


@dataclass(slots=True)
class _Room:
    """A room at work: its readings, calibrated, and its hours by day."""

    home: HomeInput
    given: RoomInput
    readings: Series
    before: RoomHours
    hours: dict[date, RoomHours]
    state: bytes
    done: list[Day] = field(default_factory=list)

    def has_begun(self, until_s: float) -> bool:
        """Whether it has measured anything before a time [s since 1970]: there are no days before that."""
        first_s = self.readings.at_s[0] if len(self.readings) else np.inf
        return bool(self.given.before) or bool(self.done) or bool(first_s < until_s)

    @property
    def every_hour(self) -> RoomHours:
        """All hours that are known of it."""
        found = self.before
        for day in sorted(self.hours):
            found = joined(found, self.hours[day])
        return found


def analyse(homes: Sequence[HomeInput], outdoors: Outdoors, rules: DampRules) -> tuple[HomeResult, ...]:
    """Return what is to be written of homes, in their order.

    Args:
        homes: whose days are due, with readings.
        outdoors: of the town, from :data:`LOOK_BACK_DAYS` before the first day that is due.
        rules: parameters.
    """
    work = [[_room(home, room, rules) for room in home.rooms] for home in homes]
    for day in sorted({day for home in homes for day in days_between(home.due, home.last)}):
        mine = [r for r, home in zip(work, homes, strict=True) if r and home.due <= day <= home.last]
        _work_out(day, mine, outdoors, rules)
    return tuple(_result(home, rooms, outdoors, rules) for home, rooms in zip(homes, work, strict=True))


def _room(home: HomeInput, room: RoomInput, rules: DampRules) -> _Room:
    readings = calibrated(room.series, room.calibrations)
    hours = {
        day: hours_of(readings, begins_s(day, rules.zone), hours_in(day, rules.zone))
        for day in days_between(home.due, home.last + AHEAD)
    }
    state = room.before[-1].mould_state if room.before else walls.start_state()
    return _Room(home, room, readings, hours_kept(room.before), hours, state)


def _work_out(day: date, homes: Sequence[Sequence[_Room]], outdoors: Outdoors, rules: DampRules) -> None:
    """Work out a day of every room: the mould index of all of them at once."""
    at_s = begins_s(day, rules.zone)
    groups: dict[object, list[tuple[_Room, list[_Room], walls.Factor, walls.Wall]]] = {}
    for rooms in homes:
        catalogue = rules.of_home(rooms[0].home.code, at_s)
        band, mould = catalogue.damp_band.parameters, catalogue.damp_mould.parameters
        for room in rooms:
            if not room.has_begun(ends_s(day, rules.zone)):
                continue
            learn_from = at_s - band.learn.days * 86_400.0
            before = room.every_hour.part(learn_from, at_s)
            factor = walls.factor_of(before, outdoors, room.home.temperature_factor, band)
            wall = walls.wall_of(room.hours[day], outdoors, factor, band)
            groups.setdefault((mould, band.limit_pct), []).append((room, list(rooms), factor, wall))
    for group in groups.values():
        band = rules.of_home(group[0][0].home.code, at_s).damp_band.parameters
        settings = mould_settings(rules.of_home(group[0][0].home.code, at_s).damp_mould.parameters, band)
        after = walls.after_day([r.state for r, *_ in group], [w for *_, w in group], settings)
        for number, (room, rooms, factor, wall) in enumerate(group):
            room.state = walls.packed(after, number)
            room.done.append(_day(day, room, rooms, outdoors, rules, factor, wall))


def _day(
    day: date,
    room: _Room,
    rooms: Sequence[_Room],
    outdoors: Outdoors,
    rules: DampRules,
    factor: walls.Factor,
    wall: walls.Wall,
) -> Day:
    from_s, to_s = begins_s(day, rules.zone), ends_s(day, rules.zone)
    hours = room.hours[day]
    readings = _of_day(room.readings, from_s, to_s)
    outdoor_c, outdoor_pa = outdoors.at(hours.at_s)
    excess = hours.vapour_pa - outdoor_pa
    known, excess_hours = int(np.isfinite(hours.vapour_pa).sum()), int(np.isfinite(excess).sum())
    limit = rules.of_home(room.home.code, from_s).damp_band.parameters.limit_pct
    surface_c = wall.surface_c[np.isfinite(wall.surface_c)]
    sister_k, sister_dew_k, flags = _quality(day, room, rooms, rules, mean_or_none(excess), excess_hours)
    return Day(
        day=day,
        begins_s=from_s,
        n=len(readings),
        expected=_expected(room, from_s, to_s),
        hours=known,
        temperature_c=mean_or_none(hours.room_c),
        humidity_pct=mean_or_none(hours.humidity_pct),
        vapour_pa=mean_or_none(hours.vapour_pa),
        outdoor_c=mean_or_none(outdoor_c),
        outdoor_pa=mean_or_none(outdoor_pa),
        excess_pa=mean_or_none(excess),
        excess_hours=excess_hours,
        surface_hours=len(surface_c),
        surface_min_c=kept_one(float(surface_c.min())) if len(surface_c) else None,
        damp_hours_low=walls.counted(wall.low_pct, limit),
        damp_hours=walls.counted(wall.mid_pct, limit),
        damp_hours_high=walls.counted(wall.high_pct, limit),
        mould=walls.as_shown(room.state),
        mould_state=room.state,
        factor=kept_one(factor.band.mid),
        factor_low=kept_one(factor.band.low),
        factor_high=kept_one(factor.band.high),
        factor_error=factor.error,
        factor_nights=factor.nights,
        flags=flags,
        calibrations=applied(room.given.calibrations, from_s, to_s),
        sister_k=sister_k,
        sister_dew_k=sister_dew_k,
        rules=rules.versions,
        hour_c=plain(hours.room_c),
        hour_pa=plain(hours.vapour_pa),
        hour_wall_c=plain(hours.wall_c),
    )


def _quality(
    day: date,
    room: _Room,
    rooms: Sequence[_Room],
    rules: DampRules,
    excess_pa: float | None,
    excess_hours: int,
) -> tuple[float | None, float | None, tuple[str, ...]]:
    from_s, to_s = begins_s(day, rules.zone), ends_s(day, rules.zone)
    hours, drift = room.hours[day], rules.catalogue.drift.parameters
    p = rules.of_device(room.given.device, from_s).damp_sensor.parameters
    raw = _of_day(room.given.series, from_s, to_s)
    known = int(np.isfinite(hours.vapour_pa).sum())
    sisters = [r for r in rooms if r is not room]
    apart = honesty.sister_differences(hours, [r.hours[day] for r in sisters], rules.zone, drift)
    beside = [r.hours[day] for r in sisters if _same_room(r, room)]
    warmer_k, dew_k, vapour_pa = apart
    flags = (
        *honesty.flags_of(raw, len(raw), _expected(room, from_s, to_s), excess_pa, excess_hours, known, p),
        *honesty.heat_flags(
            vapour_pa, *_nights(day, room, "sister_k", warmer_k),
            honesty.sister_differences(hours, beside, rules.zone, drift), p, drift,
        ),
        *honesty.sister_flags(*_nights(day, room, "sister_dew_k", dew_k), drift),
    )  # fmt: skip
    return warmer_k, dew_k, tuple(flags)


def _same_room(a: _Room, b: _Room) -> bool:
    """Whether two boxes stand in one room, as far as their rooms' names tell."""
    return a.given.room != "" and a.given.room.casefold() == b.given.room.casefold()


def _nights(
    day: date, room: _Room, name: Literal["sister_k", "sister_dew_k"], now_k: float | None
) -> tuple[list[float], list[float]]:
    """Return a difference from the sisters in a box's first nights, and in the last ones up to a day's [K]."""
    given = room.given.first_warmth if name == "sister_k" else room.given.first_nights
    new = [getattr(d, name) for d in room.done]
    oldest = day - timedelta(days=LOOK_BACK_DAYS)
    last = [getattr(d, name) for d in (*room.given.before, *room.done) if d.day >= oldest]
    first = [*given, *(n for n in new if n is not None)]
    return first, [n for n in (*last, now_k) if n is not None]


def _expected(room: _Room, from_s: float, to_s: float) -> int:
    span_s = min(to_s, room.home.seen_s) - max(from_s, room.given.installed_s)
    return max(round(span_s / room.given.cadence_s), 0)


def _of_day(readings: Series, from_s: float, to_s: float) -> Series:
    a, b = np.searchsorted(readings.at_s, (from_s, to_s))
    columns: list[Floats] = [readings.at_s, readings.temperature_c, readings.humidity_pct, readings.wall_c]
    return Series(*(c[a:b] for c in columns))


def _result(home: HomeInput, rooms: Sequence[_Room], outdoors: Outdoors, rules: DampRules) -> HomeResult:
    events = [_events(home, room, outdoors, rules) for room in rooms]
    p = rules.catalogue.damp_events.parameters
    entries = told(events, home.diary, p.diary)
    from_s = begins_s(home.due, rules.zone)
    results, weeks = [], []
    for room, found, of_diary in zip(rooms, events, entries, strict=True):
        rows = rows_of(found, of_diary, from_s)
        results.append(RoomResult(device=room.given.device, days=tuple(room.done), events=rows))
        weeks.append(RoomWeeks(room.given, (*room.given.before, *room.done), (*room.given.events, *rows)))
    return HomeResult(home=home, rooms=tuple(results), findings=findings_of(home, weeks, outdoors, rules))


def _events(home: HomeInput, room: _Room, outdoors: Outdoors, rules: DampRules) -> list[Event]:
    days = days_between(home.due, home.last)
    catalogues = [rules.of_device(room.given.device, begins_s(day, rules.zone)) for day in days]
    parameters = [of_room(c.damp_events.parameters, room.given.room) for c in catalogues]
    spans = spans_of(days, parameters, rules.zone)
    return events_of(room.readings, room.every_hour, outdoors, spans, rules.zone)
