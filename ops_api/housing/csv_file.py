"""The list as a file for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from ops_api.housing.listing import SharedHome

COLUMNS = (
    "home", "address", "ward", "shares", "risk", "risk_now", "risk_weeks", "since", "why", "cause", "confidence", "risk_index",
    "as_of", "completeness", "quality", "case", "case_state", "next_step", "limit",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def to_csv(homes: Sequence[SharedHome]) -> str:
    """Return the homes as CSV, a line each; times and days as ISO 8601."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow(COLUMNS)
    table.writerows([_plain(v) for v in _values(h)] for h in homes)
    return text.getvalue()


def _values(h: SharedHome) -> tuple[object, ...]:
    clock = h.clock
    case = (None, None, None, None) if clock is None else (clock.case_id, clock.where, clock.step, clock.due)
    return (
        h.home_id, h.label, h.ward, "; ".join(h.shares), h.risk, h.now, h.weeks_say,
        None if h.since is None else h.since.isoformat(), h.why, h.cause, h.confidence, h.index, h.as_of, h.completeness,
        "; ".join(h.quality), *case,
    )  # fmt: skip


def _plain(value: object) -> str:
    """Return a value as text that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text
