"""Today's rounds over REST."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from cityops.settings import Settings
from ops_api.queries import OneConnection
from ops_api.wiring_rounds import round_desk
from rules.core.rounds.fleet import DepotEntry, RoundFleet, RoundLorry, TipEntry
from rules.rounds.service import Asked
from tests.fakes.website import WASTE_PASSWORD, Site

TEAM = {"Authorization": f"Bearer {WASTE_PASSWORD}"}
ROUNDS = "/api/v1/bins/rounds"


def fleet(site: Site) -> RoundFleet:
    """Return one lorry that works all day, at the first bin, and a tip at the last."""
    bins = site.town.bins
    here, there = bins[0], bins[-1]
    return RoundFleet(
        depot=(DepotEntry(id="yard", latitude_deg=here.latitude_deg, longitude_deg=here.longitude_deg),),
        tip=(TipEntry(id="tip", latitude_deg=there.latitude_deg, longitude_deg=there.longitude_deg),),
        lorry=(
            RoundLorry(
                id="lorry-1", depot="yard", start="00:00", hours=24.0, overtime_hours=12.0, weight_t=3.0,
                height_m=2.0, width_m=1.5,
            ),
        ),
    )  # fmt: skip


async def planned(site: Site) -> str:
    """Plan the day of the site and return a bin in it."""
    must = [b for b in site.town.bins if b.stream == "litter"][:3]
    rows = [
        {"bin_id": b.bin_id, "must": True, "code": "full", "why": "over 80 %", "litres": 200.0} for b in must
    ]
    await site.sql(
        "insert into decision (rule_id, rule_version, subject_kind, subject, decided_at, outcome, reason, result)"
        " values ('bins.round', 1, 'town', 'bins', to_timestamp(%s), 'collect', 'test', %s::jsonb)",
        site.now.timestamp() - 60.0, json.dumps({"candidates": rows}),
    )  # fmt: skip
    async with await psycopg.AsyncConnection.connect(site.dsn) as conn:
        desk = round_desk(Settings(), OneConnection(conn))
        await desk.put_fleet(fleet(site), "Ada")
        made = await desk.plan_today(
            Asked("Ada", "waste manager", "cli", site.now.timestamp(), "morning", iterations=0)
        )
    return next(iter(made.plan.lorry_of))


def _fixed(lorry: dict[str, Any]) -> dict[str, Any]:
    """What of a lorry's day does not depend on when one looks."""
    stops = [{name: said for name, said in stop.items() if name != "expected_at"} for stop in lorry["stops"]]
    return {**lorry, "stops": stops, "behind_s": None, "back_at": None}


def _moments(lorry: dict[str, Any]) -> list[datetime]:
    """What does: its lateness, when it is back and at each stop, as it looks now."""
    late = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=lorry["behind_s"])
    expected = [stop["expected_at"] for stop in lorry["stops"] if stop["expected_at"] is not None]
    return [late, *map(datetime.fromisoformat, [lorry["back_at"], *expected])]


async def test_the_days_rounds_for_programs(site: Site) -> None:
    assert (await site.http.get(ROUNDS)).status_code == 404
    assert (await site.http.get(f"{ROUNDS}/lorry-1")).status_code == 404
    body = {"reason": "market square closed", "iterations": 0}
    assert (await site.http.post(f"{ROUNDS}/replan", json=body, headers=TEAM)).status_code == 409
    first = await planned(site)
    found = await site.get(ROUNDS)
    assert (found["version"], found["bins"], found["not_collected"], found["out_of_service"]) == (
        1,
        3,
        [],
        [],
    )
    (lorry,) = found["lorries"]
    assert (lorry["lorry"], lorry["done"], lorry["bins"], lorry["stops"][0]["kind"]) == (
        "lorry-1",
        0,
        3,
        "start",
    )
    assert next(s for s in lorry["stops"] if s["ref"] == first)["why"] == "over 80 %"
    alone = await site.get(f"{ROUNDS}/lorry-1")
    assert _fixed(alone) == _fixed(lorry)
    for one, other in zip(_moments(lorry), _moments(alone), strict=True):  # time goes on between two looks
        assert timedelta(0) <= other - one <= timedelta(minutes=1)
    missing = await site.http.get(f"{ROUNDS}/lorry-9")
    assert (missing.status_code, "Lorries: lorry-1" in missing.json()["detail"]) == (404, True)

    # Only the waste team plans anew, and it says why.
    assert (await site.http.post(f"{ROUNDS}/replan", json=body)).status_code == 401
    for wrong in ({}, {"reason": " "}, {**body, "iterations": -1}, {**body, "lorry": "x"}):
        assert (await site.http.post(f"{ROUNDS}/replan", json=wrong, headers=TEAM)).status_code == 422
    made = await site.http.post(f"{ROUNDS}/replan", json={**body, "request_id": "r1"}, headers=TEAM)
    assert made.status_code == 201
    assert (made.json()["version"], made.json()["after"], made.json()["via"]) == (2, 1, "api")
    again = await site.http.post(f"{ROUNDS}/replan", json={**body, "request_id": "r1"}, headers=TEAM)
    assert again.json()["version"] == 2
    # What people wrote is in the record, not on the net.
    assert "market square" not in json.dumps(made.json())
    assert await site.sql("select reason, by, role from round_plan where version = 2") == [
        ("market square closed", "waste team", "waste team")
    ]
    schema = await site.get("/api/v1/openapi.json")
    assert schema["paths"][f"{ROUNDS}/{{lorry}}"]["get"]["responses"]["200"]["content"]["application/json"]
