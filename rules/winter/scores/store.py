"""Facts and scores of nights in PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, tzinfo
from typing import Any

import msgspec
import numpy as np

from cityops.db.queries import load_queries
from cityops.db.transaction import Connection, Lender, transaction
from rules.core.road_surface.traffic import traffic_of
from rules.core.treatment_log import standing
from rules.core.winter_kept import KeptDays
from rules.core.winter_record import KeptScore
from rules.core.winter_scores.facts import Forecasts, Measured, NightFacts, Stretch
from rules.core.winter_scores.hazard import LOOK_BACK_S
from rules.core.winter_scores.night import NightScore
from rules.winter.kept import gone_of, lines_of
from rules.winter.orders.ports import OrderDesk

SQL = load_queries("rules.winter.scores")


class PostgresScores:
    """:class:`rules.winter.scores.ports.ScoreBook` on anything that lends connections.

    Args:
        pool: lends them.
        desk: of the orders.
        kept: for how many days what a night is judged by is kept.
        zone: of the town, for times in words.
    """

    def __init__(
        self, pool: Lender, desk: OrderDesk, kept: KeptDays | None = None, zone: tzinfo = UTC
    ) -> None:
        self._pool, self._desk, self._zone = pool, desk, zone
        self._kept = KeptDays() if kept is None else kept

    async def facts(self, night: date, from_s: float, to_s: float) -> NightFacts:
        """Return what is known of a night."""
        cases = await self._desk.cases(from_s, to_s)
        span = {"from_s": from_s, "to_s": to_s}
        async with transaction(self._pool) as conn:
            routes = await _rows(conn, "routes")
            measured = await _rows(conn, "measured", **span)
            sensors = [row[2] for row in routes if row[5] is not None]
            wrong = await _rows(conn, "wrong", **span)
            forecasts = await _rows(conn, "forecasts", **span, segments=sensors)
            before_s = from_s - LOOK_BACK_S
            treated = standing(await lines_of(conn, before_s, to_s))
            rain = await _rows(conn, "rain", from_s=before_s, to_s=to_s)
            gone = await gone_of(conn, from_s, to_s, self._kept, self._zone)
        labels, stretches = _routes(routes)
        return NightFacts(
            night=night, from_s=from_s, to_s=to_s, labels=labels, stretches=stretches,
            measured={name: _measured(*columns) for name, *columns in measured},
            forecasts=_forecasts(forecasts) if forecasts else None,
            treated=treated, cases=cases, wrong=frozenset(row[0] for row in wrong), passes_gone=gone.passes,
            roads_gone=gone.roads, rain=tuple((at_s, mm) for at_s, mm in rain),
        )  # fmt: skip

    async def put(self, score: NightScore, by: str) -> None:
        """Keep a score."""
        summary = msgspec.json.encode(score).decode()
        async with transaction(self._pool) as conn:
            await conn.execute(SQL["put"], {"night": score.night, "by": by, "summary": summary})

    async def kept(self, night: date) -> KeptScore | None:
        """Return the newest score of a night."""
        async with transaction(self._pool) as conn:
            rows = await _rows(conn, "kept", night=night)
        if not rows:
            return None
        summary, at_s, by = rows[0]
        return KeptScore(score=msgspec.json.decode(summary, type=NightScore), at_s=at_s, by=by)

    async def nights(self, first: date, last: date) -> Sequence[NightScore]:
        """Return the newest score of each night."""
        async with transaction(self._pool) as conn:
            rows = await _rows(conn, "nights", first=first, last=last)
        return [msgspec.json.decode(row[0], type=NightScore) for row in rows]


def _routes(rows: Sequence[Any]) -> tuple[Mapping[str, str], Mapping[str, tuple[Stretch, ...]]]:
    labels: dict[str, str] = {}
    stretches: dict[str, tuple[Stretch, ...]] = {}
    for route_id, label, segment_id, length_m, width_m, device, road_class in rows:
        labels[route_id] = label
        if segment_id is not None:
            mine = Stretch(segment_id, length_m, width_m, device, traffic_of(road_class))
            stretches[route_id] = (*stretches.get(route_id, ()), mine)
    return labels, stretches


def _measured(
    ts_s: list[float], surface_c: list[float], wet: list[bool], *more: list[float | None]
) -> Measured:
    film_mm, freezing_c, state = (np.array(column, dtype=np.float64) for column in more)
    return Measured(
        np.array(ts_s), np.array(surface_c), np.array(wet, dtype=np.bool_), film_mm, freezing_c, state
    )


def _forecasts(rows: Sequence[Any]) -> Forecasts:
    columns: list[Any] = list(zip(*rows, strict=True))
    segment, issued_s, at_s, lead_h, surface_c, below_zero = columns
    return Forecasts(
        tuple(segment), np.array(issued_s, dtype=np.float64), np.array(at_s, dtype=np.float64),
        np.array(lead_h, dtype=np.int64), np.array(surface_c, dtype=np.float64),
        np.array(below_zero, dtype=np.float64),
    )  # fmt: skip


async def _rows(conn: Connection, query: str, **params: object) -> list[Any]:
    return await (await conn.execute(SQL[query], params)).fetchall()
