"""The damp analyst's store in memory, with the behaviour of the database's: for tests and dry runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TypeVar

import numpy as np

from rules.core.analyst.days import AROUND_S, LOOK_BACK_DAYS, WINDOW_DAYS, begins_s, day_of, due_of
from rules.core.analyst.model import (
    Calibration,
    Day,
    EventRow,
    FindingRow,
    HomeInput,
    Month,
    RoomInput,
    Series,
    Stations,
)
from rules.core.analyst.moisture_load import WHOLE_HOURS, months_of
from rules.core.analyst.plan import Plan, plan, span_s
from rules.core.analyst.rules import DampRules
from rules.core.moisture_events.diary import Entry
from rules.damp.ports import Done, Due, NewCalibration, Progress

K = TypeVar("K")
V = TypeVar("V")
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Reading:
    """A stored reading of a frog box or, without a wall, of a weather station."""

    kind: str
    device: str
    at_s: float
    temperature_c: float
    humidity_pct: float
    wall_c: float = np.nan


@dataclass(slots=True)
class MemoryHome:
    """A home, and what waits of it."""

    code: str
    temperature_factor: float = 0.7
    occupants: int | None = None
    due_from: date | None = None
    due_no: int = 0
    epoch: int = 0
    done_s: float | None = None
    settle_day: date | None = None
    settle_s: float | None = None
    is_known: bool = False


@dataclass(slots=True)
class Box:
    """A frog box in a home; ``since_s``: of a box that came from another home nothing before is read.

    ``seen_in``: the home in which it was when a reading of it came last.
    """

    home_id: int
    room: str = ""
    cadence_s: float = 300.0
    installed_s: float = 0.0
    since_s: dict[int, float] = field(default_factory=dict)
    seen_in: int | None = None


@dataclass
class MemoryDamp:
    """:class:`rules.damp.ports.DampStore` in memory; ``seen`` readings and ``diary_seen`` entries were looked at."""

    homes_of: dict[int, MemoryHome] = field(default_factory=dict)
    boxes: dict[str, Box] = field(default_factory=dict)
    readings: list[Reading] = field(default_factory=list)
    entries: dict[int, tuple[int, Entry]] = field(default_factory=dict)
    days: dict[tuple[int, str, date], Day] = field(default_factory=dict)
    events: dict[tuple[int, str, float], EventRow] = field(default_factory=dict)
    findings: dict[tuple[int, date], FindingRow] = field(default_factory=dict)
    calibrations: dict[int, tuple[str, Calibration]] = field(default_factory=dict)
    applied: set[int] = field(default_factory=set)
    seen: int | None = None
    diary_seen: int = 0
    event_s: float | None = None
    passed_s: float | None = None

    async def mark(self, rules: DampRules, limit: int) -> Progress:
        """Look at what came since, and mark what it changes as due."""
        p = rules.catalogue.damp_events.parameters
        fresh = self.seen is None
        came = self.readings[self.seen or 0 :]
        self.seen = len(self.readings)
        self.event_s = max([r.at_s for r in came] + [self.event_s or -np.inf], default=-np.inf)
        if self.event_s == -np.inf:
            self.event_s = None
        for r in came:
            if r.kind == "frog" and r.device in self.boxes:
                home_id = self._in_home(r.device)
                self._want(home_id, day_of(r.at_s, rules.zone) if fresh else due_of(r.at_s, rules.zone, p))
        weather = [r.at_s for r in came if r.kind == "weather"]
        if weather and not fresh:
            self._want_all(min(weather), rules)
        for number, (home_id, entry) in self.entries.items():
            if number > self.diary_seen and not fresh:
                self._want(home_id, due_of(entry.at_s, rules.zone, p))
        self.diary_seen = max(self.entries, default=0)
        self._settle()
        waiting = sum(h.due_from is not None for h in self.homes_of.values())
        return Progress(self.event_s, self.passed_s, False, waiting)

    async def due(self, after: int, limit: int) -> tuple[int, ...]:
        """Return homes of which days are due."""
        found = sorted(i for i, h in self.homes_of.items() if h.due_from is not None and i > after)
        return tuple(found[:limit])

    async def homes(self, ids: Sequence[int], rules: DampRules, seen_s: float) -> tuple[Due, ...]:
        """Return homes with all that is needed to work out their days that are due."""
        there = [i for i in ids if i in self.homes_of and self.homes_of[i].due_from is not None]
        return tuple(self._due(i, rules, seen_s) for i in sorted(there))

    async def stations(self, from_s: float, to_s: float) -> Stations:
        """Return the readings of all weather stations of a time."""
        found = sorted(
            (r for r in self.readings if r.kind == "weather" and from_s <= r.at_s < to_s),
            key=lambda r: (r.device, r.at_s),
        )
        numbers = {name: n for n, name in enumerate(sorted({r.device for r in found}))}
        return Stations(
            np.array([numbers[r.device] for r in found], dtype=np.int64),
            *_columns((r.at_s, r.temperature_c, r.humidity_pct) for r in found),
        )

    async def write(self, done: Sequence[Done]) -> int:
        """Write what came of homes."""
        epochs = {i: h.epoch for i, h in self.homes_of.items()}
        return sum(self._write(one) for one in done if epochs.get(one.due.home_id) == one.due.epoch)

    def erase(self, home_id: int) -> None:
        """Delete what is kept of a home, as ``ingest.erasure`` does: nothing that was read before comes back."""
        mine = {name for name, box in self.boxes.items() if box.home_id == home_id}
        gone = [r for r in self.readings[: self.seen] if r.device in mine]
        self.readings = [r for r in self.readings if r.device not in mine]
        self.seen = None if self.seen is None else self.seen - len(gone)
        self.days = {k: v for k, v in self.days.items() if k[0] != home_id}
        self.events = {k: v for k, v in self.events.items() if k[0] != home_id}
        self.findings = {k: v for k, v in self.findings.items() if k[0] != home_id}
        self.homes_of[home_id].epoch += 1
        self._want(home_id, date(1970, 1, 1))

    async def passed(self, event_s: float) -> None:
        """Keep that everything due at an event time is worked out."""
        self.passed_s = event_s

    async def recompute(self, code: str | None, from_day: date | None, rules: DampRules) -> int:
        """Ask for days to be worked out again."""
        if code is not None and code not in {h.code for h in self.homes_of.values()}:
            raise LookupError(f"there is no home {code!r}")
        asked = [i for i, h in self.homes_of.items() if code in (None, h.code)]
        self.passed_s = None
        return sum(self._again(i, from_day or date(1970, 1, 1), rules) for i in asked)

    async def calibrate(self, new: NewCalibration, rules: DampRules) -> int:
        """Keep an offset, ask for the days that it changes, and return its number."""
        if new.device not in self.boxes:
            raise LookupError(f"there is no frog box {new.device!r}")
        number = len(self.calibrations) + 1
        names = ("field", "offset", "keeps_vapour", "from_s", "to_s", "how")
        values = {name: getattr(new, name) for name in names}
        self.calibrations[number] = new.device, Calibration(calibration_id=number, **values)
        self.applied.add(number)
        self._changed(new.device, new.from_s, rules)
        return number

    async def withdraw(self, calibration_id: int, by: str, rules: DampRules) -> bool:
        """Apply an offset no longer."""
        if calibration_id not in self.applied:
            return False
        self.applied.remove(calibration_id)
        device, calibration = self.calibrations[calibration_id]
        self._changed(device, calibration.from_s, rules)
        return True

    def _in_home(self, device: str) -> int:
        """Return the home of a box; one that comes into it is read from now on if it was in another before."""
        box = self.boxes[device]
        if box.seen_in != box.home_id:
            now_s = -np.inf if not box.since_s or self.event_s is None else self.event_s
            box.since_s[box.home_id] = max(now_s, box.since_s.get(box.home_id, -np.inf))
            box.seen_in = box.home_id
        return box.home_id

    def _want(self, home_id: int, day: date) -> None:
        home = self.homes_of[home_id]
        home.due_from = day if home.due_from is None else min(day, home.due_from)
        home.due_no, home.is_known = home.due_no + 1, True

    def _want_all(self, from_s: float, rules: DampRules) -> None:
        day = due_of(from_s, rules.zone, rules.catalogue.damp_events.parameters)
        for home_id, home in self.homes_of.items():
            if home.done_s is not None and home.done_s >= from_s:
                self._want(home_id, day)

    def _settle(self) -> None:
        for home_id, home in self.homes_of.items():
            if self.event_s is None or home.settle_s is None or home.settle_s > self.event_s:
                continue
            if home.settle_day is not None:
                self._want(home_id, home.settle_day)
            home.settle_day = home.settle_s = None

    def _changed(self, device: str, from_s: float, rules: DampRules) -> None:
        p = rules.catalogue.damp_events.parameters
        self._again(self.boxes[device].home_id, due_of(from_s, rules.zone, p), rules)
        self.passed_s = None

    def _again(self, home_id: int, from_day: date, rules: DampRules) -> int:
        firsts = [
            self._first_whole(home_id, device, times[0], rules)
            for device in self._devices(home_id)
            if (times := self._times(home_id, device))
        ]
        if not self.homes_of[home_id].is_known or not firsts:
            return 0
        self._want(home_id, max(from_day, min(firsts)))
        return 1

    def _first_whole(self, home_id: int, device: str, first_s: float, rules: DampRules) -> date:
        day = day_of(first_s, rules.zone)
        gone = any(k[:2] == (home_id, device) and k[2] < day for k in self.days)
        return day + timedelta(days=1) if gone else day

    def _devices(self, home_id: int) -> list[str]:
        return [name for name, box in self.boxes.items() if box.home_id == home_id and home_id in box.since_s]

    def _times(self, home_id: int, device: str, until_s: float = np.inf) -> list[float]:
        since_s = self.boxes[device].since_s[home_id]
        return sorted(r.at_s for r in self.readings if r.device == device and since_s <= r.at_s <= until_s)

    def _due(self, home_id: int, rules: DampRules, seen_s: float) -> Due:
        home = self.homes_of[home_id]
        assert home.due_from is not None
        times = [t for d in self._devices(home_id) for t in self._times(home_id, d, seen_s)]
        kept = [k[2] for k in self.days if k[0] == home_id and k[1] in self._devices(home_id)]
        planned = plan(
            home.due_from,
            min(times, default=None),
            max(times, default=None),
            max(kept, default=None),
            rules,
        )
        found = None if planned is None else self._input(home_id, planned, rules, seen_s)
        return Due(home_id, home.due_no, found, planned, home.epoch)

    def _input(self, home_id: int, planned: Plan, rules: DampRules, seen_s: float) -> HomeInput:
        home = self.homes_of[home_id]
        from_s, to_s = begins_s(planned.due, rules.zone) - AROUND_S, span_s(planned, rules)[1]
        diary = [
            (n, e) for n, (i, e) in sorted(self.entries.items()) if i == home_id and from_s <= e.at_s < to_s
        ]
        return HomeInput(
            home_id=home_id,
            code=home.code,
            temperature_factor=home.temperature_factor,
            occupants=home.occupants,
            due=planned.due,
            last=planned.last,
            seen_s=seen_s,
            rooms=tuple(self._room(home_id, d, planned, rules) for d in self._devices(home_id)),
            diary=tuple(diary),
        )

    def _room(self, home_id: int, device: str, planned: Plan, rules: DampRules) -> RoomInput:
        box = self.boxes[device]
        due_s, since_s = begins_s(planned.due, rules.zone), box.since_s[home_id]
        first = date.min if since_s == -np.inf else day_of(since_s, rules.zone)
        kept = [
            d
            for (i, name, day), d in sorted(self.days.items(), key=lambda x: x[0])
            if (i, name) == (home_id, device) and day >= first
        ]
        before = [d for d in kept if d.day < planned.due]
        nights = [
            (d.sister_dew_k, d.sister_k)
            for d in before
            if d.sister_dew_k is not None and d.sister_k is not None
        ][: rules.catalogue.drift.parameters.learn_nights]
        events = [
            e
            for (i, name, at_s), e in sorted(self.events.items())
            if (i, name) == (home_id, device) and at_s >= since_s
        ]
        return RoomInput(
            device=device,
            room=box.room,
            cadence_s=box.cadence_s,
            installed_s=box.installed_s,
            series=self._series(home_id, device, *span_s(planned, rules)),
            before=tuple(d for d in before if d.day >= planned.due - timedelta(days=LOOK_BACK_DAYS)),
            first_nights=tuple(dew_k for dew_k, _ in nights),
            first_warmth=tuple(warm_k for _, warm_k in nights),
            months=_months(before, planned.due),
            calibrations=tuple(
                c for n, (d, c) in sorted(self.calibrations.items()) if d == device and n in self.applied
            ),
            events=tuple(e for e in events if due_s - WINDOW_DAYS * DAY_S <= e.started_s < due_s),
        )  # fmt: skip

    def _series(self, home_id: int, device: str, from_s: float, to_s: float) -> Series:
        since_s = max(from_s, self.boxes[device].since_s[home_id])
        mine = [r for r in self.readings if r.device == device and since_s <= r.at_s < to_s]
        rows = (
            (r.at_s, r.temperature_c, r.humidity_pct, r.wall_c) for r in sorted(mine, key=lambda r: r.at_s)
        )
        return Series(*_columns(rows, 4))

    def _write(self, one: Done) -> int:
        home_id, changed = one.due.home_id, 0
        if one.result is not None:
            for room in one.result.rooms:
                changed += sum(_put(self.days, (home_id, room.device, d.day), d) for d in room.days)
                changed += self._put_events(home_id, room.device, room.events, one)
            changed += sum(_put(self.findings, (home_id, f.week), f) for f in one.result.findings)
        home = self.homes_of[home_id]
        if home.due_no == one.due.due_no:
            home.due_from = one.waits.due_from
            home.settle_day, home.settle_s = one.waits.settle_day, one.waits.settle_s
        newest = max(one.newest_s.values(), default=None)
        if newest is not None:
            home.done_s = newest if home.done_s is None else max(home.done_s, newest)
        return changed

    def _put_events(self, home_id: int, device: str, events: Sequence[EventRow], one: Done) -> int:
        kept = {e.started_s for e in events}
        gone = [
            key
            for key in self.events
            if key[:2] == (home_id, device) and one.from_s <= key[2] < one.to_s and key[2] not in kept
        ]
        for key in gone:
            del self.events[key]
        return len(gone) + sum(_put(self.events, (home_id, device, e.started_s), e) for e in events)


def _months(before: Sequence[Day], due: date) -> tuple[Month, ...]:
    first = due.replace(day=1)
    back = first.replace(year=first.year - 1)
    whole = [d for d in before if back <= d.day < first and d.excess_hours >= WHOLE_HOURS]
    return tuple(months_of((), whole))


def _put(table: dict[K, V], key: K, value: V) -> bool:
    if table.get(key) == value:
        return False
    table[key] = value
    return True


def _columns(rows: Iterable[tuple[float, ...]], columns: int = 3) -> list[np.ndarray]:
    found = list(rows)
    table = np.array(found, dtype=np.float64).reshape(len(found), columns)
    return list(table.T)
