"""A replay and what differs as JSON lines, or as CSV where the file's name ends so."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from rules.core.diff import Difference
from rules.core.replayed import Replayed
from rules.core.savings import Treatments

COLUMNS = ("record", "at", "rule_id", "subject_kind", "subject", "change", "severity", "outcome", "text")


def records(
    found: Replayed, differences: Sequence[Difference], saved: Treatments | None
) -> Iterator[dict[str, Any]]:
    """Yield all that was found, each with its kind in ``record``; times as ISO 8601 in ``at``."""
    for a in found.alarms:
        yield _record("alarm", a.raised_s, a, text=a.title)
    for d in found.decisions:
        yield _record("decision", d.at_s, d, text=d.reason)
    for difference in differences:
        yield _record("difference", difference.at_s, difference)
    if saved is not None:
        for saving in saved.savings:
            yield _record("saving", saving.period_s, saving, subject_kind="route", subject=saving.route_id)
        for risk in saved.risks:
            yield _record("risk", risk.decided_s, risk, subject_kind="segment", subject=risk.segment_id)


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


def _record(kind: str, at_s: float, value: msgspec.Struct, **more: str) -> dict[str, Any]:
    at = datetime.fromtimestamp(at_s, UTC).isoformat(timespec="seconds")
    return {"record": kind, "at": at, **msgspec.to_builtins(value), **more}
