"""A resident's new phone: a code from her signed-in one, or from the operator, lets her in there as who she is, once."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest
import pytest_asyncio

from ops_api.access.model import Role
from tests.fakes import seed_web, website
from tests.fakes.command_line import cityops
from tests.fakes.staff import add, at_desk
from tests.fakes.website import OWN, PLAIN, Site
from tests.integration.conftest import Towns

pytestmark = pytest.mark.asyncio(loop_scope="module")
MINE, THEIRS = seed_web.DAMP_HOME, seed_web.DRY_HOME
CODE = re.compile(r"code for your new phone is ([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{5})")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(pg_server: str, towns: Towns) -> AsyncIterator[Site]:
    """One site for all tests of this file."""
    async with website.copied(pg_server, *await towns.template()) as started:
        yield started


def phone(site: Site) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=site.url, timeout=60, verify=PLAIN, headers=OWN)


async def makes(http: httpx.AsyncClient, home: str = MINE) -> str:
    shown = await http.post(f"/home/{home}/people/phone")
    found = CODE.search(shown.text)
    assert found is not None, (shown.status_code, shown.text[:300])
    assert "data:image/svg+xml" in shown.text
    assert "no-store" in shown.headers["cache-control"]
    return found[1]


async def people(site: Site) -> int:
    [(count,)] = await site.sql("select count(*) from resident")
    return int(count)


async def joins(http: httpx.AsyncClient, code: str) -> bool:
    """Return whether a code typed on the first page leads home."""
    return (await http.post("/join", data={"code": code})).headers["location"].startswith("/home/")


async def test_she_stays_who_she_is_and_the_code_opens_once(site: Site) -> None:
    await site.join(MINE, name="Ann")
    before = await people(site)
    code = await makes(site.http)
    async with phone(site) as new:
        for _ in range(2):  # whoever previews it uses nothing up
            asked = await new.get(f"/join/{code}")
            assert (asked.status_code, 'name="name"' in asked.text) == (200, False)
        assert await joins(new, f" {code.lower().replace('-', ' ')} ")
        assert "Ann</strong> (you)" in (await new.get(f"/home/{MINE}/people")).text
        assert "2 phones or computers" in (await new.get(f"/home/{MINE}/people")).text
    assert await people(site) == before
    async with phone(site) as thief:
        assert not await joins(thief, code)
        assert (await thief.get(f"/join/{code}")).status_code == 404
    everything = str(await site.sql("select e::text from audit_entry e"))
    assert code not in everything
    assert code not in str(await site.sql("select s::text from sign_in_step s"))
    [(kind,)] = await site.sql(
        "select actor_kind from audit_entry where action = 'POST /join' and actor_kind = 'resident' limit 1"
    )
    assert kind == "resident"


async def test_two_at_the_same_moment_one_is_let_in(site: Site) -> None:
    await site.join(MINE, name="Bea")
    code = await makes(site.http)
    async with phone(site) as one, phone(site) as other:
        assert sorted(await asyncio.gather(joins(one, code), joins(other, code))) == [False, True]


async def test_the_newest_alone_opens_and_none_after_its_time_or_once_signed_out_everywhere(
    site: Site,
) -> None:
    await site.join(MINE, name="Cy")
    old, code = await makes(site.http), await makes(site.http)
    async with phone(site) as new:
        assert not await joins(new, old)
        await site.sql("update sign_in_step set expires_at = now() - interval '1 s' where used_at is null")
        assert not await joins(new, code)
        stolen = await makes(site.http)
        await site.http.post("/sign-out", data={"everywhere": "true"})
        assert not await joins(new, stolen)


async def test_who_moved_out_comes_back_by_none_and_a_neighbour_makes_none(site: Site) -> None:
    await site.join(MINE, name="Di")
    code = await makes(site.http)
    async with phone(site) as neighbour:
        await neighbour.post("/join", data={"code": THEIRS, "name": "Ed"})
        assert (await neighbour.post(f"/home/{MINE}/people/phone")).status_code == 404
    await site.http.post(f"/home/{MINE}/people/leave", data={})
    async with phone(site) as new:
        assert not await joins(new, code)


async def test_a_browser_of_somebody_elses_becomes_hers_with_a_new_session(site: Site) -> None:
    await site.join(THEIRS, name="Flo")
    code = await makes(site.http, THEIRS)
    async with phone(site) as shared:
        await shared.post("/join", data={"code": THEIRS, "name": "Gil"})
        planted = shared.cookies["cityops"]
        assert await joins(shared, code)
        assert shared.cookies["cityops"] != planted
        assert "Flo</strong> (you)" in (await shared.get(f"/home/{THEIRS}/people")).text
        ended = await shared.get(f"/home/{THEIRS}/people", headers={"Cookie": f"cityops={planted}"})
    assert "(you)" not in ended.text


async def test_a_link_of_staffs_is_no_code_and_a_code_no_link(site: Site) -> None:
    await add(site, "hal", Role.WASTE)
    async with at_desk(site) as desk:
        hal = await desk.accounts.named("hal")
        assert hal is not None
        link = (await desk.accounts.link(hal, datetime.now(UTC))).token
    await site.join(THEIRS, name="Ida")
    code = await makes(site.http, THEIRS)
    async with phone(site) as other:
        assert not await joins(other, link)
        assert (await other.get(f"/sign-in/link/{link}")).status_code == 200, "it is not used up"
        for text in (code, f"phone {code.replace('-', '')}"):
            assert (await other.get(f"/sign-in/link/{text}")).status_code == 404
            assert (
                await other.post(f"/sign-in/link/{text}", data={"password": "x", "again": "x"})
            ).status_code == 404
        again = await other.post("/api/v1/join", json={"code": code})
        assert (again.status_code, again.json()["home"]) == (201, THEIRS)


async def test_who_lost_phone_and_code_is_given_one_and_the_lost_one_is_signed_out(site: Site) -> None:
    await site.join(THEIRS, name="Jo")
    [(member,)] = await site.sql("select resident_id::text from resident where name = 'Jo'")
    place = {"CITYOPS_DB__DSN": site.dsn, "CITYOPS_OPERATOR": "kim"}
    wrong = await asyncio.to_thread(cityops, "homes", "phone", MINE, "--member", member, **place)
    assert "does not live there" in wrong.stderr
    made = await asyncio.to_thread(cityops, "homes", "phone", THEIRS, "--member", member, "--lost", **place)
    assert made.returncode == 0, made.stderr
    assert (await site.http.get(f"/home/{THEIRS}/people")).status_code in (303, 404)
    async with phone(site) as new:
        assert await joins(new, made.stdout.strip())
        assert "code for a new phone" in (await new.get(f"/home/{THEIRS}/looks")).text
    assert await site.sql("select actor_id from audit_entry where action = 'homes phone'") != []
