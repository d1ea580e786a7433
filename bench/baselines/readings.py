"""What the Python baselines share: a reading's decoding and checks, and the table of each."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from psycopg import sql

RANGES = {
    "temperature_c": (-30.0, 60.0),
    "humidity_pct": (0.0, 100.0),
    "wall_temperature_c": (-30.0, 60.0),
    "pressure_hpa": (800.0, 1100.0),
    "battery_v": (0.0, 30.0),
}
REQUIRED = ("temperature_c", "humidity_pct")
TOPICS = "cityops/v1/+/+/+/reading"

Row = tuple[Any, ...]


def fresh_table(name: str) -> sql.Composed:
    """Return the statements that make a baseline's table, empty: its readings end with its run."""
    statements = sql.SQL("""
        drop table if exists {table};
        create table {table} (
            ts timestamptz not null, device_id integer not null, boot bigint not null, seq bigint not null,
            temperature_c real not null, humidity_pct real not null,
            wall_temperature_c real, pressure_hpa real, battery_v real,
            received_at timestamptz not null, primary key (device_id, boot, seq));
        create index on {table} (device_id, ts desc)
    """)
    return statements.format(table=sql.Identifier(name))


def parse(topic: str, payload: bytes, devices: dict[str, int]) -> Row | None:
    """Return the row of a message without its last column, None where it is not a good reading."""
    device_id = devices.get(topic.split("/")[4])
    if device_id is None:
        return None
    try:
        reading = json.loads(payload)
        ts = datetime.fromtimestamp(reading["ts"] / 1000, UTC)
        boot, seq = int(reading["boot"]), int(reading["seq"])
    except (ValueError, KeyError, TypeError, OverflowError):
        return None
    for name, (low, high) in RANGES.items():
        value = reading.get(name)
        if value is None:
            if name in REQUIRED:
                return None
        elif not isinstance(value, int | float) or not low <= value <= high:
            return None
    return (ts, device_id, boot, seq, *map(reading.get, RANGES))
