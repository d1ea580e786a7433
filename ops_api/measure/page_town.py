"""A town for measuring the resident's page: a home with a year of three rooms beside many others. Readings are made here, and copied.

Rows come in the order of their time, all boxes mixed, as they would be stored: so a box's readings are spread over the table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import psycopg
from psycopg.types.json import Jsonb

from cityops.db.migrate import upgrade
from cityops.db.pool import connect
from devices.contract.kind import Kind, discover
from devices.contract.topics import shard_of
from devices.registry import Device, Home, Registry
from ingest.core.copy_layout import CopyLayout
from ingest.core.readings import NO_CLK, NO_MONO, Readings
from ingest.registry_store import store_registry
from ops_api.wiring import reading_tables

ROOMS = ("Bedroom", "Bathroom", "Kitchen")
FULL, EMPTY = "bench-full", "bench-empty"
"""Codes of the home that is measured, and of the one with boxes and nothing else."""
STATION = "weather-0001"
EVERY_S = 300
STATION_EVERY_S = 1800
DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class PageTown:
    """What stands in the town.

    Attributes:
        days: of readings in the home that is measured.
        homes: others, a box each.
        others_days: of readings in these.
        end: time of the newest reading.
    """

    days: int
    homes: int
    others_days: int
    end: datetime

    @property
    def boxes(self) -> list[str]:
        """The boxes of the home that is measured."""
        return [f"frog-a{i}" for i in range(len(ROOMS))]

    @property
    def others(self) -> list[str]:
        """Those of the other homes."""
        return [f"frog-b{i:04d}" for i in range(self.homes)]

    def registry(self) -> Registry:
        """Return the town."""
        since = self.end - timedelta(days=self.days + 1)
        empty = [f"frog-c{i}" for i in range(len(ROOMS))]
        frogs = [_device(n, "frog", EVERY_S, since) for n in (*self.boxes, *empty, *self.others)]
        return Registry(
            name="bench",
            devices=(*frogs, _device(STATION, "weather", STATION_EVERY_S, since)),
            homes=(
                Home(code=FULL, label="1 Bench Street", devices=tuple(self.boxes), temperature_factor=0.6),
                Home(code=EMPTY, label="2 Bench Street", devices=tuple(empty)),
                *(Home(code=f"bench-{n}", label=n, devices=(n,)) for n in self.others),
            ),
        )


def _device(name: str, kind: str, cadence_s: int, since: datetime) -> Device:
    return Device(name=name, kind=kind, shard=shard_of(name), cadence_s=cadence_s, installed_at=since)


async def fill(dsn: str, town: PageTown) -> int:
    """Make the town in an empty database; return its number of frog readings."""
    kinds = discover()
    async with await connect(dsn, application_name="cityops bench") as conn:
        await upgrade(conn, reading_tables(kinds))
        await store_registry(conn, town.registry())
        found = await (await conn.execute("select name, device_id from device")).fetchall()
        ids: dict[str, int] = dict(found)
        first = town.end - timedelta(days=town.days)
        for table in ("frog_reading", "weather_reading"):
            await conn.execute("select ensure_partitions(%s::text, %s, %s)", (table, first, town.end))
        frogs = 0
        for day in range(town.days):
            near = day >= town.days - town.others_days
            names = [*town.boxes, *(town.others if near else ())]
            start = first + timedelta(days=day)
            frogs += await _copy(conn, kinds["frog"], [ids[n] for n in names], start, EVERY_S, day)
            await _copy(conn, kinds["weather"], [ids[STATION]], start, STATION_EVERY_S, day)
        await _names(conn, town)
        await conn.execute("vacuum analyze")
    return frogs


async def _copy(
    conn: psycopg.AsyncConnection[Any], kind: Kind, ids: list[int], start: datetime, every_s: int, day: int
) -> int:
    rows = _day(kind, np.array(ids, np.int32), start, every_s, day)
    layout = CopyLayout(kind)
    async with conn.cursor() as cursor, cursor.copy(layout.statement) as copy:
        await copy.write(layout.encode(rows, rows.ts_us + 250_000))
    return len(rows)


def _day(
    kind: Kind, ids: np.ndarray[Any, np.dtype[np.int32]], start: datetime, every_s: int, day: int
) -> Readings:
    """Return a day of readings of boxes, in the order of time; a damp winter all year."""
    steps, n = DAY_S // every_s, len(ids)
    at_s = np.arange(1, steps + 1)[:, None] * float(every_s) + (np.arange(n) * 7 % every_s)[None, :] - every_s
    turn = 2.0 * np.pi * at_s / DAY_S
    noise = np.random.default_rng([day, n, every_s]).normal(0.0, 0.3, (2, steps, n))
    if kind.name == "frog":
        warm = {"temperature_c": 17.5 + 1.5 * np.sin(turn - 2.0) + 0.2 * noise[0]}
        values = warm | {"humidity_pct": 70.0 + 6.0 * np.sin(turn) + noise[1] + 0.02 * (ids % 50)}
    else:
        outdoors = {"air_temperature_c": 5.0 + 3.0 * np.sin(turn - 2.0) + noise[0]}
        values = outdoors | {"humidity_pct": 86.0 + noise[1], "wind_speed_m_s": 3.0 + np.zeros((steps, n))}
    table = np.full((steps, n, len(kind.fields)), np.nan)
    for i, field in enumerate(kind.fields):
        if field.name in values:
            table[:, :, i] = values[field.name]
    rows = steps * n
    return Readings(
        kind=kind,
        device_index=np.zeros(rows, np.int32),
        device_id=np.broadcast_to(ids, (steps, n)).ravel(),
        ts_us=(round(start.timestamp()) * 1_000_000 + (at_s * 1e6).astype(np.int64)).ravel(),
        boot=np.ones(rows, np.int64),
        seq=(np.arange(1, steps + 1)[:, None] + day * steps + np.zeros(n, np.int64)).ravel(),
        mono_ms=np.full(rows, NO_MONO, np.int64),
        clk=np.full(rows, NO_CLK, np.int16),
        values=table.reshape(rows, -1),
        quality=np.zeros(rows, np.int16),
        message=np.zeros(rows, np.int32),
    )


async def _names(conn: psycopg.AsyncConnection[Any], town: PageTown) -> None:
    """Give rooms names, the homes a state as the rules leave it, and the household a diary."""
    for name, room in zip(town.boxes, ROOMS, strict=True):
        await conn.execute(
            "update home_device set room = %s where device_id = (select device_id from device where name = %s)",
            (room, name),
        )
    state = {
        "risk": "high",
        "device": town.boxes[0],
        "since": (town.end - timedelta(days=3)).isoformat(),
        "dew_point_c": 12.1,
        "surface_temperature_c": 12.6,
        "surface_humidity_pct": 96.0,
        "humidity_limit_pct": 58.0,
        "temperature_c": 17.5,
        "humidity_pct": 70.0,
        "outdoor_temperature_c": 5.0,
    }
    await conn.execute(
        "insert into subject_state values ('home', %s, %s, %s)", (FULL, town.end, Jsonb(state))
    )
    await conn.execute(
        "insert into diary_entry (home_id, at, activity) select home_id, %s - d * interval '12 hours',"
        " case when d %% 2 = 0 then 'shower' else 'cooking' end from home, generate_series(1, %s) d where code = %s",
        (town.end, 2 * town.days, FULL),
    )


def now_floor() -> datetime:
    """Return the last full five minutes."""
    now_s = int(datetime.now(UTC).timestamp())
    return datetime.fromtimestamp(now_s - now_s % EVERY_S, UTC)


def quantiles(times_ms: list[float]) -> Iterator[float]:
    """Yield the median, the 95th and the 99th percentile, each to a tenth."""
    for q in (0.5, 0.95, 0.99):
        yield round(float(np.quantile(times_ms, q)), 1)
