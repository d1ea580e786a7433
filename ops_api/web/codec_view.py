"""What the pages of codecs show."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from devices.contract.kind import Kind
from ops_api.codec_desk import Draft, Trial
from ops_api.web import words

_DONE = {
    "kept": "Kept as a new version.",
    "unbound": "The sensor is no device any more. What it was stays known.",
}


def done(what: str, again: int) -> str:
    """Return the sentence of what was just done; empty where nothing was."""
    if what != "bound":
        return _DONE.get(what, "")
    more = f" {words.plural(again, 'uplink')} that waited for it {'is' if again == 1 else 'are'} stored now."
    return "The sensor is bound." + (more if again else "")


def line(row: Mapping[str, Any], now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """Return a codec as it stands in a list."""
    return {
        "name": row["name"], "version": row["version"], "kind": row["kind"], "language": row["language"],
        "note": row["note"], "sensors": row["sensors"],
        "said": f"{words.day_and_clock(row['created_at'], zone, now)} by {row['created_by']}",
    }  # fmt: skip


def whole(row: Mapping[str, Any], now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """Return a version of a codec with its source."""
    return line(row, now, zone) | {"source": row["body"], "field_map": _pretty(row["field_map"])}


def draft_of(row: Mapping[str, Any]) -> Draft:
    """Return the draft that begins from a version."""
    return Draft(
        name=row["name"], kind=row["kind"], language=row["language"], source=row["body"],
        field_map=_pretty(row["field_map"]),
    )  # fmt: skip


def sensor(row: Mapping[str, Any], now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """Return a sensor as it stands in a list."""
    seen = row.get("last_seen_at")
    heard = "never heard" if seen is None else f"heard {words.ago(seen, now)}"
    return {
        "dev_eui": row["dev_eui"],
        "device": row.get("device", ""),
        "label": row.get("label", ""),
        "version": row.get("version"),
        "heard": heard if seen is None else f"{heard}, {words.plural(row['uplinks'] or 0, 'uplink')}",
        "payload": row.get("payload") or "",
        "f_port": row.get("f_port") or 0,
        "wrong": (row.get("reason") or "") if row.get("state") == "dead" else "",
        "bound": "" if row.get("bound_at") is None else _since(row, now, zone),
    }


def tried(draft: Draft, versions: Sequence[Mapping[str, Any]]) -> str:
    """Return which source a trial was of: the one in the box, and which of the versions has it too."""
    source = _lines(draft.source)
    same = (row["version"] for row in versions if _lines(row["body"] or "") == source)
    version = next(same, None)
    which = "is not kept yet" if version is None else f"is that of version {version}"
    return f"The source in the box below was tried; it {which}. Nothing was kept or stored."


def _lines(source: str) -> list[str]:
    """Forms send other line ends than files have."""
    return source.strip().splitlines()


def trial(
    found: Trial, draft: Draft, versions: Sequence[Mapping[str, Any]], kind: Kind | None, zone: ZoneInfo
) -> dict[str, Any]:
    """Return what came of a trial of a draft; ``versions``: of the codec of that name, the newest first."""
    return {
        "source": tried(draft, versions),
        "good": found.good,
        "first": _first(found),
        "taken": f"{words.plural(len(found.payload_hex) // 2, 'byte')} on port {found.f_port}, from {found.taken_for}"
        + (f", sensor {found.dev_eui}" if found.dev_eui else ""),
        "hex": found.payload_hex,
        "dev_eui": found.dev_eui,
        "data": None if found.data is None else json.dumps(found.data, indent=2, ensure_ascii=False),
        "errors": list(found.errors),
        "warnings": list(found.warnings),
        "notes": list(found.notes),
        "faults": list(found.faults),
        "not_measured": [f"{name} was not measured ({how})" for name, how in found.not_measured.items()],
        "readings": [_reading(at, fields, kind, zone) for at, fields in found.readings],
    }


def _first(found: Trial) -> str:
    if found.problem:
        return f"The codec gave nothing: {found.problem}."
    if found.errors:
        return "The codec refuses this uplink."
    if found.data is None and not found.readings:
        return "The codec gave nothing."
    if found.faults:
        return "It was decoded, and no reading would be stored."
    return f"It was decoded, and {words.plural(len(found.readings), 'reading')} would be stored."


def _reading(
    at: datetime | None, fields: Mapping[str, float], kind: Kind | None, zone: ZoneInfo
) -> dict[str, Any]:
    return {
        "at": "when it is heard" if at is None else at.astimezone(zone).strftime("%-d %B %Y, %H:%M:%S"),
        "fields": [_field(name, value, kind) for name, value in fields.items()],
    }


def _field(name: str, value: float, kind: Kind | None) -> dict[str, str]:
    declared = None if kind is None else kind.by_name.get(name)
    if declared is None:
        return {"name": name, "label": "no field of the kind", "value": f"{value:g}"}
    meaning = declared.codes.get(int(value)) if declared.codes and value == int(value) else None
    shown = f"{value:g} {declared.quantity.symbol}".strip() if meaning is None else f"{value:g} ({meaning})"
    return {"name": name, "label": declared.label or declared.quantity.label, "value": shown}


def _since(row: Mapping[str, Any], now: datetime, zone: ZoneInfo) -> str:
    return f"{words.day_and_clock(row['bound_at'], zone, now)} by {row['bound_by']}"


def _pretty(found: Any) -> str:
    return "" if found is None else json.dumps(found, indent=2, ensure_ascii=False)
