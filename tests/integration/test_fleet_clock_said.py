"""What a device's page says of its clock: a birth leaves out a 0, which is a clock that was never set and not one that nobody knows."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from devices.contract.messages import Status, encode


@pytest.mark.parametrize(
    ("status", "clock"),
    [
        (encode(Status(online=True, boot=7)), 0),
        (encode(Status(online=True, boot=7, clk=2)), 2),
        (b'{"online": true, "boot": 7, "clk": 100000}', 32_767),
        (b'{"online": true, "boot": 7, "lorawan": {"rssi_dbm": -97}}', None),
        (encode(Status(online=False)), None),
        (None, None),
    ],
)
async def test_a_clock_that_was_never_set_is_a_zero(
    db_dsn: str, status: bytes | None, clock: int | None
) -> None:
    async with await psycopg.AsyncConnection.connect(db_dsn, autocommit=True) as conn:

        async def one(statement: Any, *values: object) -> Any:
            row = await (await conn.execute(statement, values)).fetchone()
            return row and row[0]

        device_id = await one(
            "insert into device (name, kind, shard, installed_at) values ('frog-1', 'frog', 0, now()) returning device_id"
        )
        if status is not None:
            await one(
                "insert into device_status (device_id, status, status_at) values (%s, %s::jsonb, now()) returning 1",
                device_id, status.decode(),
            )  # fmt: skip
        assert await one("select clk from fleet_status(%s)", device_id) == clock
        if clock != 32_767:  # boards show what was said
            assert await one("select clk from board.device_state where device_id = %s", device_id) == clock
