"""Every route answers with the whole set of security headers, whatever it answers; no page has anything inline."""

from __future__ import annotations

import asyncio
import re

import httpx
import pytest

from ops_api.access.rules import RULES
from ops_api.web.headers import HEADERS, OVER_HTTPS, headers_of
from tests.fakes import website
from tests.fakes.markup import inline_of
from tests.fakes.website import STILL, Site

EXPECTED = dict(HEADERS)
CORP = "cross-origin-resource-policy"


def lacking(headers: httpx.Headers, may_be_embedded: bool = False) -> list[str]:
    """Return the headers that are not as they should be; open data may be shown by other sites' pages and found."""
    wrong = [n.decode() for n, v in EXPECTED.items() if headers.get(n.decode()) != v.decode()]
    if may_be_embedded:
        wrong = [
            n for n in wrong if (n, headers.get(n)) not in ((CORP, "cross-origin"), ("x-robots-tag", "all"))
        ]
    return wrong


async def answers(site: Site, name: str) -> tuple[int, httpx.Headers, str]:
    """Return what a route answers to who may ask it, where a role may, else to nobody; of what streams only the head."""
    method, path = name.split(" ", 1)
    roles = RULES[name].roles if not path.startswith("/account") else ()  # a test's people have no account
    http = site.as_(min(roles)) if roles else site.http
    async with asyncio.timeout(30), http.stream(method, re.sub(r"\{[^}]+\}", "1", path)) as answer:
        is_page = answer.headers.get("content-type", "").startswith("text/html")
        return answer.status_code, answer.headers, (await answer.aread()).decode() if is_page else ""


async def test_every_route_has_all_headers_and_no_page_has_anything_inline(site: Site) -> None:
    wrong, inline, statuses = {}, {}, set[int]()
    assert len(RULES) > 280
    for name in sorted(RULES):  # of every route: test_route_rules
        status, headers, page = await answers(site, name)
        statuses.add(status)
        missing = lacking(headers, may_be_embedded=RULES[name].who == "open" or " /sta/" in name)
        if missing or "cache-control" not in headers or "server" in headers:
            wrong[name] = missing
        if found := inline_of(page):
            inline[name] = found
    assert wrong == {}
    assert inline == {}
    assert {200, 401, 404} <= statuses
    assert not any(s >= 500 for s in statuses - {503})


@STILL
@pytest.mark.parametrize(
    "path", ["/nothing-here", "/api/v1/nothing", "/static/nothing.js", "/static/cityops.css"]
)
async def test_what_is_no_route_has_them_too(still: Site, path: str) -> None:
    answer = await still.http.get(path)
    assert lacking(answer.headers) == []


@STILL
async def test_over_https_as_the_proxy_tells_it_browsers_are_told_to_stay_there(still: Site) -> None:
    forwarded = {"x-forwarded-proto": "https"}
    answer = await still.http.get("/", headers=forwarded)
    for name, value in OVER_HTTPS:
        assert answer.headers[name.decode()] == value.decode()
    assert "strict-transport-security" not in (await still.http.get("/")).headers
    assert [name for name, _ in headers_of("https")].count(b"content-security-policy") == 1


async def test_who_is_no_proxy_is_not_believed(site: Site) -> None:
    async with website.running(site.dsn, site.town, site.now, trusted_proxies="") as other:
        answer = await other.http.get("/healthz", headers={"x-forwarded-proto": "https"})
    assert "strict-transport-security" not in answer.headers
