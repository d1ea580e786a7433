"""A town on a frosty evening in the database, without ingest and rules at work."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from devices.registry import Registry, RoadSegment
from firmware_sim.world.town import TownSizes, generate_town
from ingest.registry_store import store_registry

SMALL = TownSizes(homes=8, road_sensors=6, weather_stations=1, bins=24, gritters=1, segments=60, routes=3)
DAMP_HOME = "demo-damp-home"
DRY_HOME = "demo-dry-home"
QUIET_FROG_HOME_DEVICE = "frog-0004"

Point = tuple[float, float]


async def fill(dsn: str, now: datetime, sizes: TownSizes = SMALL) -> Registry:
    """Fill an upgraded, empty database and return what is installed."""
    town = generate_town(1, sizes, now - timedelta(days=60))
    async with await psycopg.AsyncConnection.connect(dsn, options="-c timezone=UTC") as conn:
        await store_registry(conn, town)
        await conn.execute(
            "select ensure_partitions(%s, %s)", (now - timedelta(days=3), now + timedelta(days=1))
        )
        for statement in _statements():
            await conn.execute(statement, {"now": now, "wall": now}, prepare=False)
        await _routes(conn, town, now)
        await _bins(conn, now)
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn:
        await conn.execute("analyze")
    return town


async def keep_flowing(dsn: str) -> None:
    """Say that ingest and rules were at work just now."""
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn:
        await conn.execute("insert into ingest_batch (received_at, readings) values (clock_timestamp(), 60)")
        await conn.execute("update rule_cursor set updated_at = clock_timestamp()")


def _statements() -> list[str]:
    text = (Path(__file__).parent / "seed_web.sql").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    statements = [s.strip() for s in "\n".join(lines).split(";\n") if s.strip()]
    # A lone percent sign is arithmetic here; placeholders are %(now)s and %(wall)s.
    return [
        s.replace("%%", "%")
        .replace("%", "%%")
        .replace("%%(now)s", "%(now)s")
        .replace("%%(wall)s", "%(wall)s")
        for s in statements
    ]


def _gap(segment: RoadSegment, node: int, here: Point | None) -> float:
    """Return how far a segment is from where the lorry is; less than none where it joins."""
    if node in (segment.from_node, segment.to_node):
        return -1.0
    ends = (segment.geometry[0], segment.geometry[-1])
    return 0.0 if here is None else min(math.dist(here, e) for e in ends)


def _forward(segment: RoadSegment, node: int, here: Point | None) -> bool:
    if node in (segment.from_node, segment.to_node) or here is None:
        return segment.to_node != node
    return math.dist(here, segment.geometry[0]) <= math.dist(here, segment.geometry[-1])


def _drive(
    segments: Sequence[RoadSegment], start: int
) -> tuple[list[dict[str, Any]], list[list[float]], float]:
    """Return legs that visit the segments greedily from a node, straight jumps left out."""
    left, node, legs, line, metres = list(segments), start, [], [], 0.0
    here: Point | None = None
    while left:
        nearest = min(left, key=partial(_gap, node=node, here=here))
        left.remove(nearest)
        ahead = _forward(nearest, node, here)
        a, b = (nearest.from_node, nearest.to_node) if ahead else (nearest.to_node, nearest.from_node)
        shape = list(nearest.geometry if ahead else reversed(nearest.geometry))
        legs.append(
            {
                "segment_id": nearest.segment_id,
                "street": nearest.street,
                "treat": nearest.road_class != "U",
                "from_node": a,
                "to_node": b,
                "length_m": nearest.length_m,
            }
        )
        line += [list(p) for p in shape]
        metres += nearest.length_m
        node, here = b, shape[-1]
    return legs, line, metres


async def _routes(conn: psycopg.AsyncConnection[Any], town: Registry, now: datetime) -> None:
    depot_node = town.depots[0].node_id
    for i, route in enumerate(town.routes):
        mine = [s for s in town.segments if s.route_id == route.route_id]
        legs, line, metres = _drive(mine, depot_node)
        outcome = ("treat", "treat", "monitor", "treat", "no_action", "refer")[i % 6]
        coldest = mine[len(mine) // 2]
        state = {
            "outcome": outcome,
            "spread_rate_g_m2": (10, 16)[i % 2] if outcome == "treat" else None,
            "treat_by": (now + timedelta(minutes=95 + 40 * i)).isoformat() if outcome == "treat" else None,
            "call_out_by": (now + timedelta(minutes=20 + 40 * i)).isoformat() if outcome == "treat" else None,
            "passes": 1,
            "min_surface_temperature_c": round(-2.9 + 0.9 * i, 1),
            "coldest_segment": coldest.segment_id,
            "segments_to_treat": sum(leg["treat"] for leg in legs) if outcome == "treat" else 0,
            "segments": len(mine),
            "length_km": metres / 1000,
            "drive": {
                "km": metres / 1000 * 1.25,
                "minutes": metres / 1000 * 1.25 * 2.4,
                "legs": legs,
                "geometry": line,
            },
            "reason": {
                "treat": "Surface falls below 0 °C and below the frost point before midnight: hoar frost expected.",
                "monitor": "Surface stays near 0 °C; the road is dry and the dew point is lower.",
                "no_action": "Surface stays above 1 °C all night.",
                "refer": "The sensors on this route disagree by 2.4 °C.",
            }[outcome],
        }
        if outcome == "monitor":
            state |= {
                "status": "treated",
                "treated_segments": len(mine),
                "treated_from": (now - timedelta(minutes=90)).isoformat(),
                "treated_to": (now - timedelta(minutes=50)).isoformat(),
                "treated_until": (now + timedelta(minutes=270)).isoformat(),
            }
        await conn.execute(
            "insert into subject_state values ('route', %s, %s, %s)", (route.route_id, now, Jsonb(state))
        )
        await conn.execute(
            "insert into decision (rule_id, rule_version, subject_kind, subject, decided_at, outcome, reason, inputs, result)"
            " values ('winter.gritting', 1, 'route', %s, %s, %s, %s, %s, %s)",
            (route.route_id, now, outcome, state["reason"], Jsonb({"segments": len(mine)}), Jsonb(state)),
        )


async def _bins(conn: psycopg.AsyncConnection[Any], now: datetime) -> None:
    rows = await (await conn.execute("select bin_id from bin_site order by bin_id")).fetchall()
    waiting = []
    for i, (bin_id,) in enumerate(rows):
        fill = float(i * 37 % 101)
        state = "overflowing" if fill >= 97 else "full" if fill >= 84 else "ok"
        if i % 29 == 7:
            state, fill = "unknown", None
        reason = (
            {
                "overflowing": f"{fill}% full: rubbish may be on the ground",
                "full": f"{fill:.0f}% full, over its limit of 80%",
                "ok": "",
                "unknown": "No echo for 26 hours",
            }[state]
            if fill is not None
            else "No echo for 26 hours"
        )
        document = {
            "fill_pct": fill,
            "state": state,
            "needs_collection": state in ("full", "overflowing"),
            "reason": reason,
            "last_emptied_at": (now - timedelta(days=3)).isoformat(),
        }
        await conn.execute(
            "insert into subject_state values ('bin', %s, %s, %s)", (bin_id, now, Jsonb(document))
        )
        if document["needs_collection"]:
            code = "overflow" if state == "overflowing" else "full"
            waiting.append({"bin_id": bin_id, "must": True, "code": code, "why": reason, "fill_pct": fill})
    await conn.execute(
        "insert into event (kind, subject_kind, subject, at, detail) values ('bin_emptied', 'bin', %s, %s, %s)",
        (rows[0][0], now - timedelta(days=3), Jsonb({"before_pct": 86, "after_pct": 3})),
    )
    result = {
        "candidates": waiting,
        "separate": [],
        "service_date": now.astimezone(UTC).date().isoformat(),
    }
    await conn.execute(
        "insert into decision (rule_id, rule_version, subject_kind, subject, decided_at, outcome, reason, result)"
        " values ('bins.collection', 1, 'route', 'bins', %s, 'collect', 'Bins over their limit', %s)",
        (now - timedelta(hours=1), Jsonb(result)),
    )
