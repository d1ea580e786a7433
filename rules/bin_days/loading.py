"""Rounds, changes and premises from files: JSON with all of it, or CSV of premises. Errors name line, field, value, what is allowed."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from cityops.errors import ConfigurationError
from rules.bin_days.fields import Fields, Wrong
from rules.core.bin_days.model import Change, Premises, Round, Service

SHOWN = 20
"""Problems that are listed; a file with more has one cause."""
COLUMNS = ("uprn", "address", "rounds", "latitude_deg", "longitude_deg")
CHANGE_COLUMNS = ("day", "to", "reason", "round_id", "stream")
PARTS = ("rounds", "changes", "premises")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a file says; None: it says nothing of it, and what is there stays."""

    rounds: tuple[Round, ...] | None = None
    changes: tuple[Change, ...] | None = None
    premises: tuple[Premises, ...] | None = None


@dataclass(slots=True)
class _Found:
    problems: list[str] = field(default_factory=list)

    def each(self, rows: Iterable[tuple[str, object]], read: Callable[[Fields], Any]) -> list[Any]:
        """Return what ``read`` makes of each row; what is wrong is noted with the row's place."""
        made = []
        for place, row in rows:
            if not isinstance(row, Mapping):
                self.problems.append(f"{place}: {row!r} is no object with fields")
                continue
            try:
                made.append(read(Fields(place, row)))
            except Wrong as wrong:
                self.problems += wrong.problems
        return made


