"""Road forecasts made by hand for the hamlet, as the rules take them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from rules.core.readings import ReadingBatch, Readings
from rules.core.road_now.table import (
    HOURS,
    QUANTITIES,
    NowRows,
    RoadForecast,
    SensorJudged,
    WeatherUsed,
    packed,
)
from rules.forecast_query import readings_of
from tests.fakes.rules_town import START, Reading, batch

IDS = ("s0", "s1", "s2", "s3", "s4")
PLACES = 10_000
"""Places in receive order between two readings: room for the rows of an issue."""


def table(
    issued_s: float,
    middle_c: float | Sequence[float] = -2.0,
    *,
    ids: Sequence[str] = IDS,
    wrong: Mapping[str, float] | None = None,
    kind: str = "forecast",
    salt_g_m2: float = 0.0,
    **more: float | Sequence[float],
) -> RoadForecast:
    """Return a forecast that is the same for all segments; quantities by name, one value or one an hour.

    ``wrong``: by segment, by how much its sensor is wrong; ``salt_g_m2``: that it counts on.
    """
    n, given = len(ids), {"middle_c": middle_c, **more}
    hours = {
        name: np.broadcast_to(np.asarray(given.get(name, 0.0), dtype=np.float64), (HOURS,))
        for name in QUANTITIES
    }
    middle = hours["middle_c"]
    hours["low_c"], hours["high_c"] = (
        hours[q] if q in more else middle + d for q, d in (("low_c", -1.0), ("high_c", 1.0))
    )
    if "below_zero" not in more:
        hours["below_zero"] = (middle < 0.0).astype(np.float64)
    values = np.stack([np.tile(hours[name][:, None], (1, n)) for name in QUANTITIES])
    plain = np.zeros(n)
    now = NowRows(plain, plain, ("model",) * n, ("dry",) * n, plain, np.full(n, salt_g_m2))
    sensors = tuple(SensorJudged(f"road-{i}", s, e, True) for i, (s, e) in enumerate((wrong or {}).items()))
    return RoadForecast(
        START + issued_s, tuple(ids), packed(values), now, WeatherUsed(kind), sensors, 1.2, 20
    )


def with_issues(readings: Sequence[Reading], issues: Mapping[int, RoadForecast]) -> ReadingBatch:
    """Return readings with issues before some of them, by their place; what was measured by then is in them."""
    whole = {k: _moved(r) for k, r in batch(readings).items()}
    parts = []
    for place, forecast in sorted(issues.items()):
        seen_s = START + max((r[2] for r in readings[:place]), default=0.0)
        rows = readings_of(forecast, max(seen_s, forecast.issued_s))
        parts.append(
            Readings(
                rows.position + PLACES * place - PLACES // 2,
                rows.ts_s,
                rows.device,
                rows.quality,
                rows.fields,
            )
        )
    if parts:
        whole["forecast"] = Readings(
            np.concatenate([p.position for p in parts]), np.concatenate([p.ts_s for p in parts]),
            [d for p in parts for d in p.device], np.concatenate([p.quality for p in parts]),
            {n: np.concatenate([p.fields[n] for p in parts]) for n in parts[0].fields},
        )  # fmt: skip
    return whole


def cut(readings: ReadingBatch, edges: Sequence[int]) -> list[ReadingBatch]:
    """Return readings cut at places in receive order."""
    found = []
    for a, b in zip([-(10**9), *edges], [*edges, 10**12], strict=True):
        part = {k: r.where((r.position >= a) & (r.position < b)) for k, r in readings.items()}
        found.append({k: r for k, r in part.items() if len(r)})
    return found


def _moved(r: Readings) -> Readings:
    return Readings(r.position * PLACES, r.ts_s, r.device, r.quality, r.fields)
