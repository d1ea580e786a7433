"""Passkeys: made and shown by an authenticator in software, honest and not."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from ops_api.identity.desk import IdentityDesk
from ops_api.identity.model import Account, IdentityRefusedError, WrongError
from ops_api.identity.passkeys import MOST, Owner, Site, said_of
from tests.fakes.authenticator import PRESENT, Authenticator
from tests.fakes.identity import NOW, ada, opened

SITE = Site("city.example", "https://city.example", "Ourtown")
Said = dict[str, Any]


def owner(who: Account) -> Owner:
    return Owner(who.account_id, None, who.name, who.label)


async def made(desk: IdentityDesk, who: Account, device: Authenticator) -> None:
    token, options = await desk.passkeys.begin_new(owner(who), SITE, NOW)
    await desk.passkeys.finish_new(owner(who), SITE, token, device.make(json.loads(options)), "phone", NOW)


async def shown(desk: IdentityDesk, device: Authenticator) -> Owner:
    token, options = await desk.passkeys.begin(SITE, NOW)
    return await desk.passkeys.finish(SITE, token, device.show(json.loads(options)), NOW)


@pytest.mark.parametrize("counts", [True, False])
async def test_a_passkey_is_made_and_opens_its_account(db_dsn: str, counts: bool) -> None:
    async with opened(db_dsn) as desk:
        who, device = await ada(desk), Authenticator(SITE.origin, counts=counts)
        token, options = await desk.passkeys.begin_new(owner(who), SITE, NOW)
        asked = json.loads(options)
        assert asked["authenticatorSelection"]["userVerification"] == "required"
        assert asked["authenticatorSelection"]["residentKey"] == "required"
        assert asked["rp"] == {"id": "city.example", "name": "Ourtown"}
        await desk.passkeys.finish_new(owner(who), SITE, token, device.make(asked), " my phone ", NOW)
        for _ in range(2):
            assert (await shown(desk, device)).account_id == who.account_id
        [row] = await desk.passkeys.listed(owner(who))
        assert (row["label"], row["used_on"]) == ("my phone", NOW.date())
        assert (await desk.factors.held(who.account_id)).passkey


def _other_origin(device: Authenticator) -> None:
    device.origin = "https://city.example.evil.example"


def _not_verified(device: Authenticator) -> None:
    device.flags = PRESENT


def _went_back(device: Authenticator) -> None:
    device.count = -1 if device.count == 0 else 0


@pytest.mark.parametrize("spoil", [_other_origin, _not_verified, _went_back])
async def test_what_is_not_right_does_not_open(db_dsn: str, spoil: Callable[[Authenticator], None]) -> None:
    async with opened(db_dsn) as desk:
        who, device = await ada(desk), Authenticator(SITE.origin)
        await made(desk, who, device)
        for _ in range(3):
            await shown(desk, device)
        spoil(device)
        with pytest.raises(WrongError, match="does not open"):
            await shown(desk, device)


async def test_a_copy_that_shows_the_same_count_at_the_same_moment_gets_nothing(db_dsn: str) -> None:
    async with opened(db_dsn) as desk:
        who, device = await ada(desk), Authenticator(SITE.origin)
        await made(desk, who, device)
        twin = copy.copy(device)
        done = await asyncio.gather(shown(desk, device), shown(desk, twin), return_exceptions=True)
        assert sum(isinstance(result, Owner) for result in done) == 1


async def test_a_challenge_is_taken_once_in_time_and_for_what_it_was_made(db_dsn: str) -> None:
    async with opened(db_dsn) as desk:
        who, device = await ada(desk), Authenticator(SITE.origin)
        await made(desk, who, device)
        token, options = await desk.passkeys.begin(SITE, NOW)
        said = device.show(json.loads(options))
        with pytest.raises(WrongError, match="too long"):
            await desk.passkeys.finish(SITE, token, said, NOW + timedelta(minutes=5))
        assert (await desk.passkeys.finish(SITE, token, said, NOW)).account_id == who.account_id
        for other in (token, "", "x"):
            with pytest.raises(WrongError, match="too long"):
                await desk.passkeys.finish(SITE, other, said, NOW)
        # What was signed for one challenge does not do for the next.
        again, _ = await desk.passkeys.begin(SITE, NOW)
        with pytest.raises(WrongError):
            await desk.passkeys.finish(SITE, again, said, NOW)
        new, _ = await desk.passkeys.begin_new(owner(who), SITE, NOW)
        with pytest.raises(WrongError, match="too long"):
            await desk.passkeys.finish(SITE, new, said, NOW)


async def test_nobody_adds_a_passkey_to_anothers_account(db_dsn: str) -> None:
    async with opened(db_dsn) as desk:
        who, other = await ada(desk), await ada(desk, name="bob")
        device = Authenticator(SITE.origin)
        token, options = await desk.passkeys.begin_new(owner(other), SITE, NOW)
        with pytest.raises(WrongError):
            await desk.passkeys.finish_new(owner(who), SITE, token, device.make(json.loads(options)), "", NOW)
        await made(desk, who, device)
        # A credential that is here already becomes nobody else's.
        token, options = await desk.passkeys.begin_new(owner(other), SITE, NOW)
        with pytest.raises(WrongError, match="here already"):
            await desk.passkeys.finish_new(
                owner(other), SITE, token, device.make(json.loads(options)), "", NOW
            )
        [row] = await desk.passkeys.listed(owner(who))
        named = device.show({"challenge": "", "rpId": ""})["id"]
        assert not await desk.passkeys.drop(owner(other), named)
        assert not await desk.passkeys.drop(owner(who), "no such")
        assert not await desk.passkeys.drop(owner(who), "\u00e9=")
        assert await desk.passkeys.drop(owner(who), named)
        with pytest.raises(WrongError):
            await shown(desk, device)
        assert bytes(row["credential_id"]) == device.credential_id


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"{}",
        b"null",
        b'{"rawId": 7}',
        b'{"rawId": "AA", "response": []}',
        b'{"id": "AA", "rawId": "AA", "type": "public-key", "response": {"clientDataJSON": "", "authenticatorData": "", "signature": ""}}',
        b"\xff",
        b"[" * 60_000,
    ],
)
async def test_nonsense_of_a_browser_is_refused_in_words(db_dsn: str, text: bytes) -> None:
    async with opened(db_dsn) as desk:
        who, device = await ada(desk), Authenticator(SITE.origin, credential_id=b"\0")
        await made(desk, who, device)
        token, _ = await desk.passkeys.begin(SITE, NOW)
        with pytest.raises(WrongError):
            await desk.passkeys.finish(SITE, token, said_of(text), NOW)
        token, _ = await desk.passkeys.begin_new(owner(who), SITE, NOW)
        with pytest.raises(WrongError):
            await desk.passkeys.finish_new(owner(who), SITE, token, said_of(text), "", NOW)


async def test_there_is_an_end_to_passkeys(db_dsn: str) -> None:
    async with opened(db_dsn) as desk:
        who = await ada(desk)
        for _ in range(MOST):
            await made(desk, who, Authenticator(SITE.origin))
        with pytest.raises(IdentityRefusedError, match="as many passkeys"):
            await desk.passkeys.begin_new(owner(who), SITE, NOW)
