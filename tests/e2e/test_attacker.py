"""An attacker's ten minutes: what is tried at the front door, and that ``docs/attacker.md`` says what each try got.

``CITYOPS_TEST_WRITE_DOCS=1`` writes the page.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from rules.notify.channels import addresses
from tests.fakes import website
from tests.fakes.attempts import REFUSED, Got, Ground, Try, raw, slowly, table, told
from tests.fakes.website import PLAIN
from tests.integration.conftest import Towns, towns  # noqa: F401

PAGE = Path(__file__).parents[2] / "docs" / "attacker.md"
STAFF = "cityops_staff"
EVIL = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}


@pytest.fixture
async def ground(pg_server: str, towns: Towns) -> AsyncIterator[Ground]:  # noqa: F811
    """A site with short deadlines that no proxy stands before, and a resident of one of its homes."""
    template, town, now = await towns.template()
    dsn = website.with_database(pg_server, website.clone(pg_server, template))
    limits = {"header_s": 1.0, "body_s": 1.0, "connections_per_source": 60}
    async with website.running(dsn, town, now, trusted_proxies="", **limits) as site:
        own, other = town.homes[4], town.homes[5]
        async with httpx.AsyncClient(base_url=site.url, timeout=60, verify=PLAIN) as resident:
            joined = await resident.post("/join", data={"code": own.code, "name": "Mallory"})
            assert joined.status_code == 303
            [(alarm,)] = await site.sql("select min(alarm_id) from alarm")
            yield Ground(site, resident, own.code, other.code, other.devices[0], alarm)
    website.drop(pg_server, dsn.rpartition("/")[2])


def get(path: str, who: str = "nobody", **headers: str) -> Try:
    """Return an attempt that asks for a page; ``{other}``, ``{own}``, ``{frog}``, ``{alarm}`` are filled in."""

    async def attempt(g: Ground) -> Got:
        answer = await client(g, who).get(filled(g, path), headers=headers)
        return told(answer, g.other if "{other}" not in path else "", "root:")

    return attempt


def post(path: str, who: str, body: object = None, method: str = "POST", **headers: str) -> Try:
    """Return an attempt that sends something."""

    async def attempt(g: Ground) -> Got:
        answer = await client(g, who).request(method, filled(g, path), headers=headers, json=body)
        return told(answer, "Traceback")

    return attempt


def client(g: Ground, who: str) -> httpx.AsyncClient:
    """Return who asks: nobody, the resident, a role, or a key with scopes (``key:open:read``)."""
    if who == "nobody":
        return g.site.http
    if who == "resident":
        return g.resident
    return g.site.with_key(who.removeprefix("key:")) if who.startswith("key:") else g.site.as_(who)


def filled(g: Ground, path: str) -> str:
    for name in ("other", "own", "frog", "alarm"):
        path = path.replace("{" + name + "}", str(getattr(g, name)))
    return path


async def guesses(g: Ground) -> Got:
    """Try codes until the door says no more."""
    for n in range(200):
        answer = await g.site.http.post("/api/v1/join", json={"code": f"guess-{n:04}-home"})
        if answer.status_code == 429:
            return Got(429, f"after {n} wrong codes" if n <= 30 else "too late", leaked=n > 30)
    return Got(answer.status_code, "200 codes were tried", leaked=True)


async def unmarked(g: Ground) -> Got:
    """Send a form as another site's page would have a browser send it that tells nothing of where it comes from."""
    async with httpx.AsyncClient(base_url=g.site.url, verify=PLAIN, cookies={STAFF: "as-admin"}) as browser:
        answer = await browser.post(
            "/accounts", data={"name": "mallory", "display_name": "M", "roles": "admin"}
        )
    [(made,)] = await g.site.sql("select count(*) from account")
    return Got(answer.status_code, "no account was made", leaked=made != 0)


async def split(g: Ground) -> Got:
    """Try to begin a header of one's own in the answer."""
    answer = await g.site.http.get("/sign-in?next=%0d%0aSet-Cookie:%20a=b")
    return Got(answer.status_code, "the page, without that header", leaked="a=b" in str(answer.headers))


async def paged(g: Ground) -> Got:
    """Ask for more of a list than a page has."""
    answer = await g.site.http.get("/sta/v1.1/Observations?$top=10000000")
    return Got(answer.status_code, "a page of at most 10,000", leaked=len(answer.json()["value"]) > 10_000)


