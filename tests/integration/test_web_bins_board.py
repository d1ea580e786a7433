"""The board of bins on a running site: without a plan and with one, its filters, map, live part, a bin's page, levels over REST."""

from __future__ import annotations

import json
from datetime import timedelta

import httpx
import pytest

from tests.fakes import bins_board
from tests.fakes.website import CREW_PASSWORD, Site

pytestmark = pytest.mark.timeout(240)


async def test_without_a_plan_the_board_shows_what_was_decided(site: Site) -> None:
    await bins_board.told(site.dsn, site.now)
    page = (await site.http.get("/bins")).text
    assert "must go today" in page.split("<h1")[1].split("</h1>")[0]
    assert "No lorry is planned yet today" in page
    assert page.count('class="must must--none"') == page.count('class="must ') > 0
    assert 'role="img" aria-label="If it is left: ' in page
    assert "No plan is made for today yet" in page
    assert "Wrong waste" in page
    assert (await site.get("/bins/map.json"))["lorries"] == []


async def test_with_a_plan_the_board_says_who_empties_what_when(site: Site) -> None:
    await bins_board.told(site.dsn, site.now)
    rounds = await bins_board.planned(site.dsn, site.town, site.now)
    page = (await site.http.get("/bins")).text
    assert f"Plan {rounds.version}, made today" in page
    assert 'href="/crew/lorry-1"' in page
    must = [c.bin_id for c in rounds.plan.made_from.candidates if c.must]
    assert page.count('class="must ') == len(must)
    town = await site.get("/bins/map.json")
    bins_of = {r.lorry_id: r.bins for r in rounds.plan.rounds}
    tags = {b["id"]: b["state"][2] for b in town["bins"]}
    for i, (lorry_id, bins) in enumerate(bins_of.items()):
        assert [tags[b] for b in bins] == [f"{'AB'[i]}{n}" for n in range(1, len(bins) + 1)], lorry_id
    driven = [line for lorry in town["lorries"] for line in lorry["to_do"]]
    assert driven
    assert all(len(line) > 1 for line in driven)
    assert {s["kind"] for s in town["sites"]} == {"yard", "tip"}
    live = await site.get("/live/bins")
    assert set(live["fragments"]) == {"answer", "must", "rounds", "wrong", "may"}
    assert live["mark"] == town["mark"]
    for part in live["fragments"].values():
        assert part.strip() in page


async def test_filters_work_by_address_and_are_kept_live(site: Site) -> None:
    await bins_board.told(site.dsn, site.now)
    everything = await site.get("/bins/map.json")
    over = [b["id"] for b in everything["bins"] if b["state"][0] == "overflowing"]
    page = (await site.http.get("/bins", params={"state": "overflowing"})).text
    assert page.count('data-key="') == len(over) > 0
    assert '<option value="overflowing" selected>' in page
    assert 'data-live="/live/bins?code=state%3Doverflowing"' in page
    live = await site.get("/live/bins", code="state=overflowing")
    assert set(live["states"]) == set(over)
    assert [b["id"] for b in (await site.get("/bins/map.json", state="overflowing"))["bins"]] == over
    wrong = (await site.get("/bins/map.json", state="wrong"))["bins"]
    assert 0 < len(wrong) < len(everything["bins"])
    assert (await site.http.get("/bins", params={"stream": "<script>"})).text.count("<script>") == 0


async def test_all_bins_are_listed_with_their_week(site: Site) -> None:
    await bins_board.told(site.dsn, site.now)
    page = (await site.http.get("/bins/all")).text
    assert page.count("cards__head") == len(site.town.bins)
    assert 10 < page.count('<svg class="strip"') < len(site.town.bins)
    assert (await site.http.get("/bins/all", params={"page": 0})).status_code == 422


