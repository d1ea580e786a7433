"""A street of homes in the database, each with a frog and a resident who is signed in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool

from ops_api.households.codes import token_hash
from ops_api.queries import Db
from ops_api.queries.resident import ResidentDb

NOW = datetime.now(UTC).replace(microsecond=0)
MINUTES = 200
"""Readings of each frog, one a minute up to ``NOW``."""


@dataclass(frozen=True)
class Street:
    """Homes 1 to ``homes``; home n has the frog ``frog-n``, the code ``home-code-n`` and the token ``token-n``."""

    dsn: str
    homes: int
    conn: psycopg.AsyncConnection[Any]
    residents: dict[int, str]

    async def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Run a statement as the owner."""
        cursor = await self.conn.execute(statement, values)  # type: ignore[call-overload]
        return await cursor.fetchall() if cursor.description else []

    async def home(self, n: int) -> int:
        """Return the id of home n."""
        return int((await self.sql("select home_id from home where code = %s", f"home-code-{n}"))[0][0])

    async def device(self, n: int) -> int:
        """Return the id of frog n."""
        return int((await self.sql("select device_id from device where name = %s", f"frog-{n}"))[0][0])

    async def moves_in(self, home: int, name: str, token: str, from_at: object = "-infinity") -> str:
        """Let somebody live in a home and be signed in; return their id."""
        [(resident,)] = await self.sql("insert into resident (name) values (%s) returning resident_id", name)
        await self.sql(
            "insert into household_member (home_id, resident_id, from_at, joined_by) values (%s, %s, %s, 'label')",
            await self.home(home),
            resident,
            from_at,
        )
        await self.sql(
            "insert into resident_session (resident_id, token_hash, expires_at) values (%s, %s, now() + interval '1 day')",
            resident,
            token_hash(token),
        )
        return str(resident)

    @asynccontextmanager
    async def pool(self) -> AsyncIterator[AsyncConnectionPool[Any]]:
        """Lend a pool of one connection, so that each borrower gets what the last one left."""
        async with AsyncConnectionPool(self.dsn, min_size=1, max_size=1, open=False) as pool:
            yield pool

    @asynccontextmanager
    async def as_resident(self, token: str) -> AsyncIterator[ResidentDb]:
        """Lend the database as the resident of a token may see it."""
        async with self.pool() as pool:
            yield ResidentDb(Db(pool), pool, token)


@asynccontextmanager
async def street(dsn: str, homes: int = 10) -> AsyncIterator[Street]:
    """Build a street."""
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True, options="-c timezone=UTC") as conn:
        await conn.execute("select ensure_partitions(%s, %s)", (NOW - timedelta(days=1), NOW))
        for n in range(1, homes + 1):
            await conn.execute(
                "with d as (insert into device (name, kind, shard, cadence_s, installed_at)"
                " values (%s, 'frog', 0, 60, now() - interval '1 year') returning device_id),"
                " h as (insert into home (code, label) values (%s, %s) returning home_id)"
                " insert into home_device (device_id, home_id, room) select device_id, home_id, 'bedroom' from d, h",
                (f"frog-{n}", f"home-code-{n}", f"{n} Frog Lane"),
            )
        await conn.execute(
            "insert into frog_reading (ts, device_id, boot, seq, temperature_c, humidity_pct, received_at)"
            " select %s::timestamptz - n * interval '1 minute', device_id, 1, n, 18, 60, now()"
            " from device, generate_series(0, %s - 1) n",
            (NOW, MINUTES),
        )
        await conn.execute(
            "insert into diary_entry (home_id, at, activity) select home_id, %s, 'shower' from home", (NOW,)
        )
        await conn.execute(
            "insert into subject_state select 'home', code, %s, '{\"risk\": \"high\"}' from home", (NOW,)
        )
        built = Street(dsn, homes, conn, {})
        for n in range(1, homes + 1):
            built.residents[n] = await built.moves_in(n, f"Resident {n}", f"token-{n}")
        await conn.execute("analyze")
        yield built


