"""Public pages of tonight's lorries: what has been worked out is not worked out again for whoever looks next."""

from __future__ import annotations

import asyncio
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
from rules.winter.fleet.last_used import LastUsed
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

    last_s = 0.0

    async def readings(self, devices: Sequence[str], from_s: float, to_s: float) -> Sequence[Seen]:
        CALLS["readings"] += 1
        self.last_s = to_s
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
        (roads, "known_as"),
        (cab_files, "make_card"),
    ):
        counted(monkeypatch, where, name)
    CALLS.clear()
    first = await look()
    assert CALLS["readings"] == CALLS["registry"] == CALLS["known_as"] == CALLS["make_card"] == 1
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


async def test_a_card_that_has_been_replaced_is_shown_without_a_reading() -> None:
    _, orders, town = desk()
    counting = CountedTown(town.installed)
    plans = PlanDesk(CountedPlans(), counting, orders, builder, P, ZONE)
    await ordered(orders)
    old = await plans.plan_tonight(ADA, NOW)
    lorry = max(old.contents.trips, key=lambda t: len(t.steps)).lorry
    await plans.plan_tonight(ADA, NOW + 60.0)

    async def town_now() -> datetime:
        return datetime.fromtimestamp(NOW + 120.0, UTC)

    ctx: Any = SimpleNamespace(
        officers=SimpleNamespace(plans=plans), town_now=town_now, brand=SimpleNamespace(time_zone=ZONE)
    )
    CALLS.clear()
    shown = (await cab_content.lorry(ctx, lorry, old.version))["view"]
    assert (shown.replaced, CALLS["readings"]) == ("Replaced by plan 2", 0)
    assert (await cab_content.lorry(ctx, lorry, 2))["view"].version == 2
    assert CALLS["readings"] == 1


async def test_a_plan_is_followed_to_the_end_of_its_night_and_no_further() -> None:
    _, orders, town = desk()
    counting = CountedTown(town.installed)
    plans = PlanDesk(CountedPlans(), counting, orders, builder, P, ZONE)
    await ordered(orders)
    plan = await plans.plan_tonight(ADA, NOW)
    await plans.follow(plan, NOW + 300 * 86_400.0)
    assert NOW < counting.last_s <= NOW + 86_400.0


async def test_one_value_that_is_long_in_the_making_holds_up_no_other() -> None:
    kept, go, made = LastUsed[str](2), asyncio.Event(), Counter[str]()

    async def slow() -> str:
        made["slow"] += 1
        await go.wait()
        return "slow"

    async def quick() -> str:
        made["quick"] += 1
        return "quick"

    first, second = (asyncio.create_task(kept.get("a", slow)) for _ in range(2))
    assert await asyncio.wait_for(kept.get("b", quick), 60.0) == "quick"
    go.set()
    assert (await first, await second, made) == ("slow", "slow", {"slow": 1, "quick": 1})
    # Who fails or is stopped leaves the next to make it.
    go.clear()
    gone, waits = (asyncio.create_task(kept.get("c", slow)) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    go.set()
    assert (await waits, made["slow"]) == ("slow", 3)
    assert not kept._making
