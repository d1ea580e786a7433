from __future__ import annotations

import asyncio
import base64
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI, HTTPException, Request

from ops_api.access.forms import form_mark, is_mark, mark_of, show_mark, unmarked
from ops_api.access.model import NOBODY, Principal
from ops_api.access.principal import STAFF_PLAIN_COOKIE, key_of, principal_of, uses_cookie
from tests.fakes.principals import FakeIdentity, principal, program

KEY = "cok_abcdefgh_secret"
WASTE, KEY_HOLDER = principal("waste"), program("desk:write")


class NoResidents:
    def __init__(self) -> None:
        self.asked: list[str] = []

    async def find(self, token: str, now: datetime) -> None:
        self.asked.append(token)


def request(*headers: tuple[str, str], identity: object = None) -> Request:
    app = FastAPI()
    known = identity or FakeIdentity({"session": WASTE, KEY: KEY_HOLDER})
    clock = SimpleNamespace(now=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    app.state.context = SimpleNamespace(
        front=SimpleNamespace(identity=known, audit=None), sessions=NoResidents(), clock=clock
    )
    raw = [(name.lower().encode(), value.encode()) for name, value in headers]
    return Request({"type": "http", "app": app, "headers": raw, "scheme": "http", "server": ("h", 80),
                    "path": "/", "query_string": b"", "client": ("10.0.0.1", 9)})  # fmt: skip


def who(*headers: tuple[str, str], **more: Any) -> Principal:
    return asyncio.run(principal_of(request(*headers, **more)))


def basic(name: str, password: str) -> tuple[str, str]:
    return "Authorization", "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def test_a_session_of_staff_comes_in_a_cookie() -> None:
    assert who(("Cookie", f"{STAFF_PLAIN_COOKIE}=session")) == WASTE
    assert who(("Cookie", f"{STAFF_PLAIN_COOKIE}=ended")) == NOBODY
    assert who() == NOBODY


@pytest.mark.parametrize(
    "sent", [("X-Api-Key", KEY), ("Authorization", f"Bearer {KEY}"), basic("whoever", KEY)]
)
def test_a_key_comes_in_three_ways(sent: tuple[str, str]) -> None:
    assert who(sent) == KEY_HOLDER


def test_a_request_with_a_key_is_nobody_elses_whatever_cookie_is_beside_it() -> None:
    cookie = ("Cookie", f"{STAFF_PLAIN_COOKIE}=session")
    assert who(("X-Api-Key", KEY), cookie) == KEY_HOLDER
    with pytest.raises(HTTPException) as refused:
        who(("X-Api-Key", "cok_gone"), cookie)
    assert refused.value.status_code == 401
    assert who(("Authorization", "Bearer a team's password"), cookie) == NOBODY


def test_the_password_of_a_proxy_is_no_key_and_leaves_the_session() -> None:
    proxy, cookie = basic("staging", "open sesame"), ("Cookie", f"{STAFF_PLAIN_COOKIE}=session")
    assert who(proxy, cookie) == WASTE
    assert uses_cookie(request(proxy, cookie))
    for broken in ("Basic ***", "Basic", "Basic " + base64.b64encode(b"\xff:\xff").decode()):
        assert key_of(request(("Authorization", broken))) == ""


def test_without_accounts_nobody_is_known_and_a_key_is_refused() -> None:
    class NoOne(FakeIdentity):
        pass

    none: Any = NoOne({})
    assert who(("Cookie", f"{STAFF_PLAIN_COOKIE}=session"), identity=none) == NOBODY
    with pytest.raises(HTTPException):
        who(("X-Api-Key", KEY), identity=none)


def test_who_asks_is_looked_up_once() -> None:
    asked = request(("Cookie", "cityops=token"))

    async def twice() -> None:
        await principal_of(asked)
        await principal_of(asked)

    asyncio.run(twice())
    assert asked.app.state.context.sessions.asked == ["token"]


def test_a_mark_is_of_one_session_and_one_secret() -> None:
    mark = mark_of(b"secret", "session")
    assert is_mark(b"secret", "session", mark)
    for other in (mark_of(b"secret", "other"), mark_of(b"else", "session"), "", None, "é", 5):
        assert not is_mark(b"secret", "session", other)


def test_forms_carry_the_mark_but_not_in_what_many_readers_share() -> None:
    show_mark('a"<b')
    assert form_mark() == '<input type="hidden" name="_form" value="a&#34;&lt;b">'
    with unmarked():
        assert form_mark() == ""
    assert form_mark() != ""
    show_mark("")
    assert form_mark() == ""
