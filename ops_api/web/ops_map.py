"""The wall's map: what stands still as GeoJSON, and what is true now as one letter a stretch or bin. Pure.

Thousands of things stand still and a few change: the first document is fetched once, the second every few seconds.
Of homes it has wards, as far as their numbers may be told (``ops_api.housing.wards``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ops_api.bin_rounds import TodaysRounds
from ops_api.web.winter_map import PLACES

Row = Mapping[str, Any]

OUT_FOR = timedelta(minutes=15)
"""A lorry or gritter that was not heard of for longer is not on the map."""
HEARD_FOR = timedelta(hours=2)
"""The same of a weather station's temperature."""


def mark_of(stands: Row) -> str:
    """Return a mark of what the map is drawn of; ``stands``: row of ``wall_stands``."""
    key = " ".join(str(stands[k]) for k in sorted(stands))
    return hashlib.blake2b(key.encode(), digest_size=8).hexdigest()


def still_document(
    mark: str, segments: Sequence[Row], bins: Sequence[Row], outlines: Mapping[str, Sequence[Sequence[float]]]
) -> dict[str, Any]:
    """Return what stands still, each a FeatureCollection: ``roads`` and ``bins`` in the order of their letters, ``wards``."""
    return {
        "mark": mark,
        "roads": _collection([_road(s) for s in segments]),
        "bins": _collection([_feature(b["bin_id"], _point(b), {}) for b in bins]),
        "wards": _collection([_ward(w, line) for w, line in outlines.items() if len(line) >= 3]),
    }


def _collection(features: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": features}


def _feature(key: object, geometry: dict[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "id": key, "geometry": geometry, "properties": properties}


def _point(row: Row) -> dict[str, Any]:
    return {"type": "Point", "coordinates": _place(row)}


def _place(row: Row) -> list[float]:
    return [round(row["longitude_deg"], PLACES), round(row["latitude_deg"], PLACES)]


def _road(s: Row) -> dict[str, Any]:
    line = s["geometry"] or [
        [s["from_longitude_deg"], s["from_latitude_deg"]], [s["to_longitude_deg"], s["to_latitude_deg"]],
    ]  # fmt: skip
    coordinates = [[round(x, PLACES), round(y, PLACES)] for x, y in line]
    about = {"road_class": s["road_class"], "street": s["street"], "route_id": s["route_id"]}
    return _feature(s["segment_id"], {"type": "LineString", "coordinates": coordinates}, about)


def _ward(ward_id: str, line: Sequence[Sequence[float]]) -> dict[str, Any]:
    ring = [[round(p[0], PLACES), round(p[1], PLACES)] for p in line]
    closed = ring if ring[0] == ring[-1] else [*ring, ring[0]]
    return _feature(ward_id, {"type": "Polygon", "coordinates": [closed]}, {})


def now_document(
    mark: str,
    *,
    roads: str,
    bins: str,
    weather: Sequence[Row],
    gritters: Sequence[Row],
    rounds: TodaysRounds | None,
    alarms: Sequence[Row],
    wards: Mapping[str, Row],
    now: datetime,
    closed: Sequence[str] = (),
) -> dict[str, Any]:
    """Return what is true now.

    Args:
        mark: of the document that ``roads`` and ``bins`` go with.
        roads: a letter a stretch, in that document's order.
        bins: a letter a bin, likewise.
        weather: newest readings of stations, with their places.
        gritters: newest readings, with where they were measured.
        rounds: today's bin lorries.
        alarms: rows of ``wall_alarm_places``, the worst first.
        wards: by ward, what may be told: ``shade`` (``0``: nothing), ``label``, ``says``.
        now: the town's time.
        closed: stretches that nobody may drive.
    """
    return {
        "mark": mark,
        "roads": roads,
        "bins": bins,
        "closed": list(closed),
        "weather": [
            {"id": w["device"], "at": _place(w), "air_c": round(w["air_temperature_c"], 1)}
            for w in weather
            if _is_new(w, now, HEARD_FOR)
            and w["latitude_deg"] is not None
            and w["air_temperature_c"] is not None
        ],
        "lorries": [*_gritters(gritters, now), *_lorries(rounds, now)],
        "alarms": [
            {
                "id": a["alarm_id"],
                "at": _place(a),
                "severity": a["severity"],
                "rule": a["rule_id"],
                "taken": a["taken"],
            }
            for a in alarms
        ],
        "wards": dict(wards),
    }


def _is_new(row: Row, now: datetime, age: timedelta) -> bool:
    return bool(now - row["ts"] <= age)


def _gritters(rows: Sequence[Row], now: datetime) -> list[dict[str, Any]]:
    found = []
    for g in rows:
        if not _is_new(g, now, OUT_FOR):
            continue
        rate = g["spread_rate_g_m2"]
        spreads = rate is not None and rate > 0.0
        found.append({"id": g["device"], "kind": "gritter", "at": _place(g), "works": spreads})
    return found


def _lorries(rounds: TodaysRounds | None, now: datetime) -> list[dict[str, Any]]:
    if rounds is None:
        return []
    seen_after = (now - OUT_FOR).timestamp()
    return [
        {
            "id": lorry_id, "kind": "lorry", "works": p.phase == "at_stop",
            "at": [round(p.place.longitude_deg, PLACES), round(p.place.latitude_deg, PLACES)],
        }
        for lorry_id, p in sorted(rounds.progress.items())
        if p.place is not None and p.seen_s is not None and p.seen_s >= seen_after
    ]  # fmt: skip
