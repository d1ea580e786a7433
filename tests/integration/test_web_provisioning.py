"""Claims, households and device managers through the app, on logins that reach what the roles say and no more."""

from __future__ import annotations

import base64
import secrets
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from devices.contract.claim_code import RANDOM_BYTES, make_code
from ops_api.provisioning.claim_limits import TRIES_AN_HOUR
from tests.fakes import seed_web, website
from tests.fakes.provisioned import Card
from tests.fakes.website import OWN, PLAIN, Site

pytestmark = pytest.mark.asyncio(loop_scope="module")
HOME = seed_web.DAMP_HOME


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_site(pg_server: str, towns: Any) -> AsyncIterator[Site]:
    async with website.copied(pg_server, *await towns.template()) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def site(shared_site: Site) -> Site:
    await shared_site.sql("delete from claim_try")
    await shared_site.sql("delete from join_try")
    shared_site.http.cookies.clear()
    return shared_site


def some_code() -> str:
    return make_code(secrets.token_bytes(RANDOM_BYTES))


def new_name() -> str:
    return f"frog-n{secrets.token_hex(3)}"


def stranger(site: Site) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=site.url, verify=PLAIN, timeout=30, headers=OWN)


async def added(site: Site, kind: str = "frog") -> tuple[str, str]:
    """Return name and code of a new device."""
    manager, name = site.as_("devices"), new_name()
    made = await manager.post("/api/v1/identities", json={"name": name, "kind": kind})
    assert made.status_code == 201, made.text
    label = await manager.post(f"/api/v1/identities/{name}/label")
    assert label.status_code == 201, label.text
    return name, label.json()["code"]


async def claimed(site: Site, code: str, card: Card) -> httpx.Response:
    body = {"code": code, "install": card.install, "verifier": card.verifier}
    return await site.http.post("/api/v1/claims", json=body)


async def test_from_label_to_credential_to_rotation(site: Site) -> None:
    name, code = await added(site)
    card, following = Card(), Card()
    answer = await claimed(site, code, card)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["name"], answer.json()["kind"], answer.json()["port"]) == (name, "frog", 8883)
    assert (await claimed(site, code, card)).json() == answer.json()
    rotate = f"/api/v1/devices/{name}/credential"
    body = {"verifier": following.verifier}
    assert (await site.http.post(rotate, json=body)).status_code == 401
    assert (await site.http.post(rotate, json=body, auth=(name, "wrong"))).status_code == 401
    assert (await site.http.post(rotate, json=body, auth=("frog-0001", card.password))).status_code == 401
    assert (await site.http.post(rotate, json=body, auth=(name, card.password))).status_code == 201
    assert (await site.http.post(rotate, json=body, auth=(name, card.password))).status_code == 201
    shown = (await site.as_("devices").get(f"/api/v1/identities/{name}")).json()
    assert shown["device"]["state"] == "active"
    assert [act["act"] for act in shown["acts"]] == ["rotated", "claimed", "labelled", "added"]
    assert code not in str(shown)
    assert card.verifier not in str(shown)


async def test_refusals_are_in_words_and_with_the_right_status(site: Site) -> None:
    name, code = await added(site)
    card = Card()
    assert (await claimed(site, code[:-1] + ("0" if code[-1] != "0" else "1"), card)).status_code == 422
    assert (await claimed(site, some_code(), card)).status_code == 404
    assert (await claimed(site, code, card)).status_code == 201
    again = await claimed(site, code, Card())
    assert again.status_code == 409
    assert "used by another device" in again.json()["detail"]
    assert name not in again.text
    both = {"code": code, "install": card.install, "verifier": card.verifier, "csr": "x"}
    assert (await site.http.post("/api/v1/claims", json=both)).status_code == 422
    csr = {"code": code, "install": card.install, "csr": "x"}
    assert "no certificates" in (await site.http.post("/api/v1/claims", json=csr)).json()["detail"]
    assert (await site.http.post("/api/v1/claims", json={**csr, "name": "frog-0001"})).status_code == 422
    for install in ("../../etc", "a b c d e f", "x"):
        bad = {"code": code, "install": install, "verifier": card.verifier}
        assert (await site.http.post("/api/v1/claims", json=bad)).status_code == 422


async def test_who_guesses_waits(site: Site) -> None:
    _, code = await added(site)
    assert (await claimed(site, some_code(), Card())).status_code == 404
    await site.sql("update claim_try set tries = %s", TRIES_AN_HOUR)  # faster than asking so often
    assert (await claimed(site, code, Card())).status_code == 429
    told = await claimed(site, some_code(), Card())
    assert told.status_code == 429
    assert int(told.headers["retry-after"]) > 0


