"""What came late, and the memory from time to time, into the database within the step's transaction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import msgspec
import psycopg

from cityops.db.queries import load_queries
from rules.core.checkpoint import KEPT_S
from rules.core.effects import Effect
from rules.core.late import late_spans
from rules.ports import Change

SQL = load_queries("rules", "late.sql")


async def put_late(conn: psycopg.AsyncConnection[Any], effects: Iterable[Effect]) -> None:
    """Widen the open windows of what came late, or open some."""
    spans = late_spans(effects)
    if spans:
        rows = msgspec.json.encode([asdict(span) for span in spans]).decode()
        await conn.execute(SQL["put_late"], {"rows": rows})


async def put_checkpoint(conn: psycopg.AsyncConnection[Any], service: str, change: Change) -> None:
    """Keep the memory where the step says so, and drop what is too old."""
    if change.checkpoint is None or change.settled_s is None:
        return
    values = {"service": service, "at_s": change.settled_s, "state": change.checkpoint}
    await conn.execute(SQL["put_checkpoint"], values)
    await conn.execute(SQL["drop_checkpoints"], {"service": service, "before_s": change.settled_s - KEPT_S})
