"""A planned day of bin lorries on the web tests' town: it is early in the morning, and the first lorry is about to set out."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from psycopg_pool import AsyncConnectionPool

from rules.collection_acts.store import PostgresActs
from rules.core.rounds.fleet import DepotEntry, RoundFleet, RoundLorry, TipEntry
from rules.core.rounds.planner import Inserting
from rules.rounds.following import Heard
from rules.rounds.ports import Rounds
from rules.rounds.service import Asked, RoundDesk
from rules.rounds.store import PostgresReports, PostgresRounds, PostgresRoundTown
from tests.fakes.website import Site

ZONE = ZoneInfo("Europe/London")
LORRIES = ("Lorry 1", "lorry-2")


async def clock(site: Site, hour: float) -> float:
    """Let it be so late in the town [h after its midnight], however long the test takes; return that [s since 1970]."""
    await site.sql(
        "insert into rule_cursor (service, event_time) values ('rules', now()) on conflict (service) do nothing"
    )
    at = midnight_s(site) + 3600.0 * hour
    await site.sql(
        "update rule_cursor set event_time = to_timestamp(%s), updated_at = clock_timestamp() + interval '1 day'"
        " where service = 'rules'", at,
    )  # fmt: skip
    return at


def midnight_s(site: Site) -> float:
    """Return the midnight at which yesterday began [s since 1970]: the town's time is never ahead of the clock on the wall."""
    local = datetime.fromtimestamp(site.now.timestamp(), UTC).astimezone(ZONE) - timedelta(days=1)
    return local.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()


@asynccontextmanager
async def desk_of(site: Site) -> AsyncIterator[RoundDesk]:
    """Lend a desk on the site's database whose plans take no time."""
    async with AsyncConnectionPool(site.dsn, min_size=1, max_size=2, open=False) as pool:
        heard = Heard(PostgresActs(pool), PostgresReports(pool))
        yield RoundDesk(
            PostgresRounds(pool), PostgresRoundTown(pool), lambda i, s: Inserting(), ZONE, heard=heard
        )


def fleet_of(site: Site, **lorry: Any) -> RoundFleet:
    """Return two lorries in one yard, and a tip at the other end of the town."""
    yard, tip = site.town.nodes[0], site.town.nodes[-1]
    small: dict[str, Any] = {"max_kg": 900.0, "weight_t": 3.5, "height_m": 2.4, "width_m": 2.0} | lorry
    streams = tuple(sorted({b.stream for b in site.town.bins}))
    return RoundFleet(
        depot=(DepotEntry(id="yard", latitude_deg=yard.latitude_deg, longitude_deg=yard.longitude_deg),),
        tip=(
            TipEntry(
                id="Mill Lane tip", latitude_deg=tip.latitude_deg, longitude_deg=tip.longitude_deg,
                opens="06:00", closes="18:00",
            ),
        ),
        lorry=tuple(RoundLorry(id=name, depot="yard", streams=streams, **small) for name in LORRIES),
    )  # fmt: skip


async def plan_day(site: Site, hour: float = 5.3) -> Rounds:
    """Write lorries down, decide which bins, and plan."""
    at_s = await clock(site, hour)
    rows = [
        {
            "bin_id": b.bin_id, "must": n % 3 != 0, "code": "full" if n % 3 else "may", "p_overflow": 0.9,
            "why": "over 80 % on 2 of 3 readings" if n % 3 else "90 % likely to overflow before Saturday 06:00",
            "litres": 0.8 * b.capacity_l,
        }
        for n, b in enumerate(site.town.bins)
    ]  # fmt: skip
    await site.sql(
        "insert into decision (rule_id, rule_version, subject_kind, subject, decided_at, outcome, reason, result)"
        " values ('bins.round', 1, 'town', 'bins', to_timestamp(%s), 'collect', 'test', %s::jsonb)",
        at_s - 600.0, json.dumps({"candidates": rows}),
    )  # fmt: skip
    async with desk_of(site) as desk:
        await desk.put_fleet(fleet_of(site), "Ada")
        return await desk.plan_today(Asked("Ada", "waste manager", "test", at_s))


async def plan_again(site: Site, at_s: float, **asked: Any) -> Rounds:
    """Plan the rest of the day."""
    async with desk_of(site) as desk:
        return await desk.replan(Asked("Ada", "waste manager", "test", at_s, **asked))
