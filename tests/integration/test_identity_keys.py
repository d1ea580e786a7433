"""Keys of programs: shown once, good for what their owner's roles hold, dead when revoked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ops_api.access.model import Role
from ops_api.identity.core.keys import PATTERN
from ops_api.identity.desk import desk_on
from ops_api.identity.model import IdentityRefusedError
from ops_api.identity.secrets import Secrets
from tests.fakes.identity import NOW, ada, opened
from tests.fakes.staff import at_desk
from tests.fakes.website import Site

DAY = timedelta(days=1)


async def test_a_key_is_a_program_with_scopes_and_is_kept_nowhere(db_dsn: str) -> None:
    async with opened(db_dsn) as desk:
        who = await ada(desk, Role.DEVICES)
        made = await desk.keys.make(who, " my feed ", ["observations:write", "open:read"], NOW)
        assert PATTERN.fullmatch(made.key)
        found = await desk.identity.by_key(made.key, NOW)
        assert found is not None
        assert (found.kind, found.id, found.name) == ("program", made.key_id, "my feed")
        assert found.owner == who.name
        assert found.scopes == {"observations:write", "open:read"}
        assert found.roles == {Role.DEVICES}
        assert made.key[-43:] not in str(await desk.keys._db.rows("key_by_id", key_id=made.key_id, now=NOW))
        [row] = await desk.keys.listed(who.account_id)
        assert row["used_on"] == NOW.date()


async def test_what_is_no_key_opens_nothing(db_dsn: str) -> None:
    async with opened(db_dsn) as desk:
        who = await ada(desk)
        made, other = [await desk.keys.make(who, "feed", ["open:read"], NOW) for _ in range(2)]
        swapped = f"cok_{made.key_id}_{other.key[-43:]}"
        for text in (
            "",
            "cok_",
            made.key + "x",
            made.key[:-1],
            made.key.upper(),
            swapped,
            f" {made.key}",
            "\x00",
        ):
            assert await desk.identity.by_key(text, NOW) is None, text


async def test_a_row_put_into_the_database_opens_nothing(db_dsn: str) -> None:
    async with opened(db_dsn) as desk:
        made = await desk.keys.make(await ada(desk), "feed", ["open:read"], NOW)
        # Who can write rows but has not the secret can't make a mark; nor does another installation's secret.
        strange = desk_on(desk.keys._db, Secrets.of("another secret of another installation"), desk.terms)
        assert await strange.identity.by_key(made.key, NOW) is None


async def test_keys_run_out_are_revoked_and_fall_with_their_owner(db_dsn: str) -> None:
    async with opened(db_dsn) as desk:
        who = await ada(desk, Role.HIGHWAYS)
        await ada(desk, Role.ADMIN, name="boss")
        short = await desk.keys.make(who, "short", ["open:read"], NOW, DAY)
        long = await desk.keys.make(who, "long", ["winter:write", "desk:read"], NOW, 4000 * DAY)
        assert long.expires_at == NOW + 365 * DAY
        assert await desk.keys.find(short.key, NOW + DAY) is None
        assert await desk.keys.find(long.key, NOW + DAY) is not None
        # Who loses the role loses what the key could do by it.
        await desk.accounts.set_roles(who, (Role.WASTE,))
        left = await desk.keys.find(long.key, NOW)
        assert left is not None
        assert left.scopes == {"desk:read"}
        await desk.accounts.disable(who, NOW)
        assert await desk.keys.find(long.key, NOW) is None
        await desk.accounts.enable(who)
        assert await desk.keys.find(long.key, NOW) is not None
        boss = await desk.accounts.named("boss")
        assert boss is not None
        assert not await desk.keys.revoke(long.key_id, NOW, account_id=boss.account_id)
        assert await desk.keys.revoke(long.key_id, NOW, account_id=who.account_id)
        assert not await desk.keys.revoke(long.key_id, NOW)
        assert await desk.keys.find(long.key, NOW) is None


@pytest.mark.parametrize(
    ("scopes", "said"),
    [
        ([], "at least one"),
        (["everything"], "no scope everything"),
        (["accounts:write"], "no role that holds accounts:write"),
        (["home:read"], "no scope home:read"),
        (["desk:read", "bins:write"], "no role that holds bins:write"),
    ],
)
async def test_no_key_may_do_more_than_its_owner(db_dsn: str, scopes: list[str], said: str) -> None:
    async with opened(db_dsn) as desk:
        with pytest.raises(IdentityRefusedError, match=said):
            await desk.keys.make(await ada(desk, Role.HIGHWAYS), "feed", scopes, NOW)


@pytest.mark.parametrize("label", ["", "   ", "x" * 101])
async def test_a_key_says_what_it_is_for(db_dsn: str, label: str) -> None:
    async with opened(db_dsn) as desk:
        with pytest.raises(IdentityRefusedError, match="what the key is for"):
            await desk.keys.make(await ada(desk), label, ["open:read"], NOW)


ESCALATIONS = {
    (Role.BIN_CREW, "desk:read", "GET", "/api/v1/dead-letters"),
    (Role.BIN_CREW, "bins:write", "GET", "/api/v1/missed-collections"),
    (Role.HOUSING, "desk:write", "POST", "/api/v1/webhooks"),
    (Role.GRITTER_CREW, "winter:write", "POST", "/api/v1/winter/orders"),
    (Role.HOUSING, "desk:read", "GET", "/api/v1/notifications"),
}


@pytest.mark.parametrize(("role", "scope", "method", "path"), sorted(ESCALATIONS))
async def test_a_key_of_somebody_who_may_not_does_not_either(
    site: Site, role: Role, scope: str, method: str, path: str
) -> None:
    now = datetime.now(UTC)
    async with at_desk(site) as desk:
        who = await desk.accounts.add("ada", "Ada", (role,), "test", now)
        key = (await desk.keys.make(who, "feed", [scope], now)).key
        body: dict[str, str] | None = {} if method == "POST" else None
        answer = await site.http.request(method, path, headers={"X-Api-Key": key}, json=body)
        assert answer.status_code == 403, answer.text
        # The same key of a technical account, which was given the whole of its scopes on purpose, is let in.
        feed = await desk.accounts.add("feed", "Feed", (Role.SERVICE,), "test", now)
        key = (await desk.keys.make(feed, "feed", [scope], now)).key
        answer = await site.http.request(method, path, headers={"X-Api-Key": key}, json=body)
        assert answer.status_code in (200, 422), answer.text
