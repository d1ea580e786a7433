"""Whether a device is a household's stands with the device, whatever happens to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

pytestmark = pytest.mark.storage


@pytest.fixture
def connection(db_dsn: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(db_dsn, autocommit=True) as opened:
        yield opened


def device(connection: psycopg.Connection[Any], name: str, kind: str) -> int:
    row = connection.execute(
        "insert into device (name, kind, shard, installed_at) values (%s, %s, 0, now()) returning device_id",
        (name, kind),
    ).fetchone()
    assert row is not None
    return int(row[0])


def private(connection: psycopg.Connection[Any], number: int) -> bool:
    row = connection.execute("select private from device where device_id = %s", (number,)).fetchone()
    assert row is not None
    return bool(row[0])


def home(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute(
        "insert into home (code, label) values ('k4-x', 'One home') returning home_id"
    ).fetchone()
    assert row is not None
    return int(row[0])


def test_a_frog_is_from_its_first_moment_and_stays_one(connection: psycopg.Connection[Any]) -> None:
    frog = device(connection, "frog-9001", "frog")
    assert private(connection, frog)
    connection.execute("update device set private = false where device_id = %s", (frog,))
    assert private(connection, frog)


def test_a_weather_station_that_was_in_a_home_stays_the_households(
    connection: psycopg.Connection[Any],
) -> None:
    station = device(connection, "weather-9001", "weather")
    assert not private(connection, station)
    connection.execute(
        "insert into home_device (home_id, device_id, room) values (%s, %s, 'attic')",
        (home(connection), station),
    )
    assert private(connection, station)
    connection.execute("delete from home_device where device_id = %s", (station,))
    connection.execute("update device set kind = 'weather' where device_id = %s", (station,))
    assert private(connection, station)
