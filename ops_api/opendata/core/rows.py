"""Rows of the database as rows of datasets. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, time
from itertools import pairwise
from typing import Any

from devices.contract.kind import Kind
from ops_api.opendata.core import datasets as d
from ops_api.opendata.core.bin_levels import level_of
from ops_api.opendata.core.model import Dataset, Geometry, Item, item, point
from ops_api.web.winter_view import state_of

Row = Mapping[str, Any]


def readings(dataset: Dataset, kind: Kind, rows: Iterable[Row]) -> list[Item]:
    """Return the newest readings of sensors; codes become their words."""
    return [
        item(r["device"], point(r["longitude_deg"], r["latitude_deg"]), r["ts"], dataset, _reading(kind, r))
        for r in rows
    ]


def _reading(kind: Kind, row: Row) -> dict[str, Any]:
    words = {
        f.name: f.codes.get(row[f.name], "unknown")
        for f in kind.fields
        if f.codes and row[f.name] is not None
    }
    return {**row, **words, "measured_at": row["ts"]}


def line_of(row: Row) -> Geometry:
    """Return a stretch's line; a straight one where it has no geometry."""
    line = row["geometry"] or [
        [row["from_longitude_deg"], row["from_latitude_deg"]],
        [row["to_longitude_deg"], row["to_latitude_deg"]],
    ]
    return {"type": "LineString", "coordinates": line}


def roads(rows: Iterable[Row]) -> list[Item]:
    """Return stretches of road with what the rules think of them."""
    return [item(r["segment_id"], line_of(r), r["at"], d.ROADS, _road(r)) for r in rows]


def _road(row: Row) -> dict[str, Any]:
    state = row["state"] or {}
    return {
        **row, "state": state_of(row), "hazard": bool(state.get("hazard")), "source": state.get("source"),
        "surface_temperature_c": state.get("surface_temperature_c"), "judged_at": row["at"],
    }  # fmt: skip


def bins(rows: Iterable[Row], now: datetime) -> list[Item]:
    """Return public bins."""
    return [
        item(r["bin_id"], point(r["longitude_deg"], r["latitude_deg"]), r["at"], d.BINS, level_of(r, now))
        for r in rows
    ]


def homes(document: Row, outlines: Mapping[str, Sequence[Sequence[float]]]) -> list[Item]:
    """Return counts by ward.

    Args:
        document: what everybody may know, as :func:`ops_api.housing.wards.ward_document` has it.
        outlines: of wards, as [longitude, latitude].
    """
    as_of = document["as_of"]
    at = None if as_of is None else datetime.combine(as_of, time(), UTC)
    found = [
        item(
            w["ward_id"],
            _outline(outlines.get(w["ward_id"], ())),
            at,
            d.HOMES,
            {**w, "ward": w["label"], "as_of": at},
        )
        for w in document["wards"]
    ]
    rest = document["others"]
    if rest is not None:
        told = {**rest, "ward": f"The {rest['wards']} wards without a number at risk, together", "as_of": at}
        found.append(item("other-wards-together", None, at, d.HOMES, told))
    return found


def _outline(line: Sequence[Sequence[float]]) -> Geometry | None:
    if len(line) < 3:
        return None
    ring = [*line, line[0]] if list(line[0]) != list(line[-1]) else list(line)
    area = sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))
    # RFC 7946, section 3.1.6: outer rings run counterclockwise.
    return {"type": "Polygon", "coordinates": [ring if area >= 0.0 else ring[::-1]]}


def routes(rows: Iterable[Row], stretches: Iterable[Row]) -> list[Item]:
    """Return gritting routes with the lines of their roads."""
    lines: dict[str, list[Any]] = {}
    for s in stretches:
        if s["route_id"] is not None:
            lines.setdefault(s["route_id"], []).append(line_of(s)["coordinates"])
    return [item(r["route_id"], _lines(lines.get(r["route_id"])), r["at"], d.ROUTES, _route(r)) for r in rows]


def _lines(lines: list[Any] | None) -> Geometry | None:
    return None if lines is None else {"type": "MultiLineString", "coordinates": lines}


def _route(row: Row) -> dict[str, Any]:
    state = row["state"] or {}
    names = ("outcome", "spread_rate_g_m2", "treat_by", "min_surface_temperature_c", "reason")
    return {**row, **{n: state.get(n) for n in names}, "route": row["label"], "decided_at": row["at"]}


def decisions(rows: Iterable[Row]) -> list[Item]:
    """Return what was proposed of routes."""
    return [
        item(
            str(r["decision_id"]),
            None,
            r["decided_at"],
            d.DECISIONS,
            {**r, "spread_rate_g_m2": _number(r["spread_rate_g_m2"])},
        )
        for r in rows
    ]


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)


def treatments(rows: Iterable[Row]) -> list[Item]:
    """Return passes of gritters."""
    return [
        item(
            str(r["pass_id"]), line_of(r), r["at"], d.TREATMENTS,
            {**r, "treated_at": r["at"], "spread_rate_g_m2": r["g_m2"], "from_share": r["low"], "to_share": r["high"]},
        )
        for r in rows
    ]  # fmt: skip


ROUNDED = 3
"""Decimals of an incident's place [deg]: about 100 m, so that an address that somebody typed is none."""


def incidents(found: Iterable[Any]) -> list[Item]:
    """Return incidents that somebody has in hand (``rules.core.incidents.model.Incident``)."""
    return [_incident(i) for i in found if i.state in ("open", "contained")]


def _incident(i: Any) -> Item:
    at = datetime.fromtimestamp(i.changed_at_s, UTC)
    where = (
        None
        if i.longitude_deg is None or i.latitude_deg is None
        else point(round(i.longitude_deg, ROUNDED), round(i.latitude_deg, ROUNDED))
    )
    told = {
        "state": i.state, "severity": i.severity, "services": ", ".join(sorted(i.services)), "signals": i.signals,
        "still_up": i.up, "changed_at": at,
        "opened_at": None if i.opened_at_s is None else datetime.fromtimestamp(i.opened_at_s, UTC),
    }  # fmt: skip
    return item(f"I{i.incident_id}", where, at, d.INCIDENTS, told)