async def hooked(g: Ground) -> Got:
    """Have the site ask an address that only it can reach: what is registered is looked at when it is sent."""
    url = "https://169.254.169.254/latest/meta-data"
    body = {"url": url, "types": ["cityops.test"], "secret_name": "x", "by": "x"}
    answer = await g.site.as_("admin").post("/api/v1/webhooks", json=body)
    try:
        addresses.checked(addresses.check_form(url), frozenset(), addresses.resolve)
    except addresses.RefusedAddressError as refused:
        return Got(answer.status_code, f"kept and never asked: {refused}")
    return Got(answer.status_code, "asked", leaked=True)


async def fixed(g: Ground) -> Got:
    """Plant a session in a browser."""
    answer = await g.site.http.get("/account", headers={"Cookie": f"{STAFF}=planted-by-mallory"})
    return Got(
        answer.status_code,
        "to the page where one signs in",
        leaked="sign-in" not in answer.headers["location"],
    )


async def dropped(g: Ground) -> Got:
    """Try to end a table; it must still have its rows."""
    answer = await g.site.http.get("/api/v1/alarms", params={"rule": "x'; drop table alarm cascade; --"})
    [(rows,)] = await g.site.sql("select count(*) from alarm")
    return Got(
        answer.status_code, f"{answer.text}; the table is there", leaked=rows == 0 or answer.text != "[]"
    )


async def filtered(g: Ground) -> Got:
    """Look for devices of homes through SensorThings."""
    answer = await g.site.http.get("/sta/v1.1/Things", params={"$filter": f"name eq '{g.frog}'"})
    found = answer.json().get("value")
    return Got(answer.status_code, "an empty list", leaked=found != [])


async def many(g: Ground) -> Got:
    """Open more connections than one source may have."""
    from contextlib import AsyncExitStack

    from tests.fakes.raw_http import connected

    async with AsyncExitStack() as held:
        for _ in range(60):
            await held.enter_async_context(connected(g.site.url))
        return await raw(g.site.url, b"")


def bytes_of(data: bytes) -> Try:
    return lambda g: raw(g.site.url, data)


def trickled(first: bytes, piece: bytes) -> Try:
    return lambda g: slowly(g.site.url, first, piece, 25)


async def host(g: Ground) -> Got:
    """Ask for a page under another site's name."""
    answer = await g.site.http.get("/sign-in", headers={"Host": "evil.example"})
    return Got(
        answer.status_code, "the page, in which that name is not", leaked="evil.example" in answer.text
    )


async def led(g: Ground) -> Got:
    answer = await g.site.http.get("/sign-in", params={"next": "//evil.example"})
    return Got(answer.status_code, "the page, which leads nowhere else", leaked="evil.example" in answer.text)


