"""Reads each dataset from the database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from devices.contract.kind import Kind
from ops_api.housing.wards import ward_document
from ops_api.opendata.core import datasets as d
from ops_api.opendata.core import rows
from ops_api.opendata.core.model import Dataset, Item, Table
from ops_api.queries import Db, readings
from ops_api.queries.housing import ward_counts
from rules.incidents.ports import IncidentBook

MOST = 100_000
"""Rows of a dataset at most: all there are in a large city, and a bound."""
DECISIONS_OF = timedelta(days=7)
TREATMENTS_OF = timedelta(hours=48)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What datasets are read from; ``now``: the town's time; ``least``: fewest homes that are told of."""

    db: Db
    kinds: Mapping[str, Kind]
    now: datetime
    least: int
    incidents: IncidentBook | None = None


async def load(dataset: Dataset, source: Source) -> Table:
    """Return all rows of a dataset, by id.

    Raises:
        DatabaseUnavailableError: the database does not answer.
    """
    items, note = await _LOADERS[dataset.id](source)
    return Table(dataset, sorted(items, key=lambda i: i.id), note)


Loaded = tuple[list[Item], str]


async def _road_temperatures(s: Source) -> Loaded:
    return await _newest(s, d.ROAD_TEMPERATURES, "road"), ""


async def _weather(s: Source) -> Loaded:
    return await _newest(s, d.WEATHER, "weather"), ""


async def _newest(s: Source, dataset: Dataset, kind: str) -> list[Item]:
    if kind not in s.kinds:
        return []
    return rows.readings(dataset, s.kinds[kind], await readings.latest(s.db, s.kinds[kind], limit=MOST))


async def _roads(s: Source) -> Loaded:
    return rows.roads(await s.db.rows("segments", route_id=None)), ""


async def _bins(s: Source) -> Loaded:
    return rows.bins(await s.db.rows("bins", bin_id=None), s.now), ""


async def _homes(s: Source) -> Loaded:
    counted = await ward_counts(s.db)
    document = ward_document(counted, s.least)
    return rows.homes(document, {r["ward_id"]: r["boundary"] or () for r in counted}), document["notice"]


async def _routes(s: Source) -> Loaded:
    stretches = await s.db.rows("segments", route_id=None)
    return rows.routes(await s.db.rows("routes", route_id=None), stretches), ""


async def _decisions(s: Source) -> Loaded:
    return rows.decisions(await s.db.rows("open_decisions", since=s.now - DECISIONS_OF, limit=MOST)), ""


async def _treatments(s: Source) -> Loaded:
    return rows.treatments(await s.db.rows("open_treatments", since=s.now - TREATMENTS_OF, limit=MOST)), ""


async def _incidents(s: Source) -> Loaded:
    found = () if s.incidents is None else await s.incidents.incidents(live=True)
    return rows.incidents(found), ""


_LOADERS: Mapping[str, Callable[[Source], Awaitable[Loaded]]] = {
    "road-temperatures": _road_temperatures,
    "roads": _roads,
    "weather": _weather,
    "bins": _bins,
    "homes-by-ward": _homes,
    "gritting-routes": _routes,
    "gritting-decisions": _decisions,
    "treatments": _treatments,
    "incidents": _incidents,
}
