"""Finding the rows that the database refuses, by halves.

Runs only after a whole COPY was refused. Each try sits in a savepoint of the batch's one
transaction, so that the good rows, the refusals and the ledger are committed together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from ingest.core.batch import Batch, refused_reading
from ingest.core.copy_layout import CopyLayout
from ingest.core.readings import Readings
from ingest.core.reasons import DeadLetter
from ingest.store_sql import trusted

REFUSALS = ("22", "23", "54", "0A", "XX", "P0")
"""SQLSTATE classes with which PostgreSQL refuses a value, rather than being unable to serve."""


async def copy_what_goes(
    cursor: psycopg.AsyncCursor[Any],
    layout: CopyLayout,
    readings: Readings,
    batch: Batch,
    received_at_us: int,
    names: Mapping[int, str],
) -> tuple[Readings, list[DeadLetter]]:
    """Copy every row that the database takes.

    Returns:
        The rows taken, and a dead letter for each refused.
    """
    taken: list[NDArray[np.int64]] = []
    refused: list[DeadLetter] = []
    waiting = [np.arange(len(readings), dtype=np.int64)]
    while waiting:
        rows = waiting.pop()
        why = await _try(cursor, layout, readings.take(rows), received_at_us)
        if why is None:
            taken.append(rows)
        elif len(rows) == 1:
            device = names.get(int(readings.device_id[rows[0]]), "")
            refused.append(refused_reading(batch, readings, int(rows[0]), device, why))
        else:
            half = len(rows) // 2
            waiting += [rows[half:], rows[:half]]
    order = np.concatenate(taken) if taken else np.empty(0, dtype=np.int64)
    return readings.take(order), refused


async def _try(
    cursor: psycopg.AsyncCursor[Any], layout: CopyLayout, rows: Readings, received_at_us: int
) -> str | None:
    """Copy ``rows``; return why not where the database refuses."""
    try:
        async with cursor.connection.transaction(), cursor.copy(trusted(layout.statement)) as copy:
            await copy.write(layout.encode(rows, received_at_us))
    except psycopg.Error as e:
        if cursor.connection.closed or not (e.sqlstate or "").startswith(REFUSALS):
            raise
        return e.diag.message_primary or str(e)
    return None
