"""Public pages of tonight's lorries: what has been worked out is not worked out again for whoever looks next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from ops_api import cab_files
from ops_api.routers import cab_content
from rules.core.cab import card, progress
from rules.core.cab.model import Plan
from rules.winter.fleet import roads
from rules.winter.fleet.memory import MemoryPlans, MemoryTown
from rules.winter.fleet.ports import Seen
from rules.winter.fleet.service import PlanDesk
from tests.fakes.cab_desk import ADA, NOW, ZONE, as_seen, builder, desk, ordered
from tests.fakes.cab_night import P, drive

CALLS: Counter[str] = Counter()


class CountedPlans(MemoryPlans):
    """Counts plans that are read."""

    async def plan(self, version: int) -> Plan:
        CALLS["plan"] += 1
        return await super().plan(version)

    async def newest(self, night: str) -> Plan | None:
        CALLS["newest"] += 1
        return await super().newest(night)

    async def versions(self, night: str) -> Sequence[Plan]:
        CALLS["versions"] += 1
        return await super().versions(night)


class CountedTown(MemoryTown):
    """Counts readings and registries that are read."""

    async def readings(self, devices: Sequence[str], from_s: float, to_s: float) -> Sequence[Seen]:
        CALLS["readings"] += 1
        return await super().readings(devices, from_s, to_s)

    async def registry(self) -> Any:
        CALLS["registry"] += 1
        return await super().registry()


def counted(monkeypatch: pytest.MonkeyPatch, where: Any, name: str) -> None:
    usual = getattr(where, name)

    def counting(*args: Any, **how: Any) -> Any:
        CALLS[name] += 1
        return usual(*args, **how)

    monkeypatch.setattr(where, name, counting)


async def test_a_second_look_works_nothing_out_again(monkeypatch: pytest.MonkeyPatch) -> None:
    _, orders, town = desk()
    counting = CountedTown(town.installed)
    plans = PlanDesk(CountedPlans(), counting, orders, builder, P, ZONE)
    await ordered(orders)
    plan = await plans.plan_tonight(ADA, NOW)
    lorry = max(plan.contents.trips, key=lambda t: len(t.steps)).lorry
    on = await plans.on_roads(plan)
    counting.seen += as_seen(lorry, drive(on, lorry, 900.0), plan.contents.start_s)
    now_s = plan.contents.start_s + 600.0
    plans = PlanDesk(plans.book, counting, orders, builder, P, ZONE)

    async def town_now() -> datetime:
        return datetime.fromtimestamp(now_s, UTC)

    ctx: Any = SimpleNamespace(
        officers=SimpleNamespace(plans=plans), town_now=town_now, brand=SimpleNamespace(time_zone=ZONE)
    )

    async def look() -> tuple[Any, ...]:
        board, one = await cab_content.board(ctx), await cab_content.lorry(ctx, lorry)
        files = [await cab_files.card_file(plans, lorry, None, now_s, s) for s in (".pdf", ".gpx")]
        return board, one, files

    for where, name in (
        (card, "card_of"),
        (progress, "places"),
        (roads, "roads_sha256"),
        (cab_files, "make_card"),
    ):
        counted(monkeypatch, where, name)
    CALLS.clear()
    first = await look()
    assert CALLS["readings"] == CALLS["registry"] == CALLS["roads_sha256"] == CALLS["make_card"] == 1
    assert CALLS["plan"] == 1
    assert CALLS["newest"] == CALLS["versions"] == 0
    before = CALLS.copy()
    assert await look() == first
    assert before == CALLS
    # A moment later, without news from the road, only the time is another.
    now_s += 5.0
    await look()
    assert before == CALLS
    # A report, and a plan that takes the place, are seen at once.
    now_s += 60.0
    assert (await cab_content.lorry(ctx, lorry))["view"].as_of != first[1]["view"].as_of
    assert CALLS["readings"] == before["readings"] + 1
    await plans.plan_tonight(ADA, now_s)
    assert (await cab_content.board(ctx))["view"].version == 2
    assert (await cab_content.board(ctx))["versions"][0][0] == 1
