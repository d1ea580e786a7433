"""Joining a home by a code, and what keeps codes from being guessed.

A code of a label or invitation has 65 bits: guessing is hopeless at any rate, so no limit applies to it and nobody can
lock a neighbour out by typing nonsense. A shorter code (a registry's own) opens only as long as fewer than
``TRIES_AN_HOUR`` wrong ones came from that network in the hour. No counter belongs to a home.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from devices.contract.claim_code import code_hash, plain_code
from ops_api.households import codes
from ops_api.households.model import (
    SESSION_LIFE,
    TRIES_AN_HOUR,
    Joined,
    Member,
    TooManyTriesError,
    WrongCodeError,
)
from ops_api.queries import Db, Row, Transaction


class Joining:
    """Opens homes to who has a code.

    Args:
        db: the owner's.
    """

    def __init__(self, db: Db) -> None:
        self._db = db

    async def opens(self, typed: str, address: str) -> bool:
        """Return whether a code opens a home, without using it; a wrong one is counted.

        Raises:
            TooManyTriesError: from this network came too many wrong ones.
        """
        try:
            async with self._db.transaction() as t:
                if not await self._device_opens(t, typed):
                    await self._find(t, typed, address)
        except TooManyTriesError:
            raise
        except WrongCodeError:
            await self._count(address)
            return False
        return True

    async def join(
        self, typed: str, address: str, now: datetime, *, name: str | None = None, who: Member | None = None
    ) -> Joined:
        """Let somebody into the code's home and return a new session; her former one ends.

        Args:
            typed: the code as typed: case, blanks and hyphens do not matter.
            address: the network it comes from.
            now: the time in the town, from which a stay counts unless the code says otherwise.
            name: what the others of the home read; "Person 2" without one.
            who: the resident whom this browser is signed in as.

        Raises:
            WrongCodeError: it opens no home.
            TooManyTriesError: likewise, and from this network came too many wrong ones.
        """
        try:
            async with self._db.transaction() as t:
                code = await self._by_device(t, typed) or await self._find(t, typed, address)
                return await self._join(t, code, now, name, who)
        except TooManyTriesError:
            raise
        except WrongCodeError:
            await self._count(address)
            raise

    async def take_device(self, typed: str, address: str, home_id: int, room: str) -> None:
        """Put the device of a label's claim code into a home that the resident lives in.

        Raises:
            WrongCodeError: the code opens nothing, or its device stands in another home.
            TooManyTriesError: likewise, and from this network came too many wrong ones.
        """
        plain = plain_code(typed)
        async with self._db.transaction() as t:
            tried = await t.row("join_tries", source=codes.source_hash(address))
            asked = {"hash": b"" if plain is None else code_hash(plain), "home_id": home_id, "room": room}
            taken = await t.row("household_claim_home", **asked)
        if taken is not None and taken["home_id"] is not None:
            return  # however many wrong ones came from here: a neighbour locks nobody out
        if tried is not None and tried["tries"] >= TRIES_AN_HOUR:
            raise TooManyTriesError(typed)
        await self._count(address)
        raise WrongCodeError(typed)

    async def _device_opens(self, t: Transaction, typed: str) -> bool:
        """Whether what was typed is the claim code of a device that a household may take."""
        plain = plain_code(typed)
        if plain is None:
            return False
        row = await t.row("household_claim_state", hash=code_hash(plain))
        return row is not None and row["state"] == "opens"

    async def _by_device(self, t: Transaction, typed: str) -> Row | None:
        """Return a code, good for this once, of the home of the device whose claim code was typed: a new home where it has none."""
        if not await self._device_opens(t, typed):
            return None
        once, plain = codes.token_hash(codes.new_token()), plain_code(typed)
        assert plain is not None
        asked = {"hash": code_hash(plain), "new_code": f"h-{secrets.token_hex(8)}", "once": once}
        return await t.row("household_claim_join", **asked)

    async def _find(self, t: Transaction, typed: str, address: str) -> Row:
        tried = await t.row("join_tries", source=codes.source_hash(address))
        limited = tried is not None and tried["tries"] >= TRIES_AN_HOUR
        found = await t.row("join_code_open", typed=typed, limited=limited)
        if found is None:
            raise TooManyTriesError(typed) if limited else WrongCodeError(typed)
        return found

    async def _count(self, address: str) -> None:
        async with self._db.transaction() as t:
            await t.rows("join_tried", source=codes.source_hash(address))
            await t.rows("join_tries_forget")

    async def _join(
        self, t: Transaction, code: Row, now: datetime, name: str | None, who: Member | None
    ) -> Joined:
        resident_id = None if who is None else who.resident_id
        if resident_id is None:
            added = await t.row("resident_add", name=name, home_id=code["home_id"])
            assert added is not None
            resident_id = added["resident_id"]
        there = {"home_id": code["home_id"], "resident_id": resident_id}
        if await t.row("member_now", **there) is None:
            await self._move_in(t, code, there, now)
        if who is not None:
            await t.rows("session_end", session_id=who.session_id)
        token = codes.new_token()
        await t.rows("session_add", resident_id=resident_id, hash=codes.token_hash(token), life=SESSION_LIFE)
        return Joined(token, code["code"], code["label"])

    async def _move_in(self, t: Transaction, code: Row, there: Row, now: datetime) -> None:
        await t.rows("lock_home", home_id=there["home_id"])
        if await t.row("join_code_use", join_code_id=code["join_code_id"]) is None:
            raise WrongCodeError  # somebody else was quicker
        await t.rows(
            "member_add", resident_id=there["resident_id"], join_code_id=code["join_code_id"], now=now
        )
        await t.rows(
            "access_add",
            home_id=there["home_id"],
            who="Somebody new",
            role="resident",
            what="joined your home",
            purpose="with an invitation" if code["kind"] == "invite" else "with the code on the frog",
        )
