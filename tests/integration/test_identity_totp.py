"""Second factors: each code opens once, the secret lies sealed, recovery codes stand in for a lost telephone."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from ops_api.access.model import Role
from ops_api.identity.desk import desk_on
from ops_api.identity.factors import _step_of
from ops_api.identity.model import Asker, IdentityRefusedError, WaitError, WrongError
from ops_api.identity.secrets import Secrets
from tests.fakes.identity import HERE, NOW, ada, authenticator, opened
from tests.fakes.staff import Person

HALF_MINUTE = timedelta(seconds=30)


async def test_a_code_opens_once_though_two_send_it_at_the_same_moment(db_dsn: str) -> None:
    async with opened(db_dsn) as desk:
        who = await ada(desk)
        app = await authenticator(desk, who)
        code = app.at(NOW)
        done = await asyncio.gather(
            *(desk.factors.check(who, code, HERE, NOW) for _ in range(4)), return_exceptions=True
        )
        assert sum(result is None for result in done) == 1
        assert {type(error) for error in done if error is not None} == {WrongError}
        # An older one, though still in time, is over as well.
        with pytest.raises(WrongError):
            await desk.factors.check(who, app.at(NOW - HALF_MINUTE), HERE, NOW)
        await desk.factors.check(who, app.at(NOW + HALF_MINUTE), HERE, NOW)


@pytest.mark.parametrize("drift_s", [-60, 60])
async def test_clocks_may_be_half_a_minute_off_and_no_more(db_dsn: str, drift_s: int) -> None:
    async with opened(db_dsn) as desk:
        who = await ada(desk)
        app = await authenticator(desk, who, NOW - timedelta(hours=1))
        with pytest.raises(WrongError):
            await desk.factors.check(who, app.at(NOW + timedelta(seconds=drift_s)), HERE, NOW)
        await desk.factors.check(who, app.at(NOW + timedelta(seconds=drift_s / 2)), HERE, NOW)


@pytest.mark.parametrize("late_s", [0, 1, 15, 29])
def test_what_tests_type_is_good_though_the_half_minute_turns_meanwhile(late_s: int) -> None:
    person, at_s = Person.__new__(Person), NOW.timestamp() + 29.9
    person.app, person.used = pyotp.TOTP(pyotp.random_base32()), 0
    for _ in range(2):
        typed = person.code(at_s)
        looked = datetime.fromtimestamp(at_s + late_s, UTC)
        assert _step_of(person.app.secret, typed, looked) == person.used


@pytest.mark.parametrize(
    "typed", ["", "12345", "1234567", "abcdef", "\u0661\u0662\u0663\u0664\u0665\u0666", "-12345", "\x00"]
)
async def test_what_is_no_code(db_dsn: str, typed: str) -> None:
    async with opened(db_dsn) as desk:
        who = await ada(desk)
        await authenticator(desk, who)
        with pytest.raises(WrongError):
            await desk.factors.check(who, typed, HERE, NOW)


async def test_a_secret_that_nobody_confirmed_opens_nothing_and_gives_way(db_dsn: str) -> None:
    async with opened(db_dsn) as desk:
        who = await ada(desk)
        first, _ = await desk.factors.begin(who, "Ourtown")
        assert not (await desk.factors.held(who.account_id)).any
        with pytest.raises(WrongError):
            await desk.factors.check(who, pyotp.TOTP(first).at(NOW), HERE, NOW)
        second, address = await desk.factors.begin(who, "Ourtown")
        assert second != first
        assert address.startswith("otpauth://totp/Ourtown:ada?secret=")
        with pytest.raises(WrongError):
            await desk.factors.confirm(who, pyotp.TOTP(first).at(NOW), NOW)
        await desk.factors.confirm(who, pyotp.TOTP(second).at(NOW), NOW)
        assert (await desk.factors.held(who.account_id)).totp
        with pytest.raises(IdentityRefusedError, match="already"):
            await desk.factors.begin(who, "Ourtown")


async def test_the_database_alone_gives_no_codes(db_dsn: str) -> None:
    async with opened(db_dsn) as desk:
        who, other = await ada(desk), await ada(desk, name="bob")
        app = await authenticator(desk, who)
        row = await desk.factors._db.one("totp_of", account_id=who.account_id)
        assert app.secret.encode() not in bytes(row["sealed"])
        # Neither under another secret, nor moved to another's account.
        strange = desk_on(desk.factors._db, Secrets.of("another secret of another installation"), desk.terms)
        with pytest.raises(IdentityRefusedError, match="another identity secret"):
            await strange.factors.check(who, app.at(NOW), HERE, NOW)
        # One that was only begun gives way to another.
        await desk.factors.drop(who.account_id)
        await desk.factors.begin(who, "Ourtown")
        assert await strange.factors.begun(who, "Ourtown") is None
        secret, _ = await strange.factors.begin(who, "Ourtown")
        assert (await strange.factors.begun(who, "Ourtown") or ("",))[0] == secret
        await desk.factors._db.rows("totp_begin", account_id=other.account_id, sealed=bytes(row["sealed"]))
        with pytest.raises(IdentityRefusedError):
            await desk.factors.confirm(other, app.at(NOW), NOW)


async def test_recovery_codes_open_once_each_and_new_ones_void_the_old(db_dsn: str) -> None:
    async with opened(db_dsn) as desk:
        who, other = await ada(desk), await ada(desk, Role.WASTE, name="bob")
        await authenticator(desk, who)
        await authenticator(desk, other)
        first = await desk.factors.new_recovery_codes(who)
        assert len(set(first)) == 10
        with pytest.raises(WrongError):
            await desk.factors.check(other, first[0], HERE, NOW)
        done = await asyncio.gather(
            *(desk.factors.check(who, first[0], HERE, NOW) for _ in range(3)), return_exceptions=True
        )
        assert sum(result is None for result in done) == 1
        await desk.factors.check(who, first[1].lower().replace("0", "o").replace("-", " "), HERE, NOW)
        [new, *_] = await desk.factors.new_recovery_codes(who)
        with pytest.raises(WrongError):
            await desk.factors.check(who, first[2], HERE, NOW)
        await desk.factors.check(who, new, HERE, NOW)
        await desk.factors.drop(who.account_id)
        assert not (await desk.factors.held(who.account_id)).any


async def test_guessing_from_many_networks_gets_slow_and_the_owners_browser_does_not_wait(
    db_dsn: str,
) -> None:
    async with opened(db_dsn) as desk:
        who = await ada(desk)
        app = await authenticator(desk, who)
        looked_at = 0
        for n in range(60):
            with pytest.raises(IdentityRefusedError) as error:
                await desk.factors.check(who, "000000", Asker(f"10.0.{n}.1"), NOW + n * timedelta(seconds=1))
            looked_at += isinstance(error.value, WrongError)
        # Ten at once, then after 2, 4, 8, 16 and 32 s.
        assert looked_at <= 15
        later = NOW + timedelta(minutes=1)
        await desk.factors.check(who, app.at(later), replace(HERE, known="hers"), later)


async def test_guessing_codes_gets_slow(db_dsn: str) -> None:
    async with opened(db_dsn) as desk:
        who = await ada(desk)
        await authenticator(desk, who)
        kinds = []
        for n in range(40):
            with pytest.raises(IdentityRefusedError) as error:
                await desk.factors.check(who, f"{n:06}", HERE, NOW + timedelta(seconds=n))
            kinds.append(type(error.value))
        # In forty seconds: five at once, then after 2, 4, 8 and 16 s.
        assert kinds.count(WrongError) <= 9
        assert WaitError in kinds
