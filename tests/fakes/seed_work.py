"""A decision and two work items in a seeded site's database, as the rules would store them."""

from __future__ import annotations

from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool

from rules.core.effects import OpenWork
from rules.ports import Change
from rules.store import PostgresRuleStore
from tests.fakes.rules_town import START
from tests.fakes.website import Site

DAY = 86_400.0


async def decide(site: Site, **more: object) -> int:
    """Store a decision on route-1 that saw one reading of road-001."""
    [(device, ts)] = await site.sql(
        "select d.name, max(r.ts) from road_reading r join device d using (device_id)"
        " where d.name = 'road-001' group by 1"
    )
    values: dict[str, object] = {
        "inputs": {
            "action_c": 1.0, "horizon_h": 6.0, "matrix": "scottish_2010 v1", "material": "dry_salt",
            "air_temperature_c": 0.4, "precipitation": "none",
            "segments": [{
                "segment_id": "s1", "street": "Mill Lane", "outcome": "treat", "surface_c": -0.2, "minimum_c": -1.4,
                "source": "sensor", "device": device, "at": ts.strftime("%Y-%m-%dT%H:%M:%SZ"),
            }],
        },
        "result": {"passes": 1, "spread_rate_g_m2": 8.0, "segments_to_treat": 1, "segments": 12,
                   "min_surface_temperature_c": -1.4, "treat_by": ts.isoformat()},
        "would_change": [{"quantity": "surface_temperature_c", "by": 0.4, "unit": "°C", "then": "no_treatment"}],
        "catalogue_id": None,
        **more,
    }  # fmt: skip
    [(decision_id,)] = await site.sql(
        "insert into decision (rule_id, rule_version, subject_kind, subject, decided_at, outcome, reason, inputs,"
        " result, expected, missing, missing_devices, would_change, catalogue_id)"
        " values ('winter.gritting', 2, 'route', 'route-1', %s, 'treat', 'Treat 1 of 12. Cold & wet.', %s, %s, 86, 14,"
        " '{road-003,weather-1}', %s, %s) returning decision_id",
        ts, Jsonb(values["inputs"]), Jsonb(values["result"]), Jsonb(values["would_change"]), values["catalogue_id"],
    )  # fmt: skip
    return int(decision_id)


def opened(at_s: float, reason: str = "At 19 %.") -> OpenWork:
    return OpenWork(
        "quality.battery", 1, "bin-1", START + at_s, "bin-1: the battery is low", reason,
        {"level": 19.0}, START + at_s + DAY,
    )  # fmt: skip


async def seed(dsn: str) -> None:
    async with AsyncConnectionPool(dsn, min_size=1, max_size=2, open=False) as pool:
        store = PostgresRuleStore(pool)
        cursor = (await store.resume()).cursor
        stuck = OpenWork(
            "quality.stuck", 1, "frog-0001", START, "frog-0001: humidity is stuck", "The same for 30 hours.",
            {"value": 55.5},
        )  # fmt: skip
        await store.commit(Change(cursor, cursor + 1, START, START, (), (opened(0.0), stuck)))