DEEP = [json.loads("[" * 900 + "]" * 900)]
ATTEMPTS: dict[str, list[tuple[str, Try]]] = {
    "Another household": [
        ("a resident opens another home's page", get("/home/{other}", "resident")),
        ("… asks REST for it", get("/api/v1/homes/{other}", "resident")),
        ("… for its readings by the device's name", get("/api/v1/devices/{frog}/series", "resident")),
        ("… for its export", get("/api/v1/homes/{other}/export", "resident")),
        ("… deletes its data", post("/api/v1/homes/{other}/data?what=everything", "resident", method="DELETE")),
        ("… invites herself into it", post("/api/v1/homes/{other}/invitations", "resident", {})),
        ("… filters SensorThings for its device", filtered),
        ("an administrator opens a home", get("/api/v1/homes/{own}", "admin")),
        ("a program with every open scope opens a home", get("/api/v1/homes/{own}", "key:open:read")),
        ("somebody guesses joining codes", guesses),
    ],
    "More rights than given": [
        ("a resident opens the list of accounts", get("/accounts", "resident")),
        ("a bin crew orders gritting", post("/api/v1/winter/orders", "bin_crew", {})),
        ("a gritter's crew reads the audit", get("/audit", "gritter_crew")),
        ("a program that may read closes an alarm", post("/api/v1/alarms/{alarm}/close", "key:open:read", {"by": "x"})),
        ("nobody says in a header who she is", post("/api/v1/incidents", "nobody", {"title": "x"}, **{"X-Cityops-Who": "Ada", "X-Cityops-Role": "admin"})),
        ("a key is made up", get("/api/v1/alarms", "nobody", **{"X-Api-Key": "cok_aaaaaaaa_" + "a" * 43})),
    ],
    "Another site's page, and planted sessions": [
        ("another site's page sends JSON with staff's cookie", post("/api/v1/alarms/{alarm}/acknowledge", "operations", {"by": "x"}, **EVIL)),
        ("… an old browser's form, without the mark", unmarked),
        ("a session is planted in a browser before it signs in", fixed),
        ("the page where one signs in is asked to lead elsewhere", led),
        ("a page is asked for under another host's name", host),
    ],
    "Injection": [
        ("SQL in a filter of REST", dropped),
        ("SQL in the kind of device", get("/api/v1/devices?kind=road'%20or%20'1'='1")),
        ("SQL in an OData text", get("/sta/v1.1/Things?$filter=name eq 'x' or 1 eq 1; select pg_sleep(9)--'")),
        ("a function that OData has not", get("/sta/v1.1/Things?$filter=pg_read_file('/etc/passwd') eq 'x'")),
        ("a column that is not shown", get("/sta/v1.1/Things?$filter=shard eq 1")),
        ("a line break in a header", split),
        ("a webhook into the machine's own network", hooked),
    ],
    "Files that are not ours to give": [
        ("the way up out of the static files", bytes_of(b"GET /static/../../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")),
        ("… encoded", bytes_of(b"GET /static/%2e%2e/%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")),
        ("… encoded twice", get("/static/%252e%252e/%252e%252e/etc/passwd")),
        ("… as a photo's name", get("/api/v1/homes/{own}/photos/..%2f..%2fetc%2fpasswd", "resident")),
        ("settings, environment, source", get("/.env")),
    ],
    "Too much": [
        ("a body of 100 MB is announced", bytes_of(b"POST /api/v1/join HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 104857600\r\n\r\n")),
        ("an address of 1 MB", bytes_of(b"GET /" + b"a" * 2**20 + b" HTTP/1.1\r\nHost: x\r\n\r\n")),
        ("10,000 headers", bytes_of(b"GET / HTTP/1.1\r\n" + b"X-A: b\r\n" * 10_000 + b"\r\n")),
        ("JSON of 900 levels", post("/api/v1/join", "nobody", DEEP)),
        ("an OData filter of 1,900 brackets", get("/sta/v1.1/Things?$filter=" + "(" * 1900 + "id eq -1" + ")" * 1900)),
        ("a page of ten million", paged),
        ("60 connections from one address, and one more", many),
    ],
    "Slow, and no HTTP": [
        ("25 connections send a header each 0.3 s (slowloris)", trickled(b"GET / HTTP/1.1\r\nHost: x\r\n", b"X-A: b\r\n")),
        ("25 send a byte of a body each 0.3 s", trickled(b"POST /api/v1/join HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n", b"[")),
        ("25 open a connection and say nothing", trickled(b"", b"")),
        ("a request smuggled behind two lengths", bytes_of(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG")),
        ("TRACE", bytes_of(b"TRACE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")),
    ],
}  # fmt: skip
HARMLESS = {200, 201}
"""What may be answered where the answer itself was looked at."""


async def test_an_attackers_ten_minutes(ground: Ground) -> None:
    parts = [INTRO]
    for group, attempts in ATTEMPTS.items():
        tried = []
        for what, attempt in attempts:
            got = await attempt(ground)
            assert not got.leaked, (what, got)
            assert got.status in REFUSED | HARMLESS | {0}, (what, got)
            assert got.status != 200 or got.words, (what, got)
            tried.append((group, what, got))
        parts += [f"## {group}", table(tried)]
    page = shown("\n\n".join(parts) + "\n", ground)
    if os.environ.get("CITYOPS_TEST_WRITE_DOCS"):
        PAGE.write_text(page, "utf-8")
    assert page == PAGE.read_text("utf-8"), "CITYOPS_TEST_WRITE_DOCS=1 writes docs/attacker.md"
    [(alarms,)] = await ground.site.sql(
        "select count(*) from alarm where acknowledged_by is not null or closed_by is not null"
    )
    assert alarms == 0


def shown(page: str, ground: Ground) -> str:
    """Return the page without what is another in each town."""
    for name in ("other", "own", "frog"):
        page = page.replace(str(getattr(ground, name)), f"({name})")
    return re.sub(r"\b[0-9a-f]{8,}\b", "…", page)


INTRO = """# An attacker's ten minutes

What was tried at the front door, and what each try got: written by `tests/e2e/test_attacker.py`, which tries it all in each run
of the tests on a seeded town and fails when an answer is another. The site has deadlines of one second here instead of ten and
sixty, takes 60 connections of one address, and stands behind no proxy. The threats behind it: [threat-model.md](threat-model.md)."""
