"""Rows out of PostgreSQL as the bytes that COPY sends, some hundred at a time.

psycopg gives one row a call, 15 µs each; a bulk export has millions. This reads what libpq has already received in
one go, with libpq's own function (``PQgetCopyData``), and waits as psycopg does.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from psycopg import AsyncConnection, generators, sql
from psycopg.abc import PQGen
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn
from psycopg.waiting import Wait

BURST_BYTES = 64 * 2**10


async def copied(
    connection: AsyncConnection[Any], query: sql.Composed, values: Mapping[str, object]
) -> AsyncIterator[list[bytes]]:
    """Yield the rows of a COPY … TO STDOUT, each with its line's end, in lists of some 64 kB.

    Raises:
        psycopg.Error: the statement failed, or took too long.
    """
    async with connection.cursor().copy(query, dict(values)):
        is_more = True
        while is_more:
            rows, is_more = await connection.wait(_burst(connection.pgconn))
            if rows:
                yield rows


def _burst(pgconn: PGconn) -> PQGen[tuple[list[bytes], bool]]:
    """Return rows that have come, at least one where any is to come, and whether there may be more."""
    rows: list[bytes] = []
    size = 0
    while size < BURST_BYTES:
        length, row = pgconn.get_copy_data(1)
        if length > 0:
            rows.append(bytes(row))
            size += length
        elif length < 0:
            yield from _ended(pgconn)
            return rows, False
        elif rows:
            break
        else:
            yield Wait.R
            pgconn.consume_input()
    return rows, True


def _ended(pgconn: PGconn) -> PQGen[None]:
    """Take the statement's result, as psycopg does at the end of a COPY; raise what it failed with."""
    for result in (yield from generators.fetch_many(pgconn)):
        if result.status != ExecStatus.COMMAND_OK:
            raise error_from_result(result)
