"""The damp analyst on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from cityops.db.queries import load_queries
from cityops.db.transaction import Connection, Lender, transaction
from rules.core.analyst.days import due_of
from rules.core.analyst.model import Stations
from rules.core.analyst.rules import DampRules
from rules.damp import loading, marking
from rules.damp.ports import Done, Due, NewCalibration, Progress
from rules.damp.rows import row_of_day, row_of_event, row_of_finding, stations_of

SQL = load_queries("rules.damp")
SERVICE = "damp"


class PostgresDamp:
    """:class:`rules.damp.ports.DampStore` on anything that lends connections."""

    def __init__(self, pool: Lender, service: str = SERVICE) -> None:
        self._pool, self._service = pool, service

    async def mark(self, rules: DampRules, limit: int) -> Progress:
        """Look at what came since, and mark what it changes as due."""
        async with transaction(self._pool) as conn:
            return await marking.mark(conn, self._service, rules, limit)

    async def due(self, after: int, limit: int) -> tuple[int, ...]:
        """Return homes of which days are due."""
        async with transaction(self._pool) as conn:
            rows = await _rows(conn, "due", after=after, limit=limit)
        return tuple(row[0] for row in rows)

    async def homes(self, ids: Sequence[int], rules: DampRules, seen_s: float) -> tuple[Due, ...]:
        """Return homes with all that is needed to work out their days that are due."""
        if not ids:
            return ()
        async with transaction(self._pool) as conn:
            return await loading.load(conn, ids, rules, seen_s)

    async def stations(self, from_s: float, to_s: float) -> Stations:
        """Return the readings of all weather stations of a time."""
        async with transaction(self._pool) as conn:
            cursor = conn.cursor(binary=True)
            await cursor.execute(SQL["stations"], {"from_s": from_s, "to_s": to_s})
            row = await cursor.fetchone()
        assert row is not None
        return stations_of(row)

    async def write(self, done: Sequence[Done]) -> int:
        """Write what came of homes in one transaction."""
        if not done:
            return 0
        async with transaction(self._pool) as conn:
            rows = await _rows(conn, "lock_homes", ids=[d.due.home_id for d in done])
            epochs = {row[0]: row[1] for row in rows}
            boxes = await _boxes(conn, done)
            changed = 0
            for one in done:
                if epochs.get(one.due.home_id) == one.due.epoch:
                    changed += await _write(conn, one, boxes)
        return changed

    async def passed(self, event_s: float) -> None:
        """Keep that everything due at an event time is worked out."""
        async with transaction(self._pool) as conn:
            await conn.execute(SQL["passed"], {"service": self._service, "event_s": event_s})

    async def recompute(self, code: str | None, from_day: date | None, rules: DampRules) -> int:
        """Ask for days to be worked out again."""
        async with transaction(self._pool) as conn:
            home_id = None
            if code is not None:
                found = await _rows(conn, "home_id", code=code)
                if not found:
                    raise LookupError(f"there is no home {code!r}")
                home_id = found[0][0]
            day = date(1970, 1, 1) if from_day is None else from_day
            values = {"home_id": home_id, "from_day": day, "zone": rules.zone.key}
            count = (await conn.execute(SQL["recompute"], values)).rowcount
            await conn.execute(SQL["ask"], {"service": self._service})
        return count

    async def calibrate(self, new: NewCalibration, rules: DampRules) -> int:
        """Keep an offset, ask for the days that it changes, and return its number."""
        async with transaction(self._pool) as conn:
            found = await _rows(conn, "box", device=new.device)
            if not found:
                raise LookupError(f"there is no frog box {new.device!r}")
            device_id, home_id = found[0]
            values = {name: getattr(new, name) for name in _CALIBRATION}
            rows = await _rows(conn, "add_calibration", device_id=device_id, **values)
            await self._changed(conn, home_id, new.from_s, rules)
        return int(rows[0][0])

    async def withdraw(self, calibration_id: int, by: str, rules: DampRules) -> bool:
        """Apply an offset no longer."""
        async with transaction(self._pool) as conn:
            found = await _rows(conn, "withdraw", calibration_id=calibration_id, by=by)
            for _, from_s, home_id in found:
                await self._changed(conn, home_id, from_s, rules)
        return bool(found)

    async def _changed(self, conn: Connection, home_id: int | None, from_s: float, rules: DampRules) -> None:
        if home_id is None:
            return
        day = due_of(from_s, rules.zone, rules.catalogue.damp_events.parameters)
        values = {"home_id": home_id, "from_day": day, "zone": rules.zone.key}
        await conn.execute(SQL["recompute"], values)
        await conn.execute(SQL["ask"], {"service": self._service})


_CALIBRATION = ("field", "offset", "keeps_vapour", "from_s", "to_s", "how", "by", "evidence")


async def _write(conn: Connection, one: Done, boxes: dict[str, int]) -> int:
    home_id, changed = one.due.home_id, 0
    if one.result is not None and one.due.plan is not None:
        for room in one.result.rooms:
            device_id = boxes[room.device]
            days = [row_of_day(home_id, device_id, day) for day in room.days]
            changed += await _many(conn, "put_day", days)
            span = {"from_s": one.from_s, "to_s": one.to_s, "home_id": home_id, "device_id": device_id}
            kept = [e.started_s for e in room.events]
            changed += (await conn.execute(SQL["drop_events"], {**span, "kept_s": kept})).rowcount
            newest = {"home_id": home_id, "device_id": device_id, "newest_s": one.newest_s.get(room.device)}
            await conn.execute(SQL["done_room"], newest)
            changed += await _many(
                conn, "put_event", [row_of_event(home_id, device_id, e) for e in room.events]
            )
        rows = [row_of_finding(home_id, boxes[f.device], f) for f in one.result.findings]
        changed += await _many(conn, "put_finding", rows)
    w = one.waits
    await conn.execute(
        SQL["done"],
        {
            "home_id": home_id,
            "due_no": one.due.due_no,
            "due_from": w.due_from,
            "settle_day": w.settle_day,
            "settle_s": w.settle_s,
            "newest_s": max(one.newest_s.values(), default=None),
        },
    )
    return changed


async def _boxes(conn: Connection, done: Sequence[Done]) -> dict[str, int]:
    names = sorted({r.device for d in done if d.result is not None for r in d.result.rooms})
    return dict(await _rows(conn, "box_ids", names=names))


async def _many(conn: Connection, query: str, rows: Sequence[dict[str, Any]]) -> int:
    if not rows:
        return 0
    async with conn.cursor() as cursor:
        await cursor.executemany(SQL[query], rows)
        return max(cursor.rowcount, 0)


async def _rows(conn: Connection, query: str, **params: object) -> list[Any]:
    return await (await conn.execute(SQL[query], params)).fetchall()