def read_file(path: Path, known_rounds: Sequence[str]) -> Loaded:
    """Return what is in a ``.json`` or ``.csv`` file.

    Args:
        path: the file; a CSV has premises where it has a column ``uprn``, changes where it has ``day``.
        known_rounds: that a file without rounds may name.

    Raises:
        ConfigurationError: it can't be read; or each problem on a line: where, field, value, what is allowed.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigurationError(f"{path} can't be read: {why}") from error
    found = _Found()
    parse = _csv if path.suffix.lower() == ".csv" else _json
    loaded = parse(text, found, list(known_rounds))
    if found.problems:
        more = len(found.problems) - SHOWN
        rest = [f"and {more} more"] if more > 0 else []
        raise ConfigurationError("\n  ".join([f"{path}:", *found.problems[:SHOWN], *rest]))
    return loaded


def _json(text: str, found: _Found, known: list[str]) -> Loaded:
    try:
        document = json.loads(text)
    except ValueError as error:
        found.problems.append(f"it is not JSON: {error}")
        return Loaded()
    if not isinstance(document, dict) or not document or not document.keys() <= set(PARTS):
        found.problems.append(f"it is no object with some of {', '.join(PARTS)}")
        return Loaded()
    parts = {p: list(_rows(document[p], p, found)) for p in PARTS if p in document}
    rounds = found.each(parts["rounds"], _round) if "rounds" in parts else None
    found.problems += _twice(parts.get("rounds", ()), "round_id")
    if rounds is not None:
        known = [r.round_id for r in rounds]
    changes = found.each(parts["changes"], _change(known)) if "changes" in parts else None
    places = found.each(parts["premises"], _premises(known)) if "premises" in parts else None
    found.problems += _twice(parts.get("premises", ()), "uprn") + _same_day(changes or ())
    return Loaded(*(None if part is None else tuple(part) for part in (rounds, changes, places)))


def _csv(text: str, found: _Found, known: list[str]) -> Loaded:
    reader = csv.DictReader(io.StringIO(text))
    names = tuple(reader.fieldnames or ())
    columns, is_premises = (COLUMNS, True) if "uprn" in names else (CHANGE_COLUMNS, False)
    strange = [n for n in names if n not in columns]
    missing = [n for n in columns[:3] if n not in names]
    if strange or missing:
        said = f"column {strange[0]!r} is unknown" if strange else f"column {missing[0]!r} is missing"
        found.problems.append(f"line 1: {said}; columns are {', '.join(columns)}")
        return Loaded()
    rows = []
    for row in reader:
        if None in row or None in row.values():
            found.problems.append(
                f"line {reader.line_num}: it has not {len(names)} values, as the first line has"
            )
            continue
        rows.append((f"line {reader.line_num}", {k: v for k, v in row.items() if v != ""}))
    if is_premises:
        places = found.each(rows, _premises(known))
        found.problems += _twice(rows, "uprn")
        return Loaded(premises=tuple(places))
    changes = found.each(rows, _change(known))
    found.problems += _same_day(changes)
    return Loaded(changes=tuple(changes))


def _rows(value: object, name: str, found: _Found) -> Iterable[tuple[str, object]]:
    if not isinstance(value, list):
        found.problems.append(f"{name}: {value!r} is no list")
        return []
    return [(f"{name}[{n}]", row) for n, row in enumerate(value)]


def _round(row: Fields) -> Round:
    row.only("round_id", "label", "lorries", "ends", "services")
    services = [Fields(f"{row.place}.services[{n}]", s) for n, s in enumerate(row.objects("services"))]
    made = Round(
        round_id=row.name("round_id"), label=row.text("label", 100), lorries=row.names("lorries"),
        ends_min=row.clock("ends", 17 * 60), services=tuple(row.nested(s, _service) for s in services),
    )  # fmt: skip
    streams = [s.stream for s in made.services if s is not None]
    if len(set(streams)) < len(streams):
        row.wrong("services", streams, "each stream once")
    row.check()
    return made


def _service(row: Fields) -> Service:
    row.only("stream", "label", "container", "colour", "rule", "start")
    start = row.day("start")
    made = Service(
        stream=row.name("stream"), label=row.text("label", 40), container=row.text("container", 40),
        colour=row.colour("colour"), rule=row.rule("rule", start), start=start,
    )  # fmt: skip
    row.check()
    return made


def _change(known: Sequence[str]) -> Callable[[Fields], Change]:
    def read(row: Fields) -> Change:
        row.only(*CHANGE_COLUMNS)
        day = row.day("day")
        made = Change(
            day=day, to=row.near_day("to", day), reason=row.text("reason", 100),
            round_id=row.one_of("round_id", known), stream=row.name("stream") if row.has("stream") else None,
        )  # fmt: skip
        row.check()
        return made

    return read


def read_change(row: Mapping[str, Any], known_rounds: Sequence[str]) -> Change:
    """Return one change as somebody typed it; raises :class:`rules.bin_days.fields.Wrong`."""
    given = {k: v for k, v in row.items() if v is not None}
    return _change(known_rounds)(Fields("exception", given))


def _premises(known: Sequence[str]) -> Callable[[Fields], Premises]:
    def read(row: Fields) -> Premises:
        row.only(*COLUMNS)
        latitude, longitude = row.degrees("latitude_deg", 90.0), row.degrees("longitude_deg", 180.0)
        if (latitude is None) != (longitude is None):
            row.wrong("latitude_deg", latitude, "both degrees, or neither")
        made = Premises(
            uprn=row.uprn("uprn"), address=row.address("address"), rounds=row.known_names("rounds", known),
            latitude_deg=latitude, longitude_deg=longitude,
        )  # fmt: skip
        row.check()
        return made

    return read


def _twice(rows: Iterable[tuple[str, object]], name: str) -> list[str]:
    first: dict[str, str] = {}
    found = []
    for place, row in rows:
        value = str(row[name]).strip() if isinstance(row, Mapping) and name in row else None
        if value is not None and value in first:
            found.append(f"{place}: {name} {value} is at {first[value]} already; each may be there once")
        elif value is not None:
            first[value] = place
    return found


def _same_day(changes: Sequence[Change]) -> list[str]:
    seen: set[tuple[date, str | None, str | None]] = set()
    found = []
    for c in changes:
        key = (c.day, c.round_id, c.stream)
        if key in seen:
            found.append(
                f"day {c.day} is changed twice for the same round and stream; each may be there once"
            )
        seen.add(key)
    return found
