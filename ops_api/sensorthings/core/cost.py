"""What a request may cost, and what is said of one that would cost more. No request can run for minutes.

Three guards: the planner's estimate before a query runs, the server's time limit while it does, and a count of rows over
all the queries of one answer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from ops_api.sensorthings.core.errors import FilterError

ROWS_MOST = 100_000
"""Rows that the queries of one answer may give together."""
NARROWER = "name a datastream, a shorter time, or fewer ways in $expand"
_CANCELLED = frozenset({"57014", "55P03"})


def estimated(explained: object) -> float:
    """Return the planner's cost of a query, from what ``EXPLAIN (FORMAT JSON)`` gives.

    Raises:
        ValueError: it is not that.
    """
    match explained:
        case [{"Plan": {"Total Cost": int() | float() as cost}}] if math.isfinite(cost):
            return float(cost)
    raise ValueError("not an explanation in JSON")


def check_cost(explained: object, most: float) -> None:
    """Refuse a query whose estimate is above ``most``.

    Raises:
        FilterError: it is.
    """
    cost = estimated(explained)
    if cost > most:
        raise FilterError(f"it would read too much (cost {cost:.0f}, at most {most:.0f}): {NARROWER}")


def refusal(sqlstate: str | None, limit_s: float) -> FilterError | None:
    """Return what is said where the server gave a query up; None: that is no mistake of whoever asks.

    Args:
        sqlstate: of the server's error.
        limit_s: seconds that a query has.
    """
    if sqlstate in _CANCELLED:
        return FilterError(f"it took longer than {limit_s:g} s: {NARROWER}")
    if sqlstate is not None and sqlstate.startswith("22"):
        # Class 22, data exception: a number, a moment or a text that calculating made too large.
        return FilterError("a value in it becomes larger than can be calculated with")
    if sqlstate == "54000":
        return FilterError(f"its answer is larger than can be put together: {NARROWER}")
    if sqlstate == "54001":
        return FilterError("it is nested too deep")
    return None


class Budget:
    """Rows that are left for one answer, and those that were taken."""

    def __init__(self, rows: int = ROWS_MOST) -> None:
        self.left = rows
        self.spent = 0

    @property
    def cut(self) -> str:
        """What ends a query whose rows are not held to a page: one more than are left, which :meth:`spend` then refuses."""
        return f" limit {self.left + 1:d}"

    def spend(self, rows: int) -> None:
        """Take rows of it.

        Raises:
            FilterError: more than are left.
        """
        self.left -= rows
        self.spent += rows
        if self.left < 0:
            raise FilterError(f"more than {ROWS_MOST} entities in one answer: {NARROWER}", 0, "$expand")


def page_size(top: int | None, usual: int, most: int) -> int:
    """Return how many entities a page has: what is asked for, and not more than are given at once."""
    return usual if top is None else min(top, most)


def limits(limit_s: float) -> Mapping[str, str]:
    """Return settings of the transaction in which what was asked runs, with their values."""
    return {
        "statement_timeout": f"{round(limit_s * 1000)}ms",
        "lock_timeout": "1s",
        "work_mem": "16MB",
        "max_parallel_workers_per_gather": "0",
        "transaction_read_only": "on",
        "timezone": "UTC",
        # Values are looked at when a query is planned: chunks of other times are left out, answers about shapes read once.
        "plan_cache_mode": "force_custom_plan",
        "jit": "off",
    }
