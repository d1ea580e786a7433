"""What a reading takes once it is stored, and that it is still what was sent."""

from __future__ import annotations

import numpy as np
import psycopg
import pytest

from bench.storage import LIMIT_BYTES
from bench.storage_data import KIND, month, town
from bench.storage_tables import AS_SENT, OURS, fill, sizes
from cityops.db.flavour import detect
from ingest.chunks import fit_chunks
from ingest.registry_store import store_registry

pytestmark = [pytest.mark.storage, pytest.mark.timeout(400)]

BOXES = 24
"""Enough that whole pages of the smallest tables weigh little."""


async def test_a_compressed_reading_takes_at_most_twelve_bytes(db_dsn: str) -> None:
    registry = town(BOXES)
    async with await psycopg.AsyncConnection.connect(db_dsn, autocommit=True) as aconn:
        await store_registry(aconn, registry)
        await fit_chunks(aconn, {KIND.name: KIND})
        columnar = (await detect(aconn)).timescaledb is not None
    stored = month(registry, 30.0 if columnar else 0.5)
    with psycopg.connect(db_dsn, autocommit=True) as conn:
        conn.execute("set timezone = 'UTC'")
        fill(conn, OURS, stored)
        ours = sizes(conn, OURS, len(stored))
        # As a reader sees them: rounded to the resolution, from whichever form they are stored in.
        shown = ", ".join(f"round({f.name}::numeric, {f.decimals})::float8" for f in KIND.fields)
        rows = conn.execute(
            f"select ts, device_id, seq, {shown} from {KIND.table} order by device_id, ts limit 500"  # type: ignore[arg-type]
        ).fetchall()
        order = np.lexsort((stored.ts_us, stored.device))[:500]
        sent = stored.take(order)
        assert [r[2] for r in rows] == sent.seq.tolist()
        values = np.array([r[3:] for r in rows], dtype=np.float64)
        np.testing.assert_array_equal(values, sent.values)
        if not columnar:
            assert "columnstore" not in ours
            return
        fill(conn, AS_SENT, stored)
        plain = sizes(conn, AS_SENT, len(stored))
    assert ours["columnstore"] <= LIMIT_BYTES
    assert ours["columnstore"] < plain["columnstore"] - 3
    assert ours["rows_heap"] > 5 * ours["columnstore"]
