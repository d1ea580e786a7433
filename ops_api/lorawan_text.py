"""What ``cityops lorawan`` prints."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ingest.core.lorawan.native.catalogue import NATIVE
from ops_api.terminal_text import escaped

Row = dict[str, Any]


def as_json(rows: Sequence[Row]) -> str:
    """Return rows as JSON."""
    return json.dumps(rows, indent=2, ensure_ascii=False, default=_plain)


def source_lines(rows: Sequence[Row]) -> list[str]:
    """Return the list of servers."""
    if not rows:
        return ["no LoRaWAN server; add one with `cityops lorawan add-source`"]
    return _table(
        ("source", "protocol", "by", "state", "kept", "again", "waiting", "set aside", "last"),
        [
            (
                r["name"], r["protocol"], r["transport"],
                "off" if not r["enabled"] else r["connection"] or ("" if r["transport"] == "webhook" else "not connected yet"),
                r["received"], r["duplicates"], r["waiting"], r["dead"], _moment(r["last_seen_at"]),
            )
            for r in rows
        ],
    )  # fmt: skip


def device_lines(rows: Sequence[Row]) -> list[str]:
    """Return the list of bound sensors."""
    if not rows:
        return ["no sensor is bound; see `cityops lorawan unknown`"]
    return _table(
        ("device", "DevEUI", "codec", "source", "last", "uplinks", "signal", "battery"),
        [
            (
                r["device"], r["dev_eui"], r["codec"], r["source"] or "", _moment(r["last_seen_at"]), r["uplinks"] or 0, _signal(r),
                _battery(r),
            )
            for r in rows
        ],
    )  # fmt: skip


def unknown_lines(rows: Sequence[Row]) -> list[str]:
    """Return the list of sensors that are no device."""
    if not rows:
        return ["every sensor that was heard is a device"]
    return _table(
        ("DevEUI", "source", "called", "last", "uplinks", "port", "payload"),
        [
            (
                r["dev_eui"],
                r["source"],
                r["label"],
                _moment(r["last_seen_at"]),
                r["uplinks"],
                _or(r["f_port"]),
                r["payload"] or "",
            )
            for r in rows
        ],
    )


def codec_lines(rows: Sequence[Row]) -> list[str]:
    """Return the list of codecs: those added, and the decoders that are built in."""
    added = [(r["name"], r["version"], r["language"], r["kind"], r["sensors"], r["note"]) for r in rows]
    names = {r["name"] for r in rows}
    built_in = [(n.name, "", "built in", n.kind, 0, n.title) for n in NATIVE.values() if n.name not in names]
    return _table(("codec", "version", "language", "kind", "sensors", "note"), [*added, *built_in])


def inbox_lines(rows: Sequence[Row]) -> list[str]:
    """Return the counts of the inbox."""
    if not rows:
        return ["nothing has come in yet"]
    return _table(
        ("state", "reason", "events", "newest", "example"),
        [
            (r["state"], r["reason_code"] or "", r["events"], _moment(r["newest"]), _cut(r["example"] or ""))
            for r in rows
        ],
    )


def event_lines(rows: Sequence[Row]) -> list[str]:
    """Return events."""
    if not rows:
        return ["no event fits"]
    return _table(
        ("id", "came", "source", "kind", "DevEUI", "counter", "port", "state", "why", "payload"),
        [
            (
                r["event_id"], _moment(r["received_at"]), r["source"], r["event_kind"], r["dev_eui"] or "", _or(r["f_cnt"]),
                _or(r["f_port"]), r["state"], _cut(r["reason"] or ""), r["payload"] or "",
            )
            for r in rows
        ],
    )  # fmt: skip


def downlink_lines(rows: Sequence[Row]) -> list[str]:
    """Return messages to sensors."""
    if not rows:
        return ["nothing was sent to a sensor"]
    return _table(
        ("id", "DevEUI", "device", "what", "state", "queued", "sent", "on air", "problem"),
        [
            (
                r["downlink_id"], r["dev_eui"], r["device"] or "", r["what"], r["state"], _moment(r["created_at"]),
                _moment(r["sent_at"]), _moment(r["radioed_at"]), _cut(r["problem"]),
            )
            for r in rows
        ],
    )  # fmt: skip


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    cells = [list(head), *([escaped(str(cell)) for cell in row] for row in rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(head))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]


def _signal(r: Row) -> str:
    if r["rssi_dbm"] is None:
        return ""
    spreading = "" if r["spreading"] is None else f" SF{r['spreading']}"
    noise = "" if r["snr_db"] is None else f", {r['snr_db']:g} dB"
    return f"{r['rssi_dbm']:g} dBm{noise}{spreading}"


def _battery(r: Row) -> str:
    if r["external_power"]:
        return "mains"
    return "" if r["battery_pct"] is None else f"{r['battery_pct']:.0f} %"


def _moment(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M:%S}"


def _or(value: object) -> object:
    return "" if value is None else value


def _cut(text: str, most: int = 100) -> str:
    return text if len(text) <= most else text[:most] + "…"


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
