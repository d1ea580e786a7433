"""A frost night with one sensor 2 °C wrong, through the real stores: found by its neighbours, decisions unchanged."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import psycopg
import pytest

from rules.memory_store import MemoryRuleStore
from rules.ports import CursorMovedError
from rules.service import RulesService
from tests.fakes.road_forecaster import RoadBench, road_bench
from tests.fakes.road_night import FIVE_PM_S, frost_night
from tests.fakes.rules_bench import service
from tests.fakes.rules_town import START

pytestmark = pytest.mark.timeout(300)

WRONG, ERROR_C = 5, 2.0
FIELD = "surface_temperature_c"


async def lived_through(bench: RoadBench, wrong_c: Mapping[str, float]) -> list[tuple[str, str]]:
    """Live from the noon of the day before to 18:00; return what was decided from 17:00 on, by route."""
    rules = service(bench.rules.store)
    edges = [FIVE_PM_S - START - 3600.0 * h for h in (27, 2, 0, -1)]
    for low, high in pairwise(edges):
        await bench.add(
            [
                (k, d, t, {**v, FIELD: v[FIELD] + wrong_c[d]} if d in wrong_c and FIELD in v else v)
                for k, d, t, v in frost_night().heard
                if low < t <= high
            ]
        )
        if high == FIVE_PM_S - START:
            await bench.forecaster().turn()
        await all_taken(bench, rules)
    found = await bench.rules.rows("decisions")
    return sorted((r[1], r[2]) for r in found if r[0] == "winter.gritting" and r[3] >= FIVE_PM_S)


async def all_taken(bench: RoadBench, rules: RulesService) -> None:
    for _ in range(200):
        try:
            busy = await rules.turn()
        except CursorMovedError:
            continue
        if not busy and not await bench.rules.store.pending((await bench.rules.store.resume()).cursor):
            return
    raise AssertionError("the rules do not come to an end")


async def test_a_wrong_sensor_is_work_for_maintenance_and_changes_no_decision(
    db_dsn: str, pg: psycopg.AsyncConnection[Any]
) -> None:
    night = frost_night()
    device = night.town.sensors[WRONG]
    async with road_bench(None, night.registry) as good:
        right = await lived_through(good, {})
        assert isinstance(good.rules.store, MemoryRuleStore)
        assert not good.rules.store.work.items
    async with road_bench(db_dsn, night.registry) as bad:
        assert await lived_through(bad, {device: ERROR_C}) == right
    assert "treat" in {outcome for _, outcome in right}
    [(kind, subject, detail)] = await rows(
        pg, "select kind, subject, detail from event where kind = 'sensor_judged'"
    )
    assert (kind, subject, detail["wrong"]) == ("sensor_judged", device, True)
    assert detail["error_c"] == pytest.approx(ERROR_C, abs=0.6)
    [(rule, of, reason, gone)] = await rows(pg, "select rule_id, device, reason, gone_at from work_item")
    assert (rule, of, gone) == ("quality.drift", device, None)
    assert "°C too warm" in reason


async def rows(pg: psycopg.AsyncConnection[Any], query: str) -> list[Any]:
    return await (await pg.execute(query)).fetchall()  # type: ignore[call-overload,no-any-return]
