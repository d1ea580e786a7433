"""A gritting route as the queries give it to the winter views."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

NOW = datetime(2026, 1, 9, 18, 0, tzinfo=UTC)


def route(name: str, outcome: str | None, **state: Any) -> dict[str, Any]:
    """Return a row of ``routes``; ``state`` is beside its outcome, if it has one."""
    return {
        "route_id": name,
        "label": name,
        "priority": 1,
        "depot": "Depot",
        "segments": 4,
        "length_km": 2.0,
        "at": NOW,
        "state": None if outcome is None else {"outcome": outcome, **state},
    }
