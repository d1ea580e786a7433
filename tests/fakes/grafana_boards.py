"""The committed boards and their queries."""

from __future__ import annotations

from typing import Any

from dashboards.check import read_boards
from dashboards.check_sql import Query
from dashboards.check_sql import queries as queries_of

BOARDS: dict[str, Any] = dict(read_boards())


def queries() -> list[Query]:
    """Return every query of panels, annotations and variables."""
    return list(queries_of(BOARDS))
