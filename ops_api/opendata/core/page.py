"""What the page of open data says of each dataset. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from ops_api.opendata.core.model import Column, Table
from ops_api.web import words


@dataclass(frozen=True, slots=True)
class Block:
    """A dataset as shown."""

    id: str
    title: str
    says: str
    note: str
    fresh: str
    every: str
    rows: str
    columns: tuple[Column, ...]


def blocks(tables: Sequence[Table], now: datetime, zone: ZoneInfo) -> list[Block]:
    """Return the datasets in their order; times in the town's zone."""
    return [
        Block(
            t.dataset.id, t.dataset.title, t.dataset.says, t.note, _fresh(t, now, zone), t.dataset.every,
            words.plural(len(t.items), "row"), t.dataset.columns,
        )
        for t in tables
    ]  # fmt: skip


def _fresh(table: Table, now: datetime, zone: ZoneInfo) -> str:
    newest = table.newest
    if newest is None:
        return f"Nothing {table.dataset.measures} yet" if table.items else "Nothing in it now"
    return (
        f"Newest {table.dataset.measures} {words.day_and_clock(newest, zone, now)}, {words.ago(newest, now)}"
    )
