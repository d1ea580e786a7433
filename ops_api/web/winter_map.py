"""The board's map as one document: every stretch with its forecast of every hour, as GeoJSON in columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from ops_api.web.winter_ahead import Ahead, Floats, hour_labels
from rules.core.effects import iso
from rules.core.road_now.table import HOURS

Row = Mapping[str, Any]
PLACES = 5
"""Decimals of a coordinate: a metre."""


def map_document(segments: Sequence[Row], ahead: Ahead | None, zone: ZoneInfo) -> dict[str, Any]:
    """Return the map: a FeatureCollection, with the hours and the forecast's head beside it.

    ``hours`` are when the forecast's hours end; of each stretch ``middle_c``, ``below_zero_pct`` and ``ice_pct`` have
    as many values, null where nothing is known, and are left out where there is no forecast of it.
    """
    series = _Series(ahead)
    return {
        "type": "FeatureCollection",
        "forecast": None if ahead is None else _head(ahead),
        "hours": [] if ahead is None else _hours(ahead, zone),
        "features": [_feature(s, series) for s in segments],
    }


def _head(ahead: Ahead) -> dict[str, Any]:
    f = ahead.forecast
    return {
        "forecast_id": ahead.forecast_id, "issued_at": iso(f.issued_s), "weather": f.weather.kind,
        "weather_source": f.weather.source, "weather_issued_at": iso(f.weather.issued_s), "members": f.members,
        "wrong_sensors": [{"device": s.device, "segment_id": s.segment_id, "error_c": s.error_c} for s in f.wrong],
    }  # fmt: skip


def _hours(ahead: Ahead, zone: ZoneInfo) -> list[dict[str, Any]]:
    times = [ahead.at_s(k) for k in range(HOURS)]
    return [{"at": iso(t), "label": label} for t, label in zip(times, hour_labels(times, zone), strict=True)]


class _Series:
    """The quantities of the map, as plain lists by stretch."""

    def __init__(self, ahead: Ahead | None) -> None:
        self._row_of = {} if ahead is None else ahead.row_of
        self._lists: dict[str, list[list[float | int | None]]] = {}
        if ahead is not None:
            self._lists = {
                "middle_c": _rounded(ahead.values("middle_c"), 1),
                "below_zero_pct": _rounded(100.0 * ahead.values("below_zero"), 0),
                "ice_pct": _rounded(100.0 * ahead.values("ice"), 0),
            }

    def of(self, segment_id: str) -> dict[str, list[float | int | None]]:
        row = self._row_of.get(segment_id)
        return {} if row is None else {name: rows[row] for name, rows in self._lists.items()}


def _rounded(values: Floats, digits: int) -> list[list[float | int | None]]:
    # + 0.0 makes of "-0.0" the zero that it is.
    found = (np.round(values, digits) + 0.0).tolist()
    whole = digits == 0
    return [[None if v != v else int(v) if whole or v == int(v) else v for v in row] for row in found]


def _feature(s: Row, series: _Series) -> dict[str, Any]:
    line = s["geometry"] or [
        [s["from_longitude_deg"], s["from_latitude_deg"]], [s["to_longitude_deg"], s["to_latitude_deg"]],
    ]  # fmt: skip
    return {
        "type": "Feature",
        "id": s["segment_id"],
        "geometry": {"type": "LineString", "coordinates": [[round(x, PLACES), round(y, PLACES)] for x, y in line]},
        "properties": {
            "street": s["street"], "road_class": s["road_class"], "bridge": s["bridge"], "route_id": s["route_id"],
            **series.of(str(s["segment_id"])),
        },
    }  # fmt: skip


def now_document(rows: Sequence[Row]) -> dict[str, Any]:
    """Return what is known of each stretch now: surface temperature, state and what it is known from."""
    newest = max((r["at"] for r in rows if r["at"] is not None), default=None)
    return {
        "at": newest,
        "roads": {r["segment_id"]: [None if r["surface_c"] is None else round(r["surface_c"], 1), r["state"] or "unknown", r["source"]] for r in rows},
    }  # fmt: skip
