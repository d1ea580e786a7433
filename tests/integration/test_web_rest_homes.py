"""Homes over REST: by their codes alone, with the digits that the device sent, and with a diary."""

from __future__ import annotations

import pytest

from tests.fakes import seed_web
from tests.fakes.sharing import SHARES_RISK
from tests.fakes.website import Site

ALARM_OF_A_HOME = "damp.surface_humidity"
LISTS = (
    "/api/v1/alarms?state=all",
    "/api/v1/devices?limit=1000",
    "/api/v1/status",
    "/alarms?show=all",
    "/alarms?rule=" + ALARM_OF_A_HOME,
    "/ops",
    "/live/ops",
    "/metrics",
)
MEANINGLESS = (
    {"activity": "dancing"},
    {"activity": "shower", "at": "2001-01-01T00:00:00Z"},
    {"activity": "shower", "at": "2126-01-01T00:00:00Z"},
    {"activity": "shower", "at": "2026-01-01T00:00:00"},
    {"activity": "shower", "note": "x" * 501},
    {"activity": "shower", "note": "\0"},
    {},
)


async def test_a_home_by_its_code(site: Site) -> None:
    await site.join(seed_web.DAMP_HOME)
    home = await site.get(f"/api/v1/homes/{seed_web.DAMP_HOME}")
    assert home["state"]["risk"] == "high"
    [room] = home["rooms"]
    assert room["device"] == "frog-0001"
    assert 0 < room["humidity_pct"] <= 100
    series = await site.get(f"/api/v1/homes/{seed_web.DAMP_HOME}/series", device="frog-0001", limit=10_000)
    assert len(series["rows"]) == 48 * 6 or abs(len(series["rows"]) - 48 * 6) <= 1


@pytest.mark.parametrize(
    ("stored", "sent"),
    [
        ((20.5078125, 63.4375, 12.3046875, 3.1015625), (20.51, 63.4, 12.3, 3.1)),
        ((20.512, 63.46, None, 3.105), (20.512, 63.46, None, 3.105)),
    ],
    ids=["on binary steps", "finer than declared"],
)
async def test_a_room_has_the_digits_that_the_device_sent(
    site: Site, stored: tuple[float | None, ...], sent: tuple[float | None, ...]
) -> None:
    await site.join(seed_web.DAMP_HOME)
    names = ("temperature_c", "humidity_pct", "wall_temperature_c", "battery_v")
    await site.sql(
        f"insert into frog_reading (ts, received_at, device_id, boot, seq, {', '.join(names)})"
        " select now(), now(), device_id, 1, 987654, %s, %s, %s, %s from device where name = 'frog-0001'",
        *stored,
    )
    [room] = (await site.get(f"/api/v1/homes/{seed_web.DAMP_HOME}"))["rooms"]
    series = await site.get(f"/api/v1/homes/{seed_web.DAMP_HOME}/series", device="frog-0001", limit=10_000)
    assert tuple(series["rows"][-1][name] for name in names) == sent
    assert tuple(room[name] for name in names[:3]) == sent[:3]


async def test_no_list_gives_away_a_home_code_or_address(site: Site) -> None:
    secrets = [h.code for h in site.town.homes] + [h.label for h in site.town.homes]
    await _gives_nothing_away(site, secrets)
    homes = await site.get("/api/v1/alarms", subject_kind="home")
    assert {home["subject"] for home in homes} == {"a home"}
    assert homes[0]["inputs"] == {}
    await site.sql(SHARES_RISK, await _number_of(site, seed_web.DAMP_HOME))
    await _gives_nothing_away(site, secrets)
    told = await site.get("/api/v1/alarms", subject_kind="home")
    assert f"home {await _number_of(site, seed_web.DAMP_HOME)}" in {home["subject"] for home in told}
    assert all(home["inputs"] == {} for home in told)


async def _gives_nothing_away(site: Site, secrets: list[str]) -> None:
    for path in LISTS:
        text = (await site.http.get(path)).text
        assert not [s for s in secrets if s in text], path


async def _number_of(site: Site, code: str) -> int:
    [(number,)] = await site.sql("select home_id from home where code = %s", code)
    return int(number)


async def test_the_diary_takes_an_entry_once_and_gives_it_back(site: Site) -> None:
    await site.join(seed_web.DAMP_HOME, seed_web.DRY_HOME)
    url = f"/api/v1/homes/{seed_web.DRY_HOME}/diary"
    first = await site.http.post(url, json={"activity": "shower"})
    again = await site.http.post(url, json={"activity": "shower"})
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    other = (await site.http.post(url, json={"activity": "cooking", "note": "soup"})).json()
    assert [e["activity"] for e in await site.get(url)] == ["cooking", "shower"]
    assert [e["note"] for e in await site.get(url, activity="cooking")] == ["soup"]
    neighbour = f"/api/v1/homes/{seed_web.DAMP_HOME}/diary/{other['diary_entry_id']}"
    assert (await site.http.delete(neighbour)).status_code == 404
    assert (await site.http.delete(f"{url}/{other['diary_entry_id']}")).status_code == 204
    assert (await site.http.delete(f"{url}/{other['diary_entry_id']}")).status_code == 404
    assert [e["activity"] for e in await site.get(url)] == ["shower"]


async def test_the_diary_refuses_what_it_cannot_mean(site: Site) -> None:
    await site.join(seed_web.DRY_HOME)
    for body in MEANINGLESS:
        response = await site.http.post(f"/api/v1/homes/{seed_web.DRY_HOME}/diary", json=body)
        assert response.status_code == 422, body
    assert await site.get(f"/api/v1/homes/{seed_web.DRY_HOME}/diary") == []