async def test_a_bins_page_answers_whether_it_goes_today_and_why(site: Site) -> None:
    await bins_board.told(site.dsn, site.now)
    rounds = await bins_board.planned(site.dsn, site.town, site.now)
    first = next(r for r in rounds.plan.rounds if r.bins)
    await bins_board.measured(site.dsn, site.town, first.bins[0], site.now)
    page = (await site.http.get(f"/bins/{first.bins[0]}")).text
    assert f"goes today with {first.lorry_id}</h1>" in page
    assert f"Lorry {first.lorry_id}, stop " in page
    assert "because its level fell and a lorry was there (98% sure)" in page
    assert "a van in front" not in page  # what a crew wrote is for crews
    async with httpx.AsyncClient(base_url=site.url) as crew:
        await crew.post("/crew/who", data={"name": "Cleo", "password": CREW_PASSWORD})
        seen = (await crew.get(f"/bins/{first.bins[0]}")).text
    assert "a van in front" in seen
    assert "my name is on it" not in page + seen
    assert "Reported full" in page
    assert page.count('class="chart__mark"') == 4
    assert "The last 14 days: between " in page
    inside = {c.bin_id for c in rounds.plan.made_from.candidates}
    outside = next(b.bin_id for b in site.town.bins if b.bin_id not in inside)
    assert (
        "It is not on today’s round, and no candidate for it"
        in (await site.http.get(f"/bins/{outside}")).text
    )
    assert (await site.http.get("/bins/none")).status_code == 404


async def test_an_emptying_that_was_taken_back_is_none_and_one_that_was_confirmed_says_by_whom(
    site: Site,
) -> None:
    await bins_board.told(site.dsn, site.now)
    bin_id = site.town.bins[0].bin_id
    await bins_board.measured(site.dsn, site.town, bin_id, site.now)
    first, second, *others = (await site.get(f"/api/v1/bins/{bin_id}/levels"))["emptyings"]
    for at, kind, detail in (
        (first["at"], "bin_emptying_retracted", "{}"),
        (second["at"], "bin_emptying_confirmed", '{"confidence": 1.0, "evidence": ["drop", "crew"]}'),
    ):
        await site.sql(
            "insert into event (kind, subject_kind, subject, at, detail)"
            " values (%s, 'bin', %s, %s::timestamptz, %s::jsonb) returning event_id",
            kind, bin_id, at, detail,
        )  # fmt: skip
    left = (await site.get(f"/api/v1/bins/{bin_id}/levels"))["emptyings"]
    assert left == [second | {"confidence": 1.0, "evidence": ["drop", "crew"]}, *others]
    assert (await site.http.get(f"/bins/{bin_id}")).text.count('class="chart__mark"') == len(left)


async def test_levels_and_outlooks_are_given_over_rest(site: Site) -> None:
    await bins_board.told(site.dsn, site.now)
    bin_id = site.town.bins[0].bin_id
    await bins_board.measured(site.dsn, site.town, bin_id, site.now)
    [told] = [f for f in (await site.get("/api/v1/bins"))["features"] if f["id"] == bin_id]
    assert len(told["properties"]["outlook"]["strip"]["p_over_pct"]) == 14
    found = await site.get(f"/api/v1/bins/{bin_id}/levels")
    assert len(found["levels"]) > 300
    assert all(x["low_pct"] <= x["fill_pct"] <= x["high_pct"] for x in found["levels"])
    assert len([e for e in found["emptyings"] if e["evidence"] == ["drop", "lorry"]]) == 4
    part = await site.get(
        f"/api/v1/bins/{bin_id}/levels",
        **{
            "from": (site.now - timedelta(days=3)).isoformat(),
            "to": (site.now - timedelta(days=2)).isoformat(),
        },
    )
    assert 20 <= len(part["levels"]) <= 25
    asked = {"from": (site.now - timedelta(days=100)).isoformat()}
    assert (await site.http.get(f"/api/v1/bins/{bin_id}/levels", params=asked)).status_code == 422
    assert (
        await site.http.get(f"/api/v1/bins/{bin_id}/levels", params={"from": "2026-01-01T00:00"})
    ).status_code == 422
    for ends in ("0001-01-05T00:00:00Z", "NaN", "inf"):
        answer = await site.http.get(f"/api/v1/bins/{bin_id}/levels", params={"to": ends})
        assert answer.status_code == 422, ends
    assert (await site.http.get("/api/v1/bins/none/levels")).status_code == 404
    json.dumps(found)


async def test_a_bin_with_a_model_holds_what_its_model_holds(site: Site) -> None:
    bin_id = site.town.bins[0].bin_id
    await site.sql(
        "insert into bin_model (model_id, label, empty_distance_mm, full_distance_mm, capacity_l, blind_mm, profile, device_compensates)"
        " values ('litter-120', '', 900, 150, 120, 30, '[]', false)"
    )
    await site.sql("update bin_site set model = 'litter-120', capacity_l = 240 where bin_id = %s", bin_id)
    http = site.as_("waste")
    assert (await http.get(f"/api/v1/bins/{bin_id}")).json()["capacity_l"] == 120
    assert "120 l" in (await http.get(f"/bins/{bin_id}")).text
