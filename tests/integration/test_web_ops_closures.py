"""Roads are closed and opened on the page and over REST: who may, what is asked first, and what hostile people send."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from tests.fakes.website import OPS_PASSWORD, STILL, Site

BEARER = {"Authorization": f"Bearer {OPS_PASSWORD}", "X-Cityops-Who": "Ada"}
CLOSURES = "/api/v1/ops/closures"
BAD_NAME = "<img src=x onerror=alert(1)>"


async def login(site: Site, by: str = "Ada") -> None:
    said = {"by": by, "role": "duty officer", "password": OPS_PASSWORD}
    answer = await site.http.post("/ops/what-if/who", data=said)
    assert answer.status_code == 303
    [kept] = [c for c in answer.headers.get_list("set-cookie") if c.startswith("cityops_ops=")]
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= {part.strip() for part in kept.split(";")}


async def count(site: Site, table: str) -> int:
    [(found,)] = await site.sql(f"select count(*) from {table}")
    return int(found)


async def test_a_browser_closes_a_road_after_it_was_asked_once_more_and_opens_it(site: Site) -> None:
    street = next(s.street for s in site.town.segments if s.street)
    form = {"street": street, "reason": "burst main", "until": "2099-01-01T10:00", "once": "o1"}
    assert (await site.http.post("/ops/closures", data=form | {"sure": "yes"})).status_code == 403
    await login(site, BAD_NAME)
    asked = await site.http.post("/ops/closures", data=form)
    assert asked.status_code == 200
    assert f"Close {street}?" in asked.text.replace("&#39;", "'")
    assert await count(site, "road_closure") == 0

    done = await site.http.post("/ops/closures", data=form | {"sure": "yes"})
    assert (done.status_code, done.headers["location"]) == (303, "/ops/what-if#closures")
    again = await site.http.post("/ops/closures", data=form | {"sure": "yes"})
    assert again.status_code == 303
    assert await count(site, "road_closure") == 1
    page = (await site.http.get("/ops/what-if")).text
    assert "said by &lt;img src=x" in page
    assert BAD_NAME not in page
    site.http.cookies.clear()
    assert "said by" not in (await site.http.get("/ops/what-if")).text

    [closure] = await site.get(CLOSURES)
    assert "by" not in closure
    address = f"/ops/closures/{closure['closure_id']}/open"
    assert (await site.http.post(address, data={"sure": "yes"})).status_code == 403
    await login(site)
    unsure = await site.http.post(address)
    assert unsure.status_code == 422
    assert "tick the box" in unsure.text
    assert await count(site, "road_opening") == 0
    assert (await site.http.post(address, data={"sure": "yes", "reason": "mended"})).status_code == 303
    assert await site.get(CLOSURES) == []
    late = await site.http.post(address, data={"sure": "yes"})
    assert late.status_code == 409
    assert "closes nothing any more" in late.text


async def test_who_is_done_hands_the_desk_on(site: Site) -> None:
    await login(site)
    assert "You act as Ada" in (await site.http.get("/ops/what-if")).text
    assert (await site.http.post("/ops/bye")).status_code == 303
    assert "You act as" not in (await site.http.get("/ops/what-if")).text
    # That it once had the password it keeps: others' guesses hold it up no more than before.
    assert "cityops_ops_known" in site.http.cookies


async def test_a_program_closes_and_opens_and_another_closure_stays(site: Site) -> None:
    first, second = (s.segment_id for s in site.town.segments[:2])
    body = {"segments": [first, second], "reason": "burst main", "request_id": "k1"}
    assert (await site.http.post(CLOSURES, json=body)).status_code == 401
    made = await site.http.post(CLOSURES, json=body, headers=BEARER)
    assert made.status_code == 201
    number = made.json()["closure_id"]
    assert (await site.http.post(CLOSURES, json=body, headers=BEARER)).json()["closure_id"] == number
    gas = {"segments": [first], "reason": "gas leak"}
    other = (await site.http.post(CLOSURES, json=gas, headers=BEARER)).json()["closure_id"]

    opened = await site.http.post(f"{CLOSURES}/{number}/open", json={"reason": "mended"}, headers=BEARER)
    assert opened.status_code == 200
    assert opened.json()["closed_now"] == []
    # The gas is still leaking: that the main is mended does not open its street.
    [left] = await site.get(CLOSURES)
    assert (left["closure_id"], left["closed_now"]) == (other, [first])
    twice = await site.http.post(f"{CLOSURES}/{number}/open", json={}, headers=BEARER)
    assert twice.status_code == 409


@STILL
@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"segments": []}, 422),
        ({"segments": ["nowhere"]}, 409),
        ({"segments": ["x" * 101]}, 422),
        ({"segments": ["s"] * 501}, 422),
        ({"reason": ""}, 422),
        ({"reason": "  "}, 422),
        ({"reason": "a\0b"}, 422),
        ({"until": "2001-01-01T10:00"}, 422),
        ({"until": "9999-12-31T23:59-05:00"}, 422),
        ({"from": "0001-01-01T00:00"}, 422),
        ({"from": "0001-01-01T00:00+14:00"}, 422),
        ({"from": "NaN"}, 422),
        ({"request_id": "\0"}, 422),
        ({"request_id": " "}, 422),
        ({"who": "me"}, 422),
    ],
)
async def test_what_can_t_be_closed_is_refused_in_words(
    still: Site, wrong: dict[str, Any], status: int
) -> None:
    body = {"segments": [still.town.segments[0].segment_id], "reason": "burst main"} | wrong
    answer = await still.http.post(CLOSURES, json=body, headers=BEARER)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert await count(still, "road_closure") == 0


async def test_what_the_database_can_t_take_is_no_error_of_ours(site: Site) -> None:
    segment = site.town.segments[0].segment_id
    rest = {"segments": [segment], "iterations": 0}
    for more in ({"keep": "a\0b"}, {"keep": "n", "reason": "a\0b"}, {"from": "0001-01-01T00:00"}):
        answer = await site.http.post("/api/v1/ops/what-if/close", json=rest | more, headers=BEARER)
        assert answer.status_code == 422, (more, answer.text)
    await login(site)
    form = {"segments": segment, "keep": "yes", "note": "a\0b", "once": "o"}
    assert (await site.http.post("/ops/what-if", data=form)).status_code == 422
    assert (await site.http.post("/ops/closures", data={"segments": segment, "reason": "a\0b", "sure": "yes"})).status_code in (409, 422)  # fmt: skip
    for text in (
        "a\0b",
        "١٢, ٣",
        "1e999,0",
        "' or 1=1 --",
        "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    ):
        assert (await site.http.get("/ops/way", params={"to": text})).status_code == 422
    assert await count(site, "road_closure") + await count(site, "what_if") == 0


async def test_another_site_s_page_can_t_write_and_no_address_leads_away(site: Site) -> None:
    await login(site)
    segment = site.town.segments[0].segment_id
    form = {"segments": segment, "reason": "x", "sure": "yes"}
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
    ):
        for address in (
            "/ops/closures",
            "/ops/closures/1/open",
            "/ops/what-if",
            "/ops/what-if/who",
            "/incidents",
        ):
            assert (await site.http.post(address, data=form, headers=headers)).status_code == 403
    assert await count(site, "road_closure") == 0
    said = {"by": "Ada", "role": "r", "password": OPS_PASSWORD}
    for back in ("//evil.example", "https://evil.example", "../x", "I1\r\nSet-Cookie: a=b"):
        answer = await site.http.post("/incidents/who", data=said | {"back": back})
        assert (answer.status_code, answer.headers["location"]) == (303, "/incidents")
        assert "a" not in answer.cookies


async def test_guesses_are_slowed_down_on_every_door_together_and_a_forged_pass_is_none(site: Site) -> None:
    segment = site.town.segments[0].segment_id
    for n in range(3):
        await site.http.post("/ops/what-if/who", data={"by": "Ada", "password": f"guess {n}"})
        await site.http.post("/incidents/who", data={"by": "Ada", "password": f"guess {n}"})
    held = await site.http.post(CLOSURES, json={"segments": [segment], "reason": "x"}, headers=BEARER)
    assert held.status_code == 429
    assert int(held.headers["retry-after"]) >= 1
    site.http.cookies.set("cityops_ops", "WyJBZGEiLCAiciIsIDk5OTk5OTk5OTk5LCAiYSJd." + "0" * 64)
    assert (
        await site.http.post("/ops/closures", data={"segments": segment, "reason": "x"})
    ).status_code == 403
    site.http.cookies.clear()


async def test_handovers_for_paper_are_set_one_at_a_time(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody may have one: a hundred at once must not take all threads from what officers do."""
    at_once: list[int] = [0, 0]

    def slow(*_: object) -> bytes:
        at_once[0] += 1
        at_once[1] = max(at_once)
        time.sleep(0.05)
        at_once[0] -= 1
        return b"%PDF"

    monkeypatch.setattr("ops_api.routers.incidents.handover_pdf", slow)
    found = await asyncio.gather(*(site.http.get("/api/v1/incidents/handover.pdf") for _ in range(8)))
    assert {answer.status_code for answer in found} == {200}
    assert at_once == [0, 1]
