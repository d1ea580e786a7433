"""No menu leads somebody to what the rules refuse them: each role follows every link of every menu that it is shown."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio

from ops_api.access.model import STAFF, Role
from ops_api.access.principal import STAFF_PLAIN_COOKIE
from tests.fakes import seed_web, website
from tests.fakes.website import PLAIN, Site
from tests.integration.conftest import Towns

pytestmark = pytest.mark.asyncio(loop_scope="module")
ROOMS = (
    "/winter", "/bins", "/alarms", "/incidents", "/housing", "/work", "/fleet", "/fleet/updates", "/health", "/ops", "/rules",
    "/devices/road-001",
)  # fmt: skip
Walk = tuple[dict[str, set[str]], list[str]]
"""The menu links of each page that menus lead to, and those that were refused."""
BROWSER = {"accept": "text/html,*/*;q=0.8"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(pg_server: str, towns: Towns) -> AsyncIterator[Site]:
    """One site for all roles: nothing is changed."""
    async with website.copied(pg_server, *await towns.template()) as started:
        yield started


def menu(text: str) -> Iterator[tuple[str, str]]:
    """Yield name and address of what the menus of a page lead to."""
    for nav in re.findall(r"<nav\b.*?</nav>", text, re.DOTALL):
        for href, said in re.findall(r'<a\b[^>]*href="([^"]+)"[^>]*>(.*?)</a>', nav, re.DOTALL):
            if href.startswith("/"):
                yield re.sub(r"<[^>]+>|\s+", " ", said).strip(), urlsplit(href).path


async def walked(http: httpx.AsyncClient, first: tuple[str, ...]) -> Walk:
    """Follow every link of every menu."""
    shown: dict[str, set[str]] = {}
    refusals: dict[str, str] = {}
    led, todo = [], list(first)
    while todo:
        path = todo.pop(0)
        if path in shown:
            continue
        answer = await http.get(path, headers=BROWSER)
        links = list(menu(answer.text))
        shown[path] = {name for name, _ in links}
        asks = bool(http.cookies) and answer.headers.get("location", "").startswith("/sign-in")
        if answer.status_code in (401, 403, 404) or asks:
            refusals[path] = f"{path} ({answer.status_code})"
        led += [(f"{path}, {name}", target) for name, target in links]
        todo += [target for _, target in links]
    return shown, [f"{link}: {refusals[target]}" for link, target in led if target in refusals]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def walks(site: Site) -> dict[str, Walk]:
    """What each role of staff was shown and refused, in a browser of its own."""
    found: dict[str, Walk] = {}
    for role in sorted(STAFF):
        signed_in = {STAFF_PLAIN_COOKIE: f"as-{role}"}
        async with httpx.AsyncClient(base_url=site.url, timeout=60, verify=PLAIN, cookies=signed_in) as http:
            found[role] = await walked(http, ROOMS)
    return found


@pytest.mark.parametrize("role", sorted(STAFF))
async def test_a_menu_refuses_nobody_what_it_shows(walks: dict[str, Walk], role: str) -> None:
    shown, refused = walks[role]
    assert refused == []
    assert {"/winter", "/bins", "/bins/missed"} <= {path for path, links in shown.items() if links}


async def test_a_resident_is_refused_nothing_at_home(site: Site) -> None:
    await site.join(seed_web.DAMP_HOME)
    home = f"/home/{seed_web.DAMP_HOME}"
    shown, refused = await walked(site.http, (home,))
    assert refused == []
    assert {f"{home}/{page}" for page in ("days", "evidence", "sharing", "people", "looks", "data")} < set(
        shown
    )


async def test_what_a_role_may_open_is_not_kept_from_it(walks: dict[str, Walk]) -> None:
    """Left out is what is refused, and nothing else."""
    shown = {role: walks[role][0] for role in (Role.DEVICES, Role.OPERATIONS, Role.ADMIN)}
    rooms = {"Settings", "Identities", "Updates", "LoRaWAN decoders", "Laboratory"}
    assert rooms < shown[Role.DEVICES]["/fleet"]
    assert rooms & shown[Role.OPERATIONS]["/fleet"] == rooms - {"LoRaWAN decoders"}
    assert rooms & shown[Role.ADMIN]["/fleet/updates"] == {"Updates", "Laboratory"}
    assert all("Devices" in shown[role]["/bins"] for role in shown), "an administrator goes to the updates"
    assert {"Readings", "Settings", "Identity"} < shown[Role.OPERATIONS]["/devices/road-001"]


async def test_who_is_not_signed_in_is_led_to_where_one_does(site: Site) -> None:
    async with httpx.AsyncClient(base_url=site.url, timeout=60, verify=PLAIN) as nobody:
        shown, refused = await walked(nobody, ROOMS)
        devices = await nobody.get("/fleet")
    assert refused == []
    assert "Devices" in shown["/winter"]
    assert devices.headers["location"] == "/sign-in?next=/fleet"
    assert "Identity" not in shown["/devices/road-001"], "whoever looks at a reading manages no device"
