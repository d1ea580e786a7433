"""What is missing, from the database: ledger, outboxes and how many readings there should be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from cityops.clock import Clock
from cityops.errors import ConfigurationError
from devices.contract.kind import Kind
from ops_api.missing import DeviceMissing, KindMissing, Missing, MissingRange, whole_hours
from ops_api.queries import Db, Row, TooSlowError, Transaction
from ops_api.queries.town import town_now

DAY, WEEK = timedelta(days=1), timedelta(days=7)
RANGES_SHOWN = 12
"""Missing ranges named per device: more than that nobody reads."""
PATIENCE_MS = 20_000
"""A count that takes longer is given up: this database is too small for its readings."""


async def find_missing(
    db: Db,
    kinds: Mapping[str, Kind],
    now: datetime,
    *,
    clock_at: datetime,
    back: timedelta = DAY,
    kind: str | None = None,
    device_id: int | None = None,
    limit: int = 20,
) -> Missing | None:
    """Return what is missing, the worst devices first; None where counting takes too long.

    Args:
        db: the database.
        kinds: declared kinds.
        now: the time it is in the town.
        clock_at: the wall clock's time.
        back: length of the window of completeness; it ends with the last full hour.
        kind: only devices of this kind.
        device_id: only this device.
        limit: devices named at most.
    """
    counted = [name for name, k in kinds.items() if k.continuous]
    try:
        async with db.transaction() as transaction:
            await transaction.rows("statement_timeout", milliseconds=str(PATIENCE_MS))
            start, end = await _window(transaction, now, back)
            found = await transaction.row(
                "missing", counted=counted, start=start, end=end, kind=kind, device_id=device_id, limit=limit
            )
            assert found is not None
            devices = await _devices(transaction, found["devices"])
    except TooSlowError:
        return None
    return Missing(now, clock_at, start, end, tuple(_kind(k) for k in found["kinds"]), devices)


async def count_fleet(db: Db, kinds: Mapping[str, Kind], clock: Clock) -> Missing | None:
    """Return what is missing of the whole fleet, as pages show it; None where counting takes too long."""
    clock_at = clock.now()
    found = await find_missing(db, kinds, await town_now(db, clock_at), clock_at=clock_at)
    return None if found is None else await with_week(db, kinds, found)


async def with_week(db: Db, kinds: Mapping[str, Kind], found: Missing) -> Missing:
    """Return ``found`` with the completeness of seven days, as far as it can be counted in time."""
    counted = [name for name, k in kinds.items() if k.continuous]
    try:
        async with db.transaction() as transaction:
            await transaction.rows("statement_timeout", milliseconds=str(PATIENCE_MS))
            start, end = await _window(transaction, found.at, WEEK)
            rows = await transaction.rows("stored_week", counted=counted, start=start, end=end)
    except TooSlowError:
        return found
    weeks = {r["kind"]: r for r in rows}
    return replace(found, kinds=tuple(_with_week(k, weeks.get(k.kind)) for k in found.kinds))


async def id_of(db: Db, device: str, kind: str | None = None) -> int:
    """Return a device's number in the database.

    Raises:
        ConfigurationError: no device has this name, or it is of another kind.
    """
    row = await db.row("device_id", name=device)
    if row is None:
        raise ConfigurationError(f"no device is called {device!r}; `cityops registry load` registers devices")
    if kind not in (None, row["kind"]):
        raise ConfigurationError(f"device {device!r} is a {row['kind']}, not a {kind}")
    return int(row["device_id"])


async def _window(transaction: Transaction, now: datetime, back: timedelta) -> tuple[datetime, datetime]:
    """Return the window, cut where the platform began: nothing is expected before."""
    start, end = whole_hours(now, back)
    row = await transaction.row("began")
    began = None if row is None else row["at"]
    if began is None:
        return end, end
    first = began.replace(minute=0, second=0, microsecond=0)
    return min(max(start, first + timedelta(hours=first < began)), end), end


async def _devices(transaction: Transaction, rows: list[dict[str, Any]]) -> tuple[DeviceMissing, ...]:
    ids = [r["device_id"] for r in rows]
    ranges: dict[int, list[MissingRange]] = {}
    for r in await transaction.rows("missing_ranges", devices=ids, limit=RANGES_SHOWN):
        found = MissingRange(r["boot"], r["first_seq"], r["last_seq"])
        ranges.setdefault(r["device_id"], []).append(found)
    heard = await transaction.rows("heard", devices=ids, kinds=sorted({r["kind"] for r in rows}))
    heard_at = {r["device_id"]: r["ts"] for r in heard}
    return tuple(
        DeviceMissing(
            **{name: value for name, value in r.items() if name not in ("device_id", "status_at")},
            ranges=tuple(ranges.get(r["device_id"], ())),
            status_at=_time(r["status_at"]),
            heard_at=heard_at.get(r["device_id"]),
        )
        for r in rows
    )


def _kind(row: dict[str, Any]) -> KindMissing:
    return KindMissing(**row | {"oldest_status_at": _time(row["oldest_status_at"])})


def _with_week(kind: KindMissing, row: Row | None) -> KindMissing:
    if row is None:
        return kind
    return replace(kind, week_expected=int(row["expected"]), week_stored=int(row["stored"]))


def _time(text: str | None) -> datetime | None:
    """Return the time in a JSON document."""
    return None if text is None else datetime.fromisoformat(text)
