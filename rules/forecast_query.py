"""Rows of road forecasts as the rules take them: readings of the kind ``forecast``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, LiteralString

import numpy as np

from rules.core.forecast_columns import SHAPE
from rules.core.forecast_rule import SEGMENT
from rules.core.psychrometrics import Floats
from rules.core.readings import Readings
from rules.core.road_now.table import RoadForecast, Shorts
from rules.forecast_wire import from_array_send

# 9 hours: rules.core.road_now.table.FRESH_S.
BY_BATCH: LiteralString = """
select b.rank, extract(epoch from i.available_at)::float8, f.segment_id, extract(epoch from i.issued_at)::float8,
       i.weather = 'forecast' and i.issued_at - coalesce(i.weather_issued_at, i.issued_at) <= interval '9 hours', f.off_c::float8, array_send(f.hours), f.salt_g_m2::float8
from unnest(%(received)s::timestamptz[]) with ordinality as b(received_at, rank)
join road_forecast_issue i on i.received_at = b.received_at
join road_forecast f using (forecast_id, issued_at)
order by b.rank, 2, 3
"""
BY_TIME: LiteralString = """
select 0, extract(epoch from i.available_at)::float8, f.segment_id, extract(epoch from i.issued_at)::float8,
       i.weather = 'forecast' and i.issued_at - coalesce(i.weather_issued_at, i.issued_at) <= interval '9 hours', f.off_c::float8, array_send(f.hours), f.salt_g_m2::float8
from road_forecast_issue i join road_forecast f using (forecast_id, issued_at)
where i.available_at >= %(from)s and i.available_at < %(to)s
order by i.available_at, i.forecast_id, f.segment_id
"""


def span(from_s: float, to_s: float) -> dict[str, datetime]:
    """Return the parameters of ``BY_TIME``."""
    return {"from": datetime.fromtimestamp(from_s, UTC), "to": datetime.fromtimestamp(to_s, UTC)}


def readings_of_columns(columns: Sequence[Sequence[Any]], position: Any) -> Readings:
    """Return readings from the columns of one of the queries; ``position``: of each in receive order."""
    _, ts_s, segment, issued_s, by_forecast, off_c, sent, salt_g_m2 = columns
    whole = from_array_send(list(sent)).reshape(len(segment), -1)
    off = np.array(off_c, dtype=np.float64)
    return _readings(position, np.array(ts_s, dtype=np.float64), segment, np.array(issued_s, dtype=np.float64),
                     np.array(by_forecast, dtype=np.float64), off, whole,
                     np.array(salt_g_m2, dtype=np.float64))  # fmt: skip


def readings_of(forecast: RoadForecast, available_s: float) -> Readings:
    """Return a forecast as readings."""
    n = len(forecast.ids)
    off = np.full(n, np.nan)
    place = {segment_id: i for i, segment_id in enumerate(forecast.ids)}
    for sensor in forecast.wrong:
        off[place[sensor.segment_id]] = np.float32(sensor.error_c)
    by = np.full(n, float(forecast.by_forecast))
    order = np.argsort(np.array(forecast.ids))
    ids = [forecast.ids[i] for i in order.tolist()]
    whole = forecast.whole[order].reshape(n, -1)
    issued = np.full(n, forecast.issued_s)
    salt = np.asarray(forecast.now.salt_g_m2, dtype=np.float32).astype(np.float64)  # as the database keeps it
    ends = np.arange(n), np.full(n, available_s)
    return _readings(*ends, ids, issued, by[order], off[order], whole, salt[order])


def _readings(
    position: Any,
    ts_s: Floats,
    segment: Sequence[str],
    issued_s: Floats,
    by: Floats,
    off_c: Floats,
    whole: Shorts,
    salt_g_m2: Floats,
) -> Readings:
    assert whole.shape[1] == SHAPE[0] * SHAPE[1]
    return Readings(
        position=position,
        ts_s=ts_s,
        device=[SEGMENT + s for s in segment],
        quality=np.zeros(len(ts_s), dtype=np.int64),
        fields={
            "issued_s": issued_s,
            "by_forecast": by,
            "off_c": off_c,
            "table": whole.astype(np.float64),
            "salt_g_m2": salt_g_m2,
        },
    )
