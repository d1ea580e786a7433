"""Accounts and passwords: who gets in, what the answer tells, and how many may try at once."""

from __future__ import annotations

import asyncio
import statistics
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta

import argon2
import pytest

from ops_api.access.model import Role
from ops_api.identity import hasher
from ops_api.identity.hasher import AT_ONCE, WAITING
from ops_api.identity.model import (
    Asker,
    BusyError,
    IdentityRefusedError,
    WaitError,
    WrongError,
)
from tests.fakes.identity import ELSEWHERE, HERE, NOW, PASSWORD, ada, opened


@pytest.fixture
def full_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have hashes cost what they do on purpose."""
    monkeypatch.setattr(hasher, "PasswordHasher", argon2.PasswordHasher)


async def test_name_and_password_open_however_they_are_typed(db_dsn: str) -> None:
    async with opened(db_dsn) as desk:
        made = await ada(desk, password="caf\u00e9 otter gravel")
        assert await desk.passwords.check(" ADA ", "cafe\u0301 otter gravel", HERE, NOW) == made
        for name, typed in (
            ("ada", "cafe otter gravel"),
            ("ada", ""),
            ("nobody", PASSWORD),
            ("ada\x00", PASSWORD),
            ("\ud800", "\ud800"),
            ("ada", "x" * 100_000),
        ):
            with pytest.raises(WrongError, match="do not belong together"):
                await desk.passwords.check(name, typed, ELSEWHERE, NOW + timedelta(hours=2))


@pytest.mark.usefixtures("full_cost")
async def test_unknown_names_take_as_long_as_wrong_passwords(db_dsn: str) -> None:
    async with opened(db_dsn) as desk:
        await ada(desk)
        took: dict[str, list[float]] = {"ada": [], "nobody": []}
        for n in range(12):
            for name, times in took.items():
                began = time.process_time()  # of all threads of this process: a busy machine adds nothing
                with pytest.raises(WrongError):
                    await desk.passwords.check(name, "wrong", Asker(f"192.0.2.{n}"), NOW)
                times.append(time.process_time() - began)
        wrong, unknown = (statistics.median(times) for times in took.values())
        assert abs(wrong - unknown) < 0.25 * wrong


async def test_a_closed_account_does_not_open_and_says_no_more_than_others(db_dsn: str) -> None:
    async with opened(db_dsn) as desk:
        made = await ada(desk)
        await desk.accounts.disable(made, NOW)
        with pytest.raises(WrongError, match="do not belong together"):
            await desk.passwords.check("ada", PASSWORD, HERE, NOW)
        await desk.accounts.enable(made)
        assert await desk.passwords.check("ada", PASSWORD, HERE, NOW + timedelta(minutes=1)) == made


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("short", "at least 12"),
        ("x" * 201, "at most 200"),
        ("aaaaaaaaaaaaaaa", "Many people"),
        ("Justinbieber", "Many people"),
        ("1password1234", "Many people"),
        ("i am ada-lovelace!", "own name"),
        ("countess lovelace", "own name"),
    ],
)
async def test_passwords_that_are_tried_first_are_refused(db_dsn: str, password: str, said: str) -> None:
    async with opened(db_dsn) as desk:
        who = await desk.accounts.add("ada-lovelace", "Ada Lovelace", (Role.WASTE,), "test", NOW)
        with pytest.raises(IdentityRefusedError, match=said):
            await desk.passwords.set(who, password, NOW)


async def test_the_sixth_wrong_one_waits_and_the_right_one_forgives(db_dsn: str) -> None:
    async with opened(db_dsn) as desk:
        await ada(desk)
        for _ in range(5):
            with pytest.raises(WrongError):
                await desk.passwords.check("ada", "wrong", HERE, NOW)
        with pytest.raises(WaitError) as waits:
            await desk.passwords.check("ada", PASSWORD, HERE, NOW)
        assert waits.value.wait_s == pytest.approx(2.0)
        # Other networks and other accounts wait for nothing.
        await desk.passwords.check("ada", PASSWORD, ELSEWHERE, NOW)
        later = NOW + timedelta(seconds=2.1)
        await desk.passwords.check("ada", PASSWORD, HERE, later)
        with pytest.raises(WrongError):
            await desk.passwords.check("ada", "wrong", HERE, later)


async def test_a_browser_that_was_in_before_waits_for_nobody_elses_tries(db_dsn: str) -> None:
    async with opened(db_dsn) as desk:
        await ada(desk)
        for n in range(9):
            with pytest.raises(IdentityRefusedError):
                await desk.passwords.check("ada", "wrong", HERE, NOW + timedelta(milliseconds=n))
        known = replace(HERE, known="mark of her browser")
        assert (await desk.passwords.check("ada", PASSWORD, known, NOW)).name == "ada"
        # Its own wrong ones do bind it, so that the cookie is no way to guess on.
        for _ in range(5):
            with pytest.raises(WrongError):
                await desk.passwords.check("ada", "wrong", known, NOW)
        with pytest.raises(WaitError):
            await desk.passwords.check("ada", PASSWORD, known, NOW)


@pytest.mark.usefixtures("full_cost")
async def test_many_at_once_are_counted_before_they_are_looked_at(db_dsn: str) -> None:
    async with opened(db_dsn) as desk:
        await ada(desk)

        async def guess(n: int) -> str:
            try:
                await desk.passwords.check("ada", f"wrong {n}", HERE, NOW)
            except IdentityRefusedError as error:
                return type(error).__name__
            return "in"

        said = await asyncio.gather(*(guess(n) for n in range(15)))
        assert sorted(said) == ["WaitError"] * 10 + ["WrongError"] * 5


@pytest.mark.usefixtures("full_cost")
async def test_more_than_the_machine_can_hash_are_turned_away_at_once(db_dsn: str) -> None:
    async with opened(db_dsn) as desk:
        await ada(desk)
        tries = [
            desk.passwords.check(f"guest{n}", "wrong", Asker(f"10.0.{n}.1"), NOW) for n in range(WAITING + 30)
        ]
        said = await asyncio.gather(*tries, return_exceptions=True)
        kinds = {type(error) for error in said}
        assert kinds <= {WrongError, BusyError}
        assert sum(isinstance(error, WrongError) for error in said) >= WAITING
        assert AT_ONCE <= 4
        assert (await desk.passwords.check("ada", PASSWORD, HERE, NOW)).name == "ada"


async def test_who_is_turned_away_since_others_try_has_tried_nothing(db_dsn: str) -> None:
    """Else whoever keeps the machine busy would have the owner wait for their own right passwords."""
    known = Asker("192.0.2.7", known="of ada")
    async with opened(db_dsn) as desk:
        await ada(desk)
        with ExitStack() as held:
            for _ in range(WAITING):
                held.enter_context(desk.passwords._hasher.place())
            for _ in range(20):
                with pytest.raises(BusyError):
                    await desk.passwords.check("ada", PASSWORD, known, NOW)
        assert (await desk.passwords.check("ada", PASSWORD, known, NOW)).name == "ada"


@pytest.mark.usefixtures("full_cost")
async def test_a_hash_of_other_costs_is_made_anew(db_dsn: str) -> None:
    from argon2 import PasswordHasher

    async with opened(db_dsn) as desk:
        who = await ada(desk)
        cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
        await desk.passwords._db.rows("password_set", account_id=who.account_id, hash=cheap, now=NOW)
        await desk.passwords.check("ada", PASSWORD, HERE, NOW)
        row = await desk.passwords._db.one("password_hash", account_id=who.account_id)
        assert "m=19456,t=2,p=1" in row["hash"]
        await desk.passwords.check("ada", PASSWORD, HERE, NOW)


async def test_the_last_administrator_stays(db_dsn: str) -> None:
    async with opened(db_dsn) as desk:
        one, two = await ada(desk, Role.ADMIN, name="one"), await ada(desk, Role.ADMIN, name="two")
        done = await asyncio.gather(
            desk.accounts.disable(one, NOW),
            desk.accounts.set_roles(two, (Role.WASTE,)),
            return_exceptions=True,
        )
        assert sum(isinstance(error, IdentityRefusedError) for error in done) == 1
        rows = await desk.accounts.listed()
        assert sum("admin" in r["roles"] and r["disabled_at"] is None for r in rows) == 1


async def test_who_cannot_sign_in_yet_is_no_other_administrator(db_dsn: str) -> None:
    async with opened(db_dsn) as desk:
        one = await ada(desk, Role.ADMIN, name="one")
        await desk.accounts.add("two", "Two", (Role.ADMIN,), "test", NOW)  # a link that nobody has used
        with pytest.raises(IdentityRefusedError, match="last administrator who can sign in"):
            await desk.accounts.disable(one, NOW)


@pytest.mark.parametrize("name", ["", "a", "Ada", "ada lovelace", "-ada", "a" * 64, "ada\n", "../x"])
async def test_names_that_are_none(db_dsn: str, name: str) -> None:
    async with opened(db_dsn) as desk:
        with pytest.raises(IdentityRefusedError, match="can't be a name"):
            await desk.accounts.add(name, "Ada", (Role.WASTE,), "test", NOW)
