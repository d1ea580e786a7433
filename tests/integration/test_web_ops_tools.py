"""The operations centre's tools on a real site: the way, closures, what-if; who may ask, and what is told to whom."""

from __future__ import annotations

import psycopg
from psycopg_pool import AsyncConnectionPool

from rules.closing.store import PostgresClosures
from rules.core.closing.model import NewClosure
from tests.fakes.website import OPS_PASSWORD, Site

BEARER = {"Authorization": f"Bearer {OPS_PASSWORD}", "X-Cityops-Who": "Ada"}


async def close(site: Site, *segments: str) -> None:
    now_s = site.now.timestamp()
    async with AsyncConnectionPool(site.dsn, min_size=1, max_size=1, open=False) as pool:
        await pool.open()
        await PostgresClosures(pool).close(
            NewClosure(
                segments=segments, from_s=now_s - 60.0, until_s=None, reason="burst main", at_s=now_s, by="Ada Secret",
                role="duty officer", via="cli",
            )
        )  # fmt: skip


async def test_the_way_and_a_closed_road_on_it(site: Site) -> None:
    target = site.town.segments[len(site.town.segments) // 2]
    found = (await site.http.get("/api/v1/ops/way", params={"to": target.segment_id})).json()
    assert found["target"]["segment_id"] == target.segment_id
    assert found["best"]["minutes"] > 0.0
    assert found["best"]["fast_min"] <= found["best"]["minutes"] <= found["best"]["slow_min"]
    assert "the depots stand in" in " ".join(found["notes"])
    page = await site.http.get("/ops/way", params={"to": target.segment_id, "vehicle": "ambulance"})
    assert page.status_code == 200
    assert " min to " in page.text

    used = found["best"]["segments"][0]
    await close(site, used)
    again = (await site.http.get("/api/v1/ops/way", params={"to": target.segment_id})).json()
    assert again["best"] is None or used not in again["best"]["segments"]
    [closed] = (await site.http.get("/api/v1/ops/closures")).json()
    assert (closed["segments"], closed["reason"], closed["closed_now"]) == ([used], "burst main", [used])
    page = await site.http.get("/ops/way", params={"to": target.segment_id})
    assert "is closed: burst main, until it is opened." in page.text
    assert "Ada Secret" not in page.text
    assert "Ada Secret" not in (await site.http.get("/api/v1/ops/closures")).text


async def test_what_is_no_place_is_refused_in_words(site: Site) -> None:
    for to, words in (
        ("nowhere at all", "nothing is known as"),
        ("0.0, 0.0", "no road within"),
        ("99, 0", "no place"),
    ):
        answer = await site.http.get("/api/v1/ops/way", params={"to": to})
        assert answer.status_code == 422
        assert words in answer.json()["detail"]
        page = await site.http.get("/ops/way", params={"to": to})
        assert page.status_code == 422
        assert words in page.text
    answer = await site.http.get("/api/v1/ops/way", params={"to": "0,0", "vehicle": "<tank>"})
    assert "there is no vehicle" in answer.json()["detail"]


async def test_asking_needs_the_password_and_a_kept_answer_names_nobody_to_others(site: Site) -> None:
    segment = site.town.segments[0].segment_id
    page = await site.http.get("/ops/what-if")
    assert page.status_code == 200
    assert "The operations centre’s password" in page.text
    refused = await site.http.post("/ops/what-if", data={"segments": segment})
    assert refused.status_code == 403
    assert (
        await site.http.post("/api/v1/ops/what-if/close", json={"segments": [segment]})
    ).status_code == 401
    wrong = await site.http.post("/ops/what-if/who", data={"by": "Ada", "password": "guess"})
    assert wrong.status_code == 403

    body = {"segments": [segment], "iterations": 0, "reason": "gas", "keep": "which side", "request_id": "k1"}
    first = await site.http.post("/api/v1/ops/what-if/close", json=body, headers=BEARER)
    assert first.status_code == 200
    number = first.json()["what_if_id"]
    assert [s["segment_id"] for s in first.json()["stretches"]] == [segment]
    assert (await site.http.post("/api/v1/ops/what-if/close", json=body, headers=BEARER)).json()[
        "what_if_id"
    ] == number
    note = (await site.http.get(f"/api/v1/ops/what-if/{number}")).json()
    assert (note["note"], note["reason"]) == (None, "gas")
    assert "by" not in note
    told = (await site.http.get(f"/api/v1/ops/what-if/{number}", headers=BEARER)).json()
    assert told["note"] == "which side"
    page = await site.http.get(f"/ops/what-if/{number}")
    assert page.status_code == 200
    assert f"What-if {number}" in page.text
    assert "which side" not in page.text + (await site.http.get("/ops/what-if")).text
    assert "by Ada" not in page.text
    assert (await site.http.get("/ops/what-if/999999")).status_code == 404
    async with await psycopg.AsyncConnection.connect(site.dsn) as conn:
        counts = await (await conn.execute("select count(*) from winter_plan")).fetchone()
        assert counts == (0,)


async def test_a_browser_asks_and_keeps(site: Site) -> None:
    street = next(s.street for s in site.town.segments if s.street)
    login = {"by": "Ada", "role": "duty officer", "password": OPS_PASSWORD}
    assert (await site.http.post("/ops/what-if/who", data=login)).status_code == 303
    missing = await site.http.post("/ops/what-if", data={"segments": ""})
    assert missing.status_code == 422
    assert "Which road?" in missing.text
    unknown = await site.http.post("/ops/what-if", data={"street": "No Such Street"})
    assert "There is no street" in unknown.text
    order = await site.http.post(
        "/ops/what-if", data={"street": street, "from": "2026-01-01T10:00", "until": "2026-01-01T09:00"}
    )
    assert "It would end before it begins." in order.text
    kept = await site.http.post(
        "/ops/what-if", data={"street": street, "keep": "yes", "note": "n", "once": "o1"}
    )
    assert kept.status_code == 303
    page = await site.http.get(kept.headers["location"])
    assert "by Ada, duty officer" in page.text
    assert f"If {street} is closed" in page.text
