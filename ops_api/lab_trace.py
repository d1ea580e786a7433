"""A device's readings as a file that ``cityops replay`` plays again."""

from __future__ import annotations

import csv
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from psycopg import sql

from cityops.errors import ConfigurationError
from devices.contract.kind import Kind
from ops_api.queries import Db, Row

ROWS_MOST = 1_000_000
"""Of one trace; who asks for more is told so."""


@dataclass(frozen=True, slots=True)
class Trace:
    """How many readings were written, and the command that plays them."""

    rows: int
    command: str


async def write_trace(db: Db, kinds: Mapping[str, Kind], device: str, hours: float, file: Path) -> Trace:
    """Write the last ``hours`` of a device's readings into ``file``.

    Raises:
        ConfigurationError: no such device, nothing measured, too much, or a file that is there.
    """
    found = await db.fetch(
        sql.SQL("select kind, device_id from device where name = %(name)s"), {"name": device}
    )
    if not found:
        raise ConfigurationError(f"there is no device {device!r}; `cityops devices list` lists them")
    kind = kinds[found[0]["kind"]]
    rows = await db.fetch(
        _query(kind), {"device_id": found[0]["device_id"], "hours": hours, "most": ROWS_MOST + 1}
    )
    if not rows:
        raise ConfigurationError(f"{device} has measured nothing")
    if len(rows) > ROWS_MOST:
        raise ConfigurationError(
            f"{device} has more than {ROWS_MOST:,} readings in {hours:g} h: ask for fewer hours"
        )
    decimals = {f.name: f.decimals for f in kind.fields if any(row[f.name] is not None for row in rows)}
    _write(file, decimals, rows)
    return Trace(len(rows), _command(file, kind, device, list(decimals)))


def _query(kind: Kind) -> sql.Composed:
    return sql.SQL(
        "select ts, {fields} from {table} where device_id = %(device_id)s and ts > "
        "(select max(ts) from {table} where device_id = %(device_id)s) - make_interval(secs => 3600 * %(hours)s) "
        "order by ts limit %(most)s"
    ).format(
        fields=sql.SQL(", ").join(sql.Identifier(f.name) for f in kind.fields),
        table=sql.Identifier(kind.table),
    )


def _write(file: Path, decimals: Mapping[str, int], rows: Sequence[Row]) -> None:
    """Write rows with values rounded as the device sent them (docs/adr/010)."""
    try:
        with file.open("x", newline="", encoding="utf-8") as out:
            writer = csv.writer(out)
            writer.writerow(["ts", *decimals])
            writer.writerows(
                [row["ts"].isoformat(), *(_said(row[n], d) for n, d in decimals.items())] for row in rows
            )
    except FileExistsError as e:
        raise ConfigurationError(f"{file} is there already; choose another name") from e
    except OSError as e:
        raise ConfigurationError(f"{file} can't be written: {e.strerror}") from e


def _said(value: float | None, decimals: int) -> float | int | str:
    if value is None:
        return ""
    return round(value, decimals) if decimals else round(value)


def _command(file: Path, kind: Kind, device: str, names: Sequence[str]) -> str:
    columns = ",".join(["ts=ts", *(f"{name}={name}" for name in names)])
    words = [
        "cityops",
        "replay",
        str(file),
        "--kind",
        kind.name,
        "--device",
        f"{device}-again",
        "--map",
        columns,
    ]
    return shlex.join(words)
