"""One row of a file as one reading, unjudged.

Every row is published: what the server will not take becomes a dead letter with its
reason there, so that rows = stored + dead letters. A missing value is left out, a
text where a number belongs is sent as it stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from firmware_sim.replay.mapping import ColumnMap, fill

FORMATS = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d %H",
    "%Y-%m-%dT%H",
    "%Y-%m-%d",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%d/%m/%Y",
)
"""Times tried after ISO 8601, British order of day and month."""


NO_VALUE = ("", "NA", "NaN", "nan", "null", "NULL")
"""Texts that always mean "no value"."""


@dataclass(frozen=True, slots=True)
class RowReader:
    """How to read a row.

    Attributes:
        mapping: columns of the time and the fields.
        device: template of the device's name, e.g. ``bin-{serialNumber}``.
        zone: time zone of times that carry none.
        missing: texts and numbers that mean "no value" (``-99`` also matches ``-99.00``).
        time_format: strptime format, or None to try ISO 8601 and :data:`FORMATS`.
    """

    mapping: ColumnMap
    device: str
    zone: tzinfo
    missing: Sequence[str] = NO_VALUE
    time_format: str | None = None

    def read(self, row: Mapping[str, str]) -> tuple[str, int | str, dict[str, float | str]]:
        """Return (device, time [ms since 1970 UTC] or its unreadable text, fields)."""
        fields: dict[str, float | str] = {}
        for name, source in self.mapping.fields.items():
            text = row.get(source.column, "").strip()
            if self._is_missing(text):
                continue
            try:
                number = float(text)
            except ValueError:
                fields[name] = text
            else:
                fields[name] = source.convert(number) if source.convert is not None else number
        return fill(self.device, row), self._time(row), fields

    def _is_missing(self, text: str) -> bool:
        return text in self.missing or _number(text) in {_number(m) for m in self.missing} - {None}

    def _time(self, row: Mapping[str, str]) -> int | str:
        text = fill(self.mapping.ts, row)
        moment = parse_time(text, self.time_format, self.zone)
        return text if moment is None else round(moment.timestamp() * 1000)


def parse_time(text: str, time_format: str | None, zone: tzinfo) -> datetime | None:
    """Return the time in ``text`` in UTC, or None where it can't be read.

    Digits alone are seconds since 1970, or milliseconds from 11 digits on.
    """
    if time_format is None and text.isdigit() and len(text) >= 9:
        seconds = int(text) / 1000 if len(text) > 10 else int(text)
        return datetime.fromtimestamp(seconds, UTC)
    found = _parse(text, (time_format,) if time_format else ("iso", *FORMATS))
    if found is None:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)


def _parse(text: str, formats: Sequence[str]) -> datetime | None:
    for f in formats:
        try:
            return datetime.fromisoformat(text) if f == "iso" else datetime.strptime(text, f)  # noqa: DTZ007
        except ValueError:
            continue
    return None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
