"""What the database holds of a run, told to its history."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg

from devices.agent.entry import Run
from firmware_sim.history import History

_ROWS: LiteralString = """
select d.name, r.seq from frog_reading r join device d using (device_id) where r.boot = %s order by 1, 2
"""
_DEAD: LiteralString = """
select device, seq from dead_letter where boot = %s and device is not null and seq is not null order by 1, 2
"""
_SETTLED: LiteralString = """
select coalesce(sum(readings), 0), coalesce(sum(duplicates), 0), coalesce(sum(dead_letters), 0)
from ingest_batch where batch_id > %s
"""


@dataclass(frozen=True, slots=True)
class Settled:
    """Messages that the server received and settled in a committed transaction."""

    readings: int
    duplicates: int
    dead_letters: int

    @property
    def received(self) -> int:
        """All of them."""
        return self.readings + self.duplicates + self.dead_letters


def last_batch(dsn: str) -> int:
    """Return the number of the last batch so far, 0 where there is none."""
    with psycopg.connect(dsn) as conn:
        row = conn.execute("select coalesce(max(batch_id), 0) from ingest_batch").fetchone()
    return int(row[0]) if row is not None else 0


def settled_since(dsn: str, batch_id: int) -> Settled:
    """Return what the batches after ``batch_id`` settled."""
    with psycopg.connect(dsn) as conn:
        row = conn.execute(_SETTLED, (batch_id,)).fetchone()
    assert row is not None
    return Settled(*map(int, row))


def tell_rows(dsn: str, boot: int, history: History) -> None:
    """Write every row and every dead letter of ``boot`` into the history, doubles included."""
    with psycopg.connect(dsn) as conn:
        for query, tell in ((_ROWS, history.stored), (_DEAD, history.dead)):
            with conn.cursor(name="rows") as cursor:
                cursor.itersize = 20_000
                cursor.execute(query, (boot,))
                for device, run in runs_in_order(cursor):
                    tell(device, boot, [run])


def runs_in_order(rows: Iterable[Any]) -> Iterator[tuple[str, Run]]:
    """Return (device, sequence) rows, in order, as closed ranges; a double begins one of its own."""
    device: str | None = None
    first = last = 0
    for name, seq in rows:
        if name == device and seq == last + 1:
            last = seq
            continue
        if device is not None:
            yield device, (first, last)
        device, first, last = name, seq, seq
    if device is not None:
        yield device, (first, last)
