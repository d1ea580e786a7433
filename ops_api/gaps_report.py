"""What ``cityops gaps`` prints: for a person, and as a document for programs. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from cityops.errors import ConfigurationError
from ops_api.missing import DeviceMissing, KindMissing, Missing, lost_in_words, percent, ranges_in_words
from ops_api.web import words

_SPAN = re.compile(r"^(\d{1,4})([hd])$")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1)}
LONGEST = timedelta(days=92)


def look_back(since: str, now: datetime) -> timedelta:
    """Return how long before ``now`` a window begins that is given as 6h, 7d or a time.

    Raises:
        ConfigurationError: it is none of these, or not 1 hour to 92 days ago.
    """
    found = _SPAN.match(since)
    back = int(found[1]) * _UNITS[found[2]] if found else now - _moment(since)
    if not timedelta(hours=1) <= back <= LONGEST:
        raise ConfigurationError(f"--since {since!r}: must be 1 hour to {LONGEST.days} days ago")
    return back


def _moment(text: str) -> datetime:
    at = words.moment(text if "T" in text else f"{text}T00:00+00:00")
    if at is None:
        raise ConfigurationError(f"--since {text!r}: write 6h, 7d, 2026-11-20 or 2026-11-20T18:00Z")
    return at


def as_text(found: Missing, *, one: bool = False) -> str:
    """Return the report; of ``one`` device without the summary by kind."""
    if not found.kinds:
        return "no device is registered; `cityops registry load` registers devices"
    parts = [] if one else [_summary(found)]
    if found.devices:
        parts.append("\n".join(_device(d, found) for d in found.devices))
    more = 0 if one else found.look_devices - len(found.devices)
    if more > 0:
        parts.append(f"and {words.plural(more, 'more device')}; --limit {found.look_devices} names all")
    return "\n\n".join(parts)


def headline(found: Missing) -> str:
    """Return the answer in one sentence."""
    gaps = sum(k.gap_devices for k in found.kinds)
    if found.missing:
        return f"{words.plural(found.missing, 'number')} missing at {words.plural(gaps, 'device')}"
    if found.look_devices:
        behind = words.plural(found.look_devices, "device is", "devices are")
        return f"no numbered reading is missing; {behind} silent or behind"
    return "nothing is missing"


def _summary(found: Missing) -> str:
    hours = round((found.end - found.start) / timedelta(hours=1))
    told = f"since {found.start:%Y-%m-%d %H:%M} UTC ({hours} h)"
    span = told if hours > 0 else "counts whole hours, and none has passed since the first reading"
    head = ("kind", "devices", "complete", "missing", "with gaps", "lost on air", "outstanding")
    table = [head, *(_kind(k) for k in found.kinds)]
    return f"{headline(found).capitalize()}. Completeness {span}.\n\n{_aligned(table)}"


def _kind(k: KindMissing) -> tuple[str, ...]:
    counts = (k.missing, k.gap_devices, k.lost, k.waiting)
    return (k.kind, words.number(k.devices), percent(k.share), *(words.number(n) for n in counts))


def _aligned(table: Sequence[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = []
    for row in table:
        cells = [row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _device(d: DeviceMissing, found: Missing) -> str:
    said = _complete(d, found)
    said += [ranges_in_words(d) or "no gap in its numbers"]
    said += [lost_in_words(d)] if d.lost else []
    said += [_waiting(d, found.clock_at), heard(d, found.at)]
    return f"{d.name} ({d.kind}): {'; '.join(said)}"


def _complete(d: DeviceMissing, found: Missing) -> list[str]:
    """Return how complete it is; of a device that was heard only after the window's last full hour, when that is told.

    It may be new, or back after a long silence: that the window has nothing of it is said either way.
    """
    if d.share is None:
        return []
    if d.stored in (None, 0) and d.heard_at is not None and d.heard_at >= found.end:
        next_told = f"completeness since is told from {found.end + timedelta(hours=1):%H:%M} UTC on"
        return [f"nothing up to {found.end:%H:%M} UTC", next_told]
    return [f"{percent(d.share)} complete"]


def _waiting(d: DeviceMissing, now: datetime) -> str:
    if d.status_at is None:
        return "never said what it holds"
    if d.waiting is None:
        return f"offline, outstanding not known ({words.ago(d.status_at, now)})"
    return f"{words.number(d.waiting)} outstanding ({words.ago(d.status_at, now)})"


def heard(d: DeviceMissing, now: datetime) -> str:
    """Return when a device's newest reading was measured, and that it is silent since."""
    if d.heard_at is None:
        return "never heard"
    at = f"{d.heard_at:%Y-%m-%d %H:%M} UTC"
    return f"silent since {at}" if d.silent(now) else f"last heard {at}"


def as_document(found: Missing) -> dict[str, Any]:
    """Return the report for programs."""
    return {
        "at": found.at.isoformat(),
        "since": found.start.isoformat(),
        "until": found.end.isoformat(),
        "missing": found.missing,
        "kinds": [_plain(asdict(k)) | {"completeness": k.share} for k in found.kinds],
        "devices": [
            _plain(asdict(d))
            | {
                "ranges": [r._asdict() for r in d.ranges],
                "completeness": d.share,
                "silent": d.silent(found.at),
            }
            for d in found.devices
        ],
    }


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
        if not name.startswith("week_")
    }
