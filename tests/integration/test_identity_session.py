"""Sessions of staff: new at each sign-in, renewed each hour, over when they should be."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from ops_api.access.model import Role
from ops_api.identity.desk import IdentityDesk
from ops_api.identity.model import Account, IdentityRefusedError, Signed, Terms
from tests.fakes.identity import NOW, ada, opened

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


async def begin(desk: IdentityDesk, who: Account, now: datetime = NOW) -> str:
    return (await desk.sessions.begin(who, "password", now, mfa=True, agent="Test/1")).token


async def found(desk: IdentityDesk, token: str, now: datetime) -> Signed | None:
    return await desk.sessions.find(token, now)


async def kept_up(desk: IdentityDesk, token: str, to: datetime, since: datetime = NOW) -> None:
    at = since
    while at < to:
        at += 20 * MINUTE
        assert await found(desk, token, min(at, to)) is not None


async def test_who_holds_a_session(db_dsn: str) -> None:
    async with opened(db_dsn) as desk:
        who = await ada(desk, Role.HIGHWAYS, Role.ADMIN)
        token = await begin(desk, who)
        signed = await desk.identity.by_cookie(token, NOW)
        assert signed is not None
        assert (signed.kind, signed.id, signed.name, signed.mfa) == ("staff", who.account_id, "Ada", True)
        assert signed.roles == {Role.HIGHWAYS, Role.ADMIN}
        assert signed.signed_in_s == NOW.timestamp()
        assert signed.scopes == frozenset()
        assert [await found(desk, t, NOW) for t in ("", "x", token + "x", token[:-1], "\x00")] == [None] * 5
        assert token not in str(
            await desk.sessions._db.rows("staff_sessions", account_id=who.account_id, now=NOW, idle=HOUR)
        )


async def test_it_ends_after_a_shift_and_when_nobody_is_there(db_dsn: str) -> None:
    async with opened(db_dsn) as desk:
        who = await ada(desk)
        token = await begin(desk, who)
        assert await found(desk, token, NOW + 29 * MINUTE) is not None
        assert await found(desk, token, NOW + 58 * MINUTE) is not None
        assert await found(desk, token, NOW + 89 * MINUTE) is None
        second = await begin(desk, who)
        await kept_up(desk, second, NOW + 8 * HOUR - MINUTE)
        assert await found(desk, second, NOW + 8 * HOUR) is None


async def test_without_the_second_factor_there_is_none(db_dsn: str) -> None:
    async with opened(db_dsn) as desk:
        who = await ada(desk)
        with pytest.raises(IdentityRefusedError, match="second factor"):
            await desk.sessions.begin(who, "password", NOW, mfa=False)
    async with opened(db_dsn, Terms(mfa="admin")) as lax:
        token = (await lax.sessions.begin(who, "password", NOW, mfa=False)).token
        assert await found(lax, token, NOW) is not None
    # What was let in while less was asked for is not when more is.
    async with opened(db_dsn) as desk:
        assert await found(desk, token, NOW) is None


@pytest.mark.parametrize("what", ["roles", "disable", "all", "one"])
async def test_sessions_end_at_once(db_dsn: str, what: str) -> None:
    async with opened(db_dsn) as desk:
        who = await ada(desk)
        await ada(desk, Role.ADMIN, name="boss")
        token, other = await begin(desk, who), await begin(desk, who)
        signed = await found(desk, token, NOW)
        assert signed is not None
        if what == "roles":
            await desk.accounts.set_roles(who, (Role.WASTE,))
        elif what == "disable":
            await desk.accounts.disable(who, NOW)
        elif what == "all":
            await desk.accounts.end_sessions(who)
        else:
            assert await desk.sessions.end(signed, signed.session_id, NOW)
            assert not await desk.sessions.end(signed, signed.session_id, NOW)
        assert await found(desk, token, NOW) is None
        assert (await found(desk, other, NOW) is None) == (what != "one")


async def test_nobody_ends_anothers_session(db_dsn: str) -> None:
    async with opened(db_dsn) as desk:
        mine, theirs = await begin(desk, await ada(desk)), await begin(desk, await ada(desk, name="bob"))
        me, them = await found(desk, mine, NOW), await found(desk, theirs, NOW)
        assert me is not None
        assert them is not None
        assert not await desk.sessions.end(me, them.session_id, NOW)
        await desk.sessions.end_others(me, NOW)
        assert await found(desk, theirs, NOW) is not None


async def test_the_same_roles_again_end_nothing(db_dsn: str) -> None:
    async with opened(db_dsn) as desk:
        who = await ada(desk)
        token = await begin(desk, who)
        await desk.accounts.set_roles(who, who.roles)
        assert await found(desk, token, NOW) is not None


async def test_tabs_that_load_at_once_all_go_on_under_one_new_token(db_dsn: str) -> None:
    async with opened(db_dsn) as desk:
        token = await begin(desk, await ada(desk))
        await kept_up(desk, token, NOW + HOUR)
        later = NOW + HOUR + MINUTE
        signed = await found(desk, token, later)
        assert signed is not None
        assert signed.stale
        given = await asyncio.gather(*(desk.sessions.rotate(token, signed, later) for _ in range(6)))
        new = [t for t in given if t is not None]
        assert new
        # All but the last one are void, and the old one holds until the new one was seen.
        assert await found(desk, token, later) is not None
        holding = [t for t in new if await found(desk, t, later) is not None]
        assert len(holding) == 1
        assert await found(desk, token, later + timedelta(seconds=59)) is not None
        assert await found(desk, token, later + timedelta(seconds=61)) is None
        fresh = await found(desk, holding[0], later + timedelta(seconds=61))
        assert fresh is not None
        assert not fresh.stale


async def test_an_answer_that_got_lost_locks_nobody_out(db_dsn: str) -> None:
    async with opened(db_dsn) as desk:
        token = await begin(desk, await ada(desk))
        await kept_up(desk, token, NOW + HOUR)
        later = NOW + HOUR + MINUTE
        signed = await found(desk, token, later)
        assert signed is not None
        lost = await desk.sessions.rotate(token, signed, later)
        again = await found(desk, token, later + 10 * MINUTE)
        assert again is not None
        assert again.stale
        new = await desk.sessions.rotate(token, again, later + 10 * MINUTE)
        assert new is not None
        assert await found(desk, new, later + 11 * MINUTE) is not None
        assert lost is not None
        assert await found(desk, lost, later + 11 * MINUTE) is None


async def test_a_session_outlives_a_restart_and_nobody_made_it_longer(db_dsn: str) -> None:
    async with opened(db_dsn) as desk:
        token = await begin(desk, await ada(desk))
    async with opened(db_dsn) as again:
        assert await found(again, token, NOW + MINUTE) is not None
        signed = await found(again, token, NOW + MINUTE)
        assert signed is not None
        await again.sessions.rotate(token, signed, NOW + 2 * MINUTE)
        [row] = await again.sessions.listed(signed.id, NOW + 2 * MINUTE)
        assert row["expires_at"] == NOW + 8 * HOUR
