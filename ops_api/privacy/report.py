"""How long what is kept, what the last looks dropped, and what waits to be deleted: for a terminal and a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cityops.settings_retention import RetentionSettings
from ops_api.queries import Db

RUNS = 30


@dataclass(frozen=True, slots=True)
class Age:
    """An age at which something goes [days], and why."""

    what: str
    days: int
    why: str


@dataclass(frozen=True, slots=True)
class Run:
    """One look: when, and rows by what they were, without what was none."""

    at: datetime
    dropped: Mapping[str, int]


def ages(settings: RetentionSettings) -> list[Age]:
    """Return all ages in the order of the settings."""
    return [
        Age(
            name.removesuffix("_days").replace("_", " "),
            getattr(settings, name),
            " ".join((field.description or "").split()),
        )
        for name, field in RetentionSettings.model_fields.items()
    ]


async def runs(db: Db) -> list[Run]:
    """Return the last looks, the newest first."""
    rows = await db.rows("retention_runs", most=RUNS)
    return [Run(row["at"], _some(row["dropped"])) for row in rows]


def _some(dropped: Mapping[str, Any]) -> dict[str, int]:
    return {what.replace("_", " "): int(n) for what, n in dropped.items() if n > 0}


def as_text(all_ages: list[Age], looks: list[Run]) -> str:
    """Return the report for a terminal."""
    lines = ["kept [days]"]
    lines += [f"  {age.what:<18} {age.days:>6}" for age in all_ages]
    lines.append("dropped")
    if not looks:
        lines.append("  no look yet: the ingester looks ten minutes after its start, then once a day")
    for look in looks:
        said = ", ".join(f"{n} {what}" for what, n in sorted(look.dropped.items())) or "nothing"
        lines.append(f"  {look.at:%Y-%m-%d %H:%M}  {said}")
    return "\n".join(lines)
