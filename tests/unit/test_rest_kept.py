"""Open answers kept for a second: made once for all who ask, tagged, never of what is not open."""

from __future__ import annotations

import asyncio
import gzip
from typing import Any

import httpx
import pytest

from ops_api.access.model import Rule
from ops_api.access.rules import RULES
from ops_api.rest import kept


class Town:
    """An application that counts what it makes."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.status, self.size, self.wait_s = 200, 10, 0.0
        self.seen: list[dict[bytes, bytes]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.made.append(scope["path"])
        self.seen.append(dict(scope["headers"]))
        if self.status == 0:
            raise RuntimeError("a bug")
        await asyncio.sleep(self.wait_s)
        body = b"[" + b"1" * self.size + b"]"
        start = {"type": "http.response.start", "status": self.status}
        await send({**start, "headers": [(b"content-type", b"application/json"), (b"link", b"<x>")]})
        await send({"type": "http.response.body", "body": body[:3], "more_body": True})
        await send({"type": "http.response.body", "body": body[3:]})


@pytest.fixture
def town() -> Town:
    return Town()


@pytest.fixture
def http(town: Town) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(kept.KeepAnswers(town)), base_url="http://town")


def test_what_is_kept_is_open_to_everybody() -> None:
    assert {t: RULES[f"GET {t}"].who for t in kept.KEPT} == dict.fromkeys(kept.KEPT, "open")


async def test_a_hundred_who_ask_at_once_have_it_made_once(town: Town, http: httpx.AsyncClient) -> None:
    town.wait_s, town.size = 0.05, 5000
    answers = await asyncio.gather(*(http.get("/api/v1/devices?kind=road") for _ in range(100)))
    assert town.made == ["/api/v1/devices"]
    assert {a.text for a in answers} == {f"[{'1' * 5000}]"}
    assert {a.headers["content-encoding"] for a in answers} == {"gzip"}
    await http.get("/api/v1/devices?kind=bin")
    assert len(town.made) == 2
    plain = await http.get("/api/v1/devices?kind=bin", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.headers["link"] == "<x>"
    assert len(town.made) == 2
    await http.get(
        "/api/v1/devices?kind=bin&limit=2",
        headers={"Cookie": "a=b", "Host": "evil.example", "X-Api-Key": "cok_x"},
    )
    assert town.seen == [{}] * 3, "nothing of who asked first is in what others get"
    assert gzip.decompress(kept._gzip(plain.content)) == plain.content


async def test_who_has_it_is_not_sent_it_again(town: Town, http: httpx.AsyncClient) -> None:
    first = await http.get("/api/v1/kinds")
    tag = first.headers["etag"]
    assert tag.startswith('W/"')
    assert first.headers["cache-control"] == "no-cache"
    again = await http.get("/api/v1/kinds", headers={"If-None-Match": f'"a", {tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert len(town.made) == 1
    fresh = httpx.AsyncClient(
        transport=httpx.ASGITransport(kept.KeepAnswers(town, 0.0)), base_url="http://town"
    )
    assert (await fresh.get("/api/v1/kinds", headers={"If-None-Match": tag})).status_code == 304
    town.size = 11
    changed = await fresh.get("/api/v1/kinds", headers={"If-None-Match": tag})
    assert (changed.status_code, changed.text) == (200, f"[{'1' * 11}]")
    assert changed.headers["etag"] != tag
    assert len(town.made) == 3


async def test_errors_and_what_is_not_open_are_not_kept(town: Town, http: httpx.AsyncClient) -> None:
    town.status = 404
    for _ in range(2):
        assert (await http.get("/api/v1/devices/none")).status_code == 404
    town.status = 0
    for _ in range(2):
        with pytest.raises(RuntimeError, match="a bug"):
            await http.get("/api/v1/devices/none")
    town.status = 200
    for path in (
        "/api/v1/homes/a",
        "/api/v1/alarms",
        "/api/v1/devices/a/b",
        "/api/v1/kinds/x/schema/y",
        "/api/v1/readings/stream",
    ):
        for _ in range(2):
            answer = await http.get(path)
            assert "etag" not in answer.headers
    for _ in range(2):
        await http.post("/api/v1/kinds")
    assert len(town.made) == 2 + 2 + 10 + 2


async def test_what_is_kept_is_bounded(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "BYTES_MOST", 10_000)
    keeper = kept.KeepAnswers(town)
    http = httpx.AsyncClient(transport=httpx.ASGITransport(keeper), base_url="http://town")
    town.size = 998
    for n in range(20):
        await http.get(f"/api/v1/devices?after={n}")
    assert len(keeper._kept) == 5
    assert keeper._bytes == 10_000
    town.size = 20_000
    await http.get("/api/v1/devices?after=large")
    assert (len(keeper._kept), keeper._bytes) == (0, 0)


async def test_a_route_whose_rule_is_no_longer_open_is_not_kept(
    town: Town, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await http.get("/api/v1/devices")
    monkeypatch.setitem(RULES, "GET /api/v1/devices", Rule(who="look"))  # type: ignore[arg-type]
    for _ in range(2):
        assert "etag" not in (await http.get("/api/v1/devices")).headers
    assert len(town.made) == 3
