"""A town for the damp analyst, in memory or in the database: homes, boxes, readings, diaries."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import psycopg

from cityops.clock import ManualClock
from devices.contract.kind import discover
from ingest.erasure import Erasure
from rules.catalogue.loader import load
from rules.core.analyst.rules import DampRules
from rules.core.moisture_events.diary import Entry
from rules.core.psychrometrics import Floats
from rules.damp.memory import Box, MemoryDamp, MemoryHome, Reading
from rules.damp.ports import DampStore
from rules.damp.service import DampAnalyst
from tests.fakes.moist_room import Release, humidity_pct, room_vapour_g_m3
from tests.fakes.rules_batches import insert_batch
from tests.fakes.rules_town import START

ZONE = ZoneInfo("Europe/London")
MIDNIGHT = datetime(2026, 1, 10, tzinfo=UTC).timestamp()
FIRST = date(2026, 1, 10)
RULES = DampRules(load(), ZONE)
HOUR_S, DAY_S = 3600.0, 86_400.0


def kept4(value: float) -> float:
    """A figure as the reading tables keep it."""
    return float(np.float32(value))


def room(days: float, *, grams: float = 300.0, warm_c: float = 18.0, step_s: float = 600.0) -> Floats:
    """Readings of a room with a shower every morning: columns at [s], temperature, humidity."""
    at_s = np.arange(0.5 * step_s, days * DAY_S, step_s)
    releases = [Release(d * DAY_S + 7.5 * HOUR_S, 900.0, grams) for d in range(int(np.ceil(days)))]
    temperature = warm_c + 1.5 * np.sin(2.0 * np.pi * at_s / DAY_S)
    vapour = room_vapour_g_m3(at_s, releases, volume_m3=40.0, per_hour=0.8, level_g_m3=9.0)
    return np.stack([MIDNIGHT + at_s, temperature, np.minimum(humidity_pct(vapour, temperature), 99.0)])


def frog(device: str, columns: Floats, wall_c: float = np.nan) -> list[Reading]:
    """Columns as readings of a box."""
    return [
        Reading("frog", device, at_s, kept4(t), kept4(rh), kept4(wall_c))
        for at_s, t, rh in columns.T.tolist()
    ]


def weather(
    days: float, device: str = "wx-0", outdoor_c: float = 4.0, pct: float = 85.0, from_s: float = 0.0
) -> list[Reading]:
    """A station that measures every half hour."""
    at_s = np.arange(from_s + 900.0, days * DAY_S, 1800.0)
    swing = 3.0 * np.sin(at_s / (2.3 * DAY_S)) + 2.0 * np.sin(2.0 * np.pi * at_s / DAY_S)
    return [
        Reading("weather", device, MIDNIGHT + s, kept4(outdoor_c + x), kept4(pct))
        for s, x in zip(at_s.tolist(), swing.tolist(), strict=True)
    ]


@dataclass
class DampTown:
    """A store with its town; ``conn``: of the database, None in memory."""

    store: DampStore
    conn: psycopg.AsyncConnection[Any] | None = None
    rules: DampRules = RULES
    clock: ManualClock = field(default_factory=lambda: ManualClock(datetime(2026, 2, 1, tzinfo=UTC)))
    batches: int = 0
    numbers: dict[str, int] = field(default_factory=dict)

    @property
    def memory(self) -> MemoryDamp:
        assert isinstance(self.store, MemoryDamp)
        return self.store

    async def sql(self, query: str, *params: object) -> list[Any]:
        assert self.conn is not None
        done = await self.conn.execute(query, params)  # type: ignore[call-overload]
        return await done.fetchall() if done.description else []

    async def home(self, code: str, *devices: str, factor: float = 0.7, room: str = "bathroom") -> int:
        """Install a home with boxes; return its number."""
        if self.conn is None:
            number = len(self.memory.homes_of) + 1
            self.memory.homes_of[number] = MemoryHome(code, factor)
            for device in devices:
                self.memory.boxes[device] = Box(number, room, 600.0)
        else:
            [(number,)] = await self.sql(
                "insert into home (code, label, temperature_factor) values (%s, %s, %s) returning home_id",
                code, code, factor,
            )  # fmt: skip
            for device in devices:
                await self.device(device, "frog", 600)
                await self.sql(
                    "insert into home_device (device_id, home_id, room) select device_id, %s, %s from device where name = %s",
                    number, room, device,
                )  # fmt: skip
        self.numbers[code] = number
        return int(number)

    async def device(self, name: str, kind: str, cadence_s: int) -> None:
        if self.conn is not None:
            await self.sql(
                "insert into device (name, kind, shard, cadence_s, installed_at) values (%s, %s, 0, %s, '2025-01-01Z')"
                " on conflict do nothing",
                name, kind, cadence_s,
            )  # fmt: skip

    async def move(self, device: str, code: str) -> None:
        """Take a box to another home."""
        if self.conn is None:
            self.memory.boxes[device].home_id = self.numbers[code]
        else:
            await self.sql(
                "update home_device set home_id = %s where device_id = (select device_id from device where name = %s)",
                self.numbers[code], device,
            )  # fmt: skip

    async def came(self, readings: Sequence[Reading]) -> None:
        """Store readings as one batch."""
        self.batches += 1
        if self.conn is None:
            self.memory.readings += readings
            return
        for name in sorted({r.device for r in readings if r.kind == "weather"}):
            await self.device(name, "weather", 1800)
        await insert_batch(self.conn, [_as_sent(r) for r in readings], self.batches)
        await self._is_seen()

    async def _is_seen(self) -> None:
        """Wait until the batch is followed: the server's own transactions (autovacuum) may be older than it."""
        deadline = time.monotonic() + 60.0
        while True:
            [(seen,)] = await self.sql(
                "select max(xid) < pg_snapshot_xmin(pg_current_snapshot()) from ingest_batch"
            )
            if seen:
                return
            assert time.monotonic() < deadline, "an old transaction holds the batches back"
            await asyncio.sleep(0.05)

    async def told(self, code: str, at_s: float, activity: str) -> int:
        """Write an entry into a home's diary; return its number."""
        home_id = self.numbers[code]
        if self.conn is None:
            number = max(self.memory.entries, default=0) + 1
            self.memory.entries[number] = home_id, Entry(at_s=at_s, activity=activity)
            return number
        [(number,)] = await self.sql(
            "insert into diary_entry (home_id, at, activity) values (%s, to_timestamp(%s), %s) returning diary_entry_id",
            home_id, at_s, activity,
        )  # fmt: skip
        return int(number)

    async def erased(self, code: str) -> None:
        """Delete what is kept of a home, as its resident may."""
        if self.conn is None:
            self.memory.erase(self.numbers[code])
            return
        [(resident_id,)] = await self.sql("insert into resident (name) values ('Ada') returning resident_id")
        await self.sql(
            "insert into household_member (home_id, resident_id, from_at, joined_by) values (%s, %s, '-infinity', 'label')",
            self.numbers[code], resident_id,
        )  # fmt: skip
        await Erasure(self.conn.info.dsn, discover()).erase(
            self.numbers[code], str(resident_id), forget=False
        )

    def analyst(self, **options: Any) -> DampAnalyst:
        """An analyst on the store that does not rest."""

        async def surroundings() -> DampRules:
            return self.rules

        return DampAnalyst(self.store, surroundings, self.clock, share=1.0, **options)

    async def work(self, **options: Any) -> int:
        """Mark and work out all that is due; return the rows that are new or other ones."""
        progress = await self.store.mark(self.rules, 1000)
        async with asyncio.timeout(60):
            while await self._waits():
                await asyncio.sleep(0.02)
                progress = await self.store.mark(self.rules, 1000)
        assert progress.event_s is not None
        return await self.analyst(**options).work(self.rules, progress.event_s)

    async def _waits(self) -> bool:
        """Whether a batch was not looked at: a transaction of anybody on the server is older than it."""
        if self.conn is None:
            return False
        [(waits,)] = await self.sql(
            "select exists (select from ingest_batch where xid > (select xid from damp_cursor))"
        )
        return bool(waits)

    async def days(self, device: str) -> list[dict[str, Any]]:
        """The kept days of a box, in order."""
        names = (
            "day", "n", "expected", "hours", "temperature_c", "excess_pa", "excess_hours", "surface_hours", "surface_min_c",
            "damp_hours", "flags", "factor", "factor_nights", "calibrations", "mould_state",
        )  # fmt: skip
        if self.conn is None:
            found = [d for (_, name, _), d in sorted(self.memory.days.items()) if name == device]
            return [{n: getattr(d, n) for n in names} for d in found]
        rows = await self.sql(
            f"select {', '.join(names)} from damp_day join device d using (device_id) where d.name = %s order by day",
            device,
        )
        return [
            {n: tuple(v) if isinstance(v, list) else v for n, v in zip(names, row, strict=True)}
            for row in rows
        ]

    async def events(self, device: str) -> list[dict[str, Any]]:
        """The kept events of a box, in order."""
        names = (
            "started_s",
            "activity",
            "grams",
            "clear_min",
            "of_household",
            "outdoor_known",
            "diary_entry_id",
        )
        if self.conn is None:
            found = [e for (_, name, _), e in sorted(self.memory.events.items()) if name == device]
            return [{n: getattr(e, n) for n in names} for e in found]
        rows = await self.sql(
            "select extract(epoch from started_at)::float8, activity, grams, clear_min, of_household, outdoor_known,"
            " diary_entry_id from moisture_event join device d using (device_id) where d.name = %s order by 1",
            device,
        )
        return [dict(zip(names, row, strict=True)) for row in rows]

    async def findings(self, code: str) -> list[dict[str, Any]]:
        """The kept findings of a home, week by week."""
        names = (
            "week",
            "to_day",
            "cause",
            "confidence",
            "risk",
            "mould_index",
            "evidence",
            "advice",
            "iso",
            "standard",
        )
        home_id = self.numbers[code]
        if self.conn is None:
            found = [f for (i, _), f in sorted(self.memory.findings.items()) if i == home_id]
            return [{n: getattr(f, n) for n in names} for f in found]
        rows = await self.sql(
            f"select {', '.join(names)} from damp_finding where home_id = %s order by week", home_id
        )
        return [dict(zip(names, row, strict=True)) for row in rows]

    async def all_rows(self) -> list[Any]:
        """Everything that is kept, to be compared."""
        if self.conn is None:
            m = self.memory
            return [dict(m.days), dict(m.events), dict(m.findings)]
        return [
            await self.sql(f"select * from {table} order by 1, 2, 3")
            for table in ("damp_day", "damp_finding")
        ] + [await self.sql("select * from moisture_event order by home_id, device_id, started_at")]


def _as_sent(r: Reading) -> tuple[str, str, float, dict[str, float]]:
    if r.kind == "weather":
        values = {"air_temperature_c": r.temperature_c, "humidity_pct": r.humidity_pct}
    else:
        values = {"temperature_c": r.temperature_c, "humidity_pct": r.humidity_pct}
        values |= {} if np.isnan(r.wall_c) else {"wall_temperature_c": r.wall_c}
    return r.kind, r.device, r.at_s - START, values
