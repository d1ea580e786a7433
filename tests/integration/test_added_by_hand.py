"""A device that a person added and that shows a credential made by hand is in service; who was revoked stays out."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ops_api.provisioning.brokers.memory import MemoryAccess
from ops_api.provisioning.keeping import sync
from tests.fakes.provisioned import WHO, Card, Office, office_on
from tests.fakes.website import Site
from tests.integration.test_senml import JSON, stored

NAME = "yard-bin"
BY_PACK = "by a SenML pack with a key for observations"
BY_LOGIN = "by a login that was made in the broker's file"


@pytest.fixture
async def office(db_dsn: str) -> AsyncIterator[Office]:
    async with office_on(db_dsn) as made:
        yield made


async def added(site: Site) -> str:
    manager = site.as_("devices")
    made = await manager.post("/api/v1/identities", json={"name": NAME, "kind": "bin"})
    assert (made.status_code, made.json()["state"]) == (201, "unclaimed")
    return f"/api/v1/identities/{NAME}"


async def sent(site: Site, distance_mm: int) -> tuple[str, str | None]:
    """Send a pack and have it taken; return what became of it."""
    at = int(site.now.timestamp()) - 60
    pack = [{"bn": f"{NAME}:", "bt": at, "n": "distance_mm", "v": distance_mm}]
    answer = await site.with_key("observations:write").post(
        f"/api/v1/senml/{NAME}", content=json.dumps(pack), headers=JSON
    )
    assert answer.status_code == 202, answer.text
    await stored(site)
    [row] = await site.sql("select state, reason_code from lorawan_inbox order by event_id desc limit 1")
    return str(row[0]), row[1]


async def identity(site: Site, address: str) -> Any:
    return await site.get(address, site.as_("devices"))


async def test_a_pack_for_a_device_that_was_added_is_stored_and_nobody_has_to_claim_it(site: Site) -> None:
    address = await added(site)
    assert await sent(site, 700) == ("stored", None)
    found = await identity(site, address)
    assert (found["device"]["state"], found["device"]["credential"]) == ("active", None)
    assert [(act["act"], act["detail"]) for act in found["acts"]] == [
        ("claimed", BY_PACK), ("added", "bin")
    ]  # fmt: skip
    assert await sent(site, 710) == ("stored", None)
    assert len((await identity(site, address))["acts"]) == 2, "once"


@pytest.mark.parametrize("act", ["revoke", "quarantine"])
async def test_who_is_kept_out_is_not_let_in_by_a_pack(site: Site, act: str) -> None:
    address = await added(site)
    assert await sent(site, 700) == ("stored", None)
    await site.as_("devices").post(f"{address}/{act}", json={"reason": "a test"})
    state, reason = ("unclaimed", "revoked") if act == "revoke" else ("quarantined", "quarantined")
    assert await sent(site, 720) == ("dead", reason)
    assert (await identity(site, address))["device"]["state"] == state


async def test_a_revocation_before_anybody_claimed_counts_too(site: Site) -> None:
    address = await added(site)
    await site.as_("devices").post(f"{address}/revoke", json={"reason": "the label was lost"})
    assert await sent(site, 700) == ("dead", "revoked")


async def test_a_login_made_in_the_brokers_file_is_taken_over_with_its_device(office: Office) -> None:
    for name in ("bin-a", "bin-b", "bin-c"):
        await office.desk.add(name, "bin", WHO)
    await office.desk.revoke("bin-b", WHO, "a test")
    card, other = Card(), Card()
    broker = MemoryAccess({"ingest": "x", "bin-a": card.verifier, "bin-b": other.verifier})
    await sync(office.db, broker)
    assert set(broker.lines) == {"ingest", "bin-a"}, "who was revoked has no login, whoever makes one"
    assert [await office.state(name) for name in ("bin-a", "bin-b", "bin-c")] == [
        "active", "unclaimed", "unclaimed"
    ]  # fmt: skip
    acts, _ = await office.desk.history((await office.desk.of("bin-a"))["device_id"])
    assert (acts[0]["by"], acts[0]["act"], acts[0]["detail"]) == ("the operator", "claimed", BY_LOGIN)
    await sync(office.db, broker)
    assert broker.enters("bin-a", card.password)
    await office.desk.revoke("bin-a", WHO, "a test")
    await sync(office.db, broker)
    assert not broker.enters("bin-a", card.password)
    broker.lines["bin-a"] = card.verifier
    await sync(office.db, broker)
    assert not broker.enters("bin-a", card.password), "nor is a revocation undone by making it again"
