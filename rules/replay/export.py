"""A replay and what differs as JSON lines, or as CSV where the file's name ends so."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from rules.core.diff import Difference
from rules.core.replayed import Replayed
from rules.core.savings import Risk, RouteSaving, Treatments

COLUMNS = (
    "record", "at", "rule_id", "subject_kind", "subject", "change", "severity", "outcome", "route_id",
    "runs", "km", "salt_kg", "bins_n", "decided_at", "treated_at", "cold_from", "cold_to", "cold_s", "slippery_s",
    "minimum_c", "text",
)  # fmt: skip
TIMES = {"decided_s": "decided_at", "treated_s": "treated_at", "from_s": "cold_from", "to_s": "cold_to"}
"""What a risk calls its times, and what a table does; there as ISO 8601."""


def records(
    found: Replayed,
    differences: Sequence[Difference],
    saved: Treatments | None,
    said: Callable[[RouteSaving | Risk], str],
) -> Iterator[dict[str, Any]]:
    """Yield all that was found, each with its kind in ``record``; times as ISO 8601 in ``at``.

    ``said`` returns a saving or a risk in words.
    """
    for a in found.alarms:
        yield _record("alarm", a.raised_s, a, text=a.title)
    for d in found.decisions:
        # Of a round how many bins must go: its way is its plan's.
        about: dict[str, Any] = {"km": None, "bins_n": len(d.bins)} if d.rule_id == "bins.round" else {}
        yield _record("decision", d.at_s, d, text=d.reason, **about)
    for difference in differences:
        yield _record("difference", difference.at_s, difference)
    if saved is not None:
        for saving in saved.savings:
            about = {"subject_kind": "route", "subject": saving.route_id, "text": said(saving)}
            yield _record("saving", saving.period_s, saving, **about)
        for risk in saved.risks:
            about = {"subject_kind": "segment", "subject": risk.segment_id, "text": said(risk)}
            yield _record("risk", risk.decided_s, risk, **about, **_times(risk))


def export(path: Path, lines: Iterator[dict[str, Any]]) -> int:
    """Write records to a file and return how many.

    Raises:
        OSError: it can't be written.
    """
    written = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, extrasaction="ignore") if path.suffix == ".csv" else None
        if table is not None:
            table.writeheader()
        for record in lines:
            if table is not None:
                table.writerow(record)
            else:
                file.write(msgspec.json.encode(record).decode() + "\n")
            written += 1
    return written


def _record(kind: str, at_s: float, value: msgspec.Struct, **more: str | int | None) -> dict[str, Any]:
    return {"record": kind, "at": _iso(at_s), **msgspec.to_builtins(value), **more}


def _times(risk: Risk) -> dict[str, str | None]:
    seconds = {column: getattr(risk, name) for name, column in TIMES.items()}
    return {column: None if s is None else _iso(s) for column, s in seconds.items()}


def _iso(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="seconds")