async def case_of(lane: Street, n: int, at: datetime, set_by: str | None) -> int:
    """Write a case with an entry, a contact, a photo and a pack of home n; return the case's number."""
    home = await lane.home(n)
    [(case_id,)] = await lane.sql(
        "insert into housing_case (home_id, kind, opened_at, opened_by) values (%s, 'significant', %s, 'kim') returning case_id",
        home, at,
    )  # fmt: skip
    await lane.sql(
        "insert into case_event (case_id, kind, at, by, recorded_at) values (%s, 'aware', %s, 'kim', %s)",
        case_id, at, at,
    )  # fmt: skip
    await lane.sql(
        "insert into contact_log (home_id, at, method, who, said, by, recorded_at) values (%s, %s, 'phone', 'N', 's', 'kim', %s)",
        home, at, at,
    )  # fmt: skip
    mark = f"{n}-{at.isoformat()}"
    await lane.sql(
        "insert into evidence_photo (home_id, taken_at, caption, width, height, jpeg, sha256, original_sha256, original_bytes, by, added_at)"
        " values (%s, %s, 'c', 1, 1, 'x', 's', %s, 1, 'kim', %s)",
        home, at, mark, at,
    )  # fmt: skip
    await lane.sql(
        "insert into evidence_pack values (%s, %s, %s, %s, %s, 'kim', 's', 1, 'm', 'k')",
        mark,
        home,
        at.date(),
        at.date(),
        at,
    )
    await lane.sql(
        "insert into home_contact values (%s, %s, 'a@b.example', %s, %s)",
        home, "mail" if set_by is not None else "sms", set_by, at,
    )  # fmt: skip
    return int(case_id)


async def damp_of(lane: Street, n: int, first: datetime, days: int) -> None:
    """Keep damp of home n: a day and a shower each day, a finding of the first half and one of the second."""
    home, device = await lane.home(n), await lane.device(n)
    await lane.sql("insert into damp_home (home_id) values (%s)", home)
    await lane.sql("insert into damp_room (home_id, device_id) values (%s, %s)", home, device)
    for day in (first.replace(hour=0) + timedelta(days=i) for i in range(1, days + 1)):
        await lane.sql(
            "insert into damp_day (home_id, device_id, day, begins_at, n, expected, hours, excess_hours, surface_hours,"
            " damp_hours_low, damp_hours, damp_hours_high, mould, mould_state, factor, factor_low, factor_high, rules)"
            " values (%s, %s, %s, %s, 288, 288, 24, 0, 24, 0, 1, 2, jsonb_build_object('sensitive', jsonb_build_object('index', 1.5)), '', 0.7, 0.65, 0.75, 'r')",
            home, device, day.date(), day,
        )  # fmt: skip
        at = day.replace(hour=7)
        await lane.sql(
            "insert into moisture_event (home_id, device_id, started_at, peak_at, ended_at, activity, confidence,"
            " rise_g_m3, grams_low, grams, grams_high, full_air, aired, of_household, outdoor_known)"
            " values (%s, %s, %s, %s, %s, 'shower', 0.9, 3, 200, 300, 400, false, false, true, true)",
            home, device, at, at + timedelta(minutes=10), at + timedelta(hours=1),
        )  # fmt: skip
    middle = first + timedelta(days=days - 4)
    for begun, to in ((first + timedelta(days=1), middle), (middle, first + timedelta(days=days))):
        await lane.sql(
            "insert into damp_finding (home_id, week, to_day, device_id, risk, evidence, advice, iso, standard, monthly, rules)"
            " values (%s, %s, %s, %s, 'high', jsonb_build_object('from_day', %s::text), '{}', '{}', '{}', '{}', 'r')",
            home, begun.date(), to.date(), device, str(begun.date()),
        )  # fmt: skip
    for field, begun, ended, evidence in (
        ("humidity_pct", first, first + timedelta(days=2), "over"),
        ("temperature_c", first, None, "holds"),
    ):
        await lane.sql(
            "insert into calibration (device_id, field, value_offset, from_at, to_at, how, by, evidence)"
            " values (%s, %s, -1, %s, %s, 'salt', 'kim', %s)",
            device, field, begun, ended, evidence,
        )  # fmt: skip