async def test_only_device_managers_manage_devices(site: Site) -> None:
    name, _ = await added(site)
    await site.join(HOME)
    for path in ("/api/v1/identities", f"/api/v1/identities/{name}", "/devices", f"/devices/{name}/identity"):
        page = not path.startswith("/api")
        assert (await stranger(site).get(path)).status_code == (303 if page else 401), path
        assert (await site.http.get(path)).status_code == (303 if page else 401), path
        assert (await site.as_("waste").get(path)).status_code == 403, path
        assert (await site.as_("admin").get(path)).status_code == 403, path
        assert (await site.as_("devices").get(path)).status_code == 200, path
        assert (await site.as_("operations").get(path)).status_code == 200, path
    for act in ("label", "revoke", "quarantine", "release", "retire"):
        body = {"reason": "x"} if act in ("revoke", "quarantine", "retire") else {}
        for client, status in (
            (stranger(site), 401),
            (site.as_("operations"), 403),
            (site.as_("admin"), 403),
        ):
            answer = await client.post(f"/api/v1/identities/{name}/{act}", json=body)
            assert answer.status_code == status, (act, answer.text)
    program = site.with_key("devices:write")
    assert (await program.get("/api/v1/identities", params={"q": name})).json()[0]["name"] == name
    assert (await site.with_key("open:read").get("/api/v1/identities")).status_code == 403


async def test_a_devices_three_pages_lead_to_each_other_for_whoever_may_open_them(site: Site) -> None:
    manager, waste = site.as_("devices"), site.as_("waste")
    found = (await manager.get("/api/v1/devices", params={"kind": "bin", "limit": 1})).json()["devices"]
    name, browser = found[0]["name"], {"Accept": "text/html"}
    pages = (f"/devices/{name}", f"/fleet/{name}", f"/devices/{name}/identity")
    for page in pages:
        text = (await manager.get(page, headers=browser)).text
        assert all(f'href="{other}"' in text for other in pages), page
        assert f'href="{page}" aria-current="page"' in text
        assert '<a href="/fleet" aria-current="page">Devices</a>' in text, page
    for client in (waste, stranger(site)):
        assert f"/fleet/{name}" not in (await client.get(pages[0], headers=browser)).text
    frog, _ = await added(site)
    for page in (f"/fleet/{frog}", f"/devices/{frog}/identity"):
        text = (await manager.get(page, headers=browser)).text
        assert f'href="/devices/{frog}"' not in text, "a home's readings are nobody's to open"


async def test_acts_over_rest(site: Site) -> None:
    name, code = await added(site)
    manager = site.as_("devices")
    await claimed(site, code, Card())
    at = f"/api/v1/identities/{name}"
    assert (await manager.post(f"{at}/quarantine", json={"reason": "odd"})).status_code == 204
    assert (await manager.post(f"{at}/label")).status_code == 409
    assert (await manager.post(f"{at}/release", json={"keep": "nobody"})).status_code == 409
    released = await manager.post(f"{at}/release", json={"new_label": True})
    assert released.status_code == 200
    assert (await claimed(site, released.json()["code"], Card())).status_code == 201
    assert (await manager.post(f"{at}/revoke", json={"reason": "lost"})).status_code == 204
    assert (await manager.get(at)).json()["device"]["reason"] == "revoked: lost"
    assert (await manager.post(f"{at}/retire", json={"reason": "broken"})).status_code == 204
    assert (await manager.get(at)).json()["device"]["state"] == "retired"
    assert (await manager.post("/api/v1/identities/no-such/revoke", json={"reason": "x"})).status_code == 404
    assert (await manager.post("/api/v1/identities", json={"name": name, "kind": "frog"})).status_code == 409
    audited = await site.sql(
        "select action from audit_entry where object like 'device:%%' and action like '%%identities%%'"
    )
    assert {"POST /api/v1/identities/{name}/revoke", "POST /api/v1/identities/{name}/label"} <= {
        action for (action,) in audited
    }


async def test_pages_of_the_device_manager(site: Site) -> None:
    manager, name = site.as_("devices"), new_name()
    made = await manager.post("/devices", data={"name": name, "kind": "frog"}, follow_redirects=True)
    assert f"{name}: waits to be claimed" in made.text
    assert (await manager.post("/devices", data={"name": "../x", "kind": "frog"})).status_code == 422
    sheet = (await manager.post("/devices/labels", data={"name": [name]})).text
    assert name in sheet
    assert "data:image/svg+xml" in sheet
    label = (await manager.post(f"/devices/{name}/label")).text
    code = label.split("The code is ")[1][:20]
    assert (await claimed(site, code, Card())).status_code == 201
    listed = (await manager.get("/devices", params={"q": name})).text
    assert f"{name}</a>: in service" in listed
    assert code not in listed
    unsaid = await manager.post(f"/devices/{name}/revoke", data={"reason": " "})
    assert unsaid.status_code == 409
    assert "Say why" in unsaid.text
    for act, said in (("quarantine", "It is out"), ("release", "quarantine is over"), ("revoke", "void")):
        data = {"reason": "a test"} if act != "release" else {"keep": "", "how": "keep"}
        answer = await manager.post(f"/devices/{name}/{act}", data=data, follow_redirects=True)
        assert said in answer.text, act
    assert (await manager.get("/devices/no-such/identity")).status_code == 404
    assert (await manager.post("/devices/labels", data={})).status_code == 422


