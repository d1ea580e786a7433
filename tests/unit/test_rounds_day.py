"""When a day is planned anew by itself, what is fixed, and how the day reads; in memory."""

from __future__ import annotations

from typing import Any

import pytest
import structlog

from cityops.errors import ConfigurationError
from ops_api.cli_bins_day import locks_of
from ops_api.round_documents import day_document
from ops_api.rounds_text import day_lines
from rules.collection_acts.memory import MemoryActs
from rules.core.collection_acts.record import NewAct
from rules.core.crew.model import Fix
from rules.core.network.network import Network
from rules.core.rounds.model import Lock, LorryNow, Place
from rules.core.rounds.planner import Inserting
from rules.rounds.again import AgainInTheDay, When, why_again
from rules.rounds.following import DayNow, Heard, on_streets
from rules.rounds.memory import MemoryReports, MemoryRounds, MemoryRoundTown
from rules.rounds.ports import Decided, Rounds
from rules.rounds.service import Asked, RoundDesk
from tests.fakes.driven_day import reports
from tests.fakes.rounds_town import lorries
from tests.integration.test_rounds_store import NOW, ZONE, installed

MUSTS = tuple(
    {"bin_id": f"b{n}", "must": True, "code": "full", "why": "over 80 %", "p_overflow": 0.9, "litres": 400.0}
    for n in range(7)
)


class Day:
    """A day in memory: one lorry, planned at half past five."""

    def __init__(self) -> None:
        self.acts, self.reports = MemoryActs({b.bin_id: {} for b in installed().bins}), MemoryReports()
        self.town = MemoryRoundTown(installed(), [Decided(decision_id=1, at_s=NOW - 60.0, candidates=MUSTS)])
        self.desk = RoundDesk(
            MemoryRounds(), self.town, lambda i, s: Inserting(), ZONE, heard=Heard(self.acts, self.reports)
        )

    async def planned(self) -> Rounds:
        await self.desk.put_fleet(lorries(1, max_kg=3000.0, body_m3=20.0), "Ada")
        return await self.desk.plan_today(Asked("Ada", "waste manager", "cli", NOW))

    async def now(self, at_s: float) -> DayNow:
        found = await self.desk.day_now(at_s)
        assert found is not None
        return found


async def test_who_is_far_behind_is_planned_anew_once_and_a_plan_that_would_be_the_same_stays() -> None:
    day = Day()
    first = await day.planned()
    plan = first.plan
    (round_,) = plan.rounds
    stops = [s for s in round_.stops if s.kind == "bin"]
    # It waited for forty minutes after its second bin, and drives again.
    fixes = reports(plan, "L0", stops[1].ends_s + 20)
    late_s = float(plan.day_s + stops[1].ends_s + 2400)
    between = Place(
        (stops[1].place.latitude_deg + stops[2].place.latitude_deg) / 2,
        (stops[1].place.longitude_deg + stops[2].place.longitude_deg) / 2,
    )
    day.reports.fixes["L0"] = [*fixes, Fix(late_s, between, 8.0)]
    now = await day.now(late_s)
    assert now.progress["L0"].behind_s > 1800
    assert why_again(now, None, When()) == f"L0 is {now.progress['L0'].behind_s // 60} min behind"
    assert why_again(now, None, When(behind_s=3600.0)) == ""

    async def now_s() -> float:
        return late_s

    again = AgainInTheDay(day.desk, now_s, When(), iterations=0)
    with structlog.testing.capture_logs() as told:
        assert await again.look() is None
        assert await again.look() is None  # it was tried a moment ago
    assert [t["event"] for t in told] == ["rounds again: the plan stays"]
    assert (await day.desk.newest(late_s)) == first
    # By hand it is kept: from then on the lorry is measured by the new one.
    made = await day.desk.replan(Asked("Ada", "waste manager", "cli", late_s, "by hand"))
    assert made.version == 2
    assert (await day.now(late_s)).progress["L0"].behind_s <= 60


def test_locks_from_the_command_line() -> None:
    lock, skip = locks_of(["b1=L0"], ["b2", "b3", "b2"], "roadworks", "Ada")
    assert lock == Lock(kind="lorry", bins=("b1",), lorry_id="L0", reason="roadworks", by="Ada")
    assert skip == Lock(kind="skip", bins=("b2", "b3"), reason="roadworks", by="Ada")
    for wrong in ("b1", "=L0", "b1="):
        with pytest.raises(ConfigurationError, match="allowed: BIN=LORRY"):
            locks_of([wrong], [], "", "Ada")


def test_a_lorry_on_no_street_begins_where_it_was_last() -> None:
    network = Network.of(installed())
    lost = LorryNow(lorry_id="L0", at_s=30_000, place=Place(0.0, 0.0), load_l=5.0, began_s=21_600)
    assert on_streets(network, [lost], {}) == (
        LorryNow(lorry_id="L0", at_s=30_000, load_l=5.0, began_s=21_600),
    )
    near = LorryNow(lorry_id="L0", at_s=30_000, place=Place(52.0, 0.0))
    assert on_streets(network, [near], {}) == (near,)


async def test_how_the_day_reads() -> None:
    day = Day()
    plan = (await day.planned()).plan
    stops = [s for s in plan.rounds[0].stops if s.kind == "bin"]
    at_s = float(plan.day_s + stops[1].ends_s + 16)
    day.reports.fixes["L0"] = reports(plan, "L0", at_s - plan.day_s)
    said: dict[str, Any] = {"by": "Bob", "role": "crew", "via": "crew page", "lorry": "L0"}
    await day.acts.append(
        NewAct(ref=f"bin:{stops[1].ref}", what="blocked", at_s=at_s - 20.0, reason="a \x1b[31mcar", **said)
    )
    now = await day.now(at_s)
    lines = list(day_lines(now, ZONE))
    assert lines[0].startswith("rounds 1 of 2026-06-13 at 06:0")
    assert "1 of 7 bins emptied" in lines[0]
    assert lines[1].startswith("L0: drives, 1 of 7 emptied, 1 left")
    assert f"next bin {stops[2].ref}" in lines[1]
    assert lines[2].startswith(f"  left {stops[1].ref}: blocked: a ")
    assert "\x1b" not in "".join(lines)
    public, own = day_document(now, ZONE), day_document(now, ZONE, reasons=True)
    assert "car" not in str(public)
    assert "Bob" not in str(own)
    left = next(s for s in own["lorries"][0]["stops"] if s["ref"] == stops[1].ref)
    assert (left["state"], left["what"], left["by"], left["why"]) == (
        "skipped",
        "blocked",
        "crew",
        "over 80 %",
    )
