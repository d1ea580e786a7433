"""Work items of a step into the database, within the step's transaction."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
import psycopg

from cityops.db.queries import load_queries
from rules.core.effects import CloseWork, Effect, OpenWork
from rules.memory_work import DONE_RESTS_S

SQL = load_queries("rules", "work.sql")


async def put_work(conn: psycopg.AsyncConnection[Any], effects: Iterable[Effect]) -> None:
    """Open, say again and mark as gone, in the order of the effects."""
    for effect in effects:
        if isinstance(effect, OpenWork):
            values = {
                "rule_id": effect.rule_id, "rule_version": effect.rule_version, "device": effect.device,
                "at_s": effect.at_s, "title": effect.title, "reason": effect.reason,
                "inputs": msgspec.json.encode(effect.inputs).decode(), "due_s": effect.due_s,
                "rests_s": DONE_RESTS_S,
            }  # fmt: skip
            await conn.execute(SQL["open_work"], values)
        elif isinstance(effect, CloseWork):
            gone = {
                "rule_id": effect.rule_id,
                "device": effect.device,
                "at_s": effect.at_s,
                "reason": effect.reason,
            }
            await conn.execute(SQL["close_work"], gone)