async def test_a_resident_takes_a_second_frog_into_her_home_and_the_device_claims_later(site: Site) -> None:
    name, code = await added(site)
    await site.join(HOME)
    page = (await site.http.get("/claim")).text
    assert HOME in page
    taken = await site.http.post(
        "/claim", data={"code": f"https://x/claim#{code}", "home": HOME, "room": "Hall"}
    )
    assert taken.status_code == 303, taken.text
    assert taken.headers["location"] == f"/home/{HOME}"
    [row] = await site.sql(
        "select h.code, hd.room from home_device hd join home h using (home_id) join device d using (device_id) where d.name = %s",
        name,
    )
    assert row == (HOME, "Hall")
    assert (await site.http.post("/claim", data={"code": code, "home": HOME})).status_code == 404
    assert (await claimed(site, code, Card())).json()["name"] == name
    history = (await site.as_("devices").get(f"/api/v1/identities/{name}")).json()["acts"]
    assert [act["by"] for act in history if act["act"] == "homed"] == ["a household"]


async def test_who_has_no_home_yet_gets_one_whichever_of_them_comes_first(site: Site) -> None:
    for device_first in (True, False):
        name, code = await added(site)
        if device_first:
            assert (await claimed(site, code, Card())).status_code == 201
        async with stranger(site) as ada:
            joined = await ada.post("/join", data={"code": code.lower(), "name": "Ada"})
            assert joined.status_code == 303
            assert joined.headers["location"].startswith("/home/h-")
            assert (await ada.get(joined.headers["location"])).status_code == 200
        if not device_first:
            assert (await claimed(site, code, Card())).status_code == 201
        async with stranger(site) as eve:
            late = await eve.post("/claim", data={"code": code})
            assert late.status_code == 404
            assert name not in late.text


async def test_codes_of_roads_homes_of_others_and_nonsense_put_nothing_into_a_home(site: Site) -> None:
    _, road = await added(site, "road")
    name, code = await added(site)
    await site.join(HOME)
    assert (await site.http.post("/claim", data={"code": road, "home": HOME})).status_code == 404
    assert (await site.http.post("/claim", data={"code": "nonsense", "home": HOME})).status_code == 422
    assert (await site.http.post("/claim", data={"code": code, "home": seed_web.DRY_HOME})).status_code == 404
    async with stranger(site) as eve:
        assert (await eve.post("/claim", data={"code": code, "home": HOME})).status_code == 404
        assert (await eve.post("/claim", data={"code": road})).status_code == 404
    assert (
        await site.sql("select 1 from home_device join device d using (device_id) where d.name = %s", name)
    ) == []
    stands = next(iter(site.town.homes)).devices[0]
    label = (await site.as_("devices").post(f"/api/v1/identities/{stands}/label")).json()["code"]
    other = HOME if next(iter(site.town.homes)).code != HOME else seed_web.DRY_HOME
    await site.join(other)
    assert (await site.http.post("/claim", data={"code": label, "home": other})).status_code == 404


async def test_where_weaknesses_are_reported(site: Site) -> None:
    assert (await site.http.get("/.well-known/security.txt")).status_code == 404
    assert "Have you found a weakness?" in (await site.http.get("/security")).text


async def test_a_header_that_is_no_header_is_refused_in_words(site: Site) -> None:
    name, code = await added(site)
    await claimed(site, code, Card())
    for value in ("Basic !!", "Basic " + base64.b64encode(b"\xff\xfe").decode(), "Basic"):
        answer = await site.http.post(
            f"/api/v1/devices/{name}/credential",
            json={"verifier": Card().verifier},
            headers={"Authorization": value},
        )
        assert answer.status_code == 401


async def test_a_neighbour_who_types_nonsense_keeps_no_frog_out(site: Site) -> None:
    _, code = await added(site)
    await site.join(HOME)
    wrong = {"code": make_code(bytes(RANDOM_BYTES)), "home": HOME}
    assert (await site.http.post("/claim", data=wrong)).status_code == 404
    await site.sql("update join_try set tries = 1000")
    assert (await site.http.post("/claim", data=wrong)).status_code == 429
    assert (await site.http.post("/claim", data={"code": code, "home": HOME})).status_code == 303
